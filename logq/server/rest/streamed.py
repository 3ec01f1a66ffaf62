"""The answer of a job as the body of a response, as it comes and no faster than it is read."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import orjson
from anyio import CapacityLimiter
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from logq.errors import LogQError
from logq.server.rest.accept import FRAMES, NDJSON, Form
from logq.work.job import Answer

T = TypeVar("T")
_LOG = logging.getLogger(__name__)
_READERS = CapacityLimiter(256)
"""Threads that wait for workers; apart from those that answer everything else."""


class Gone(Exception):
    """The client went away; nobody reads an answer any more."""


async def waiting(receive: Receive, answer: Answer, work: Callable[[], T]) -> T:
    """The result of ``work`` in a thread; cancels the job and raises Gone if the client goes."""
    found: list[T] = []
    fault: list[Exception] = []

    async def run(group: anyio.abc.TaskGroup) -> None:
        try:
            found.append(
                await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=_READERS)
            )
        except Exception as error:
            fault.append(error)
        group.cancel_scope.cancel()

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(run, group)
            await _gone(receive)
            group.cancel_scope.cancel()
    except BaseException:
        answer.cancel()
        raise
    if fault:
        raise fault[0]
    if not found:
        answer.cancel()
        raise Gone
    return found[0]


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Streamed(Response):
    """Sends an answer whose header and first chunk have come.

    If the job fails later, the status has gone out already. NDJSON then ends with a line that is
    a JSON array, ``["error", {...}]``, where every row is an object; frames end with an object,
    ``{"error": {...}}``, where every row is an array. All other forms end without the end of the
    body, so that no client takes a part for the whole.
    """

    def __init__(
        self,
        answer: Answer,
        first: bytes | None,
        rest: Iterator[bytes],
        form: Form,
        *,
        summary: bool,
        describe: Callable[[LogQError], Mapping[str, Any]],
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(None, 200, {**headers, "Cache-Control": "no-store"}, form.media_type)
        if "content-length" in self.headers:
            del self.headers["content-length"]
        self._answer = answer
        self._first = first
        self._rest = rest
        self._form = form
        self._summary = summary
        self._describe = describe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; a client that goes away cancels the job."""
        try:
            async with anyio.create_task_group() as group:

                async def watch() -> None:
                    await _gone(receive)
                    self._answer.cancel()
                    group.cancel_scope.cancel()

                group.start_soon(watch)
                with suppress(OSError):
                    await self._send(send)
                group.cancel_scope.cancel()
        finally:
            self._answer.cancel()

    async def _send(self, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        if self._form is FRAMES:
            await _body(send, _line(self._answer.header))
        last = b""
        try:
            async for chunk in self._chunks():
                await _body(send, chunk)
        except LogQError as error:
            problem = dict(self._describe(error))
            if self._form is NDJSON:
                last = _line(["error", problem])
            elif self._form is FRAMES:
                last = _line({"error": problem})
            else:
                _LOG.warning("an answer ended early: %s", error.message)
                return  # without the end of the body the server closes the connection
        else:
            if self._form is FRAMES:
                last = _line(self._answer.summary)
            elif self._summary and self._form is NDJSON:
                last = _line(["end", self._answer.summary])
        await _body(send, last, more=False)

    async def _chunks(self) -> AsyncIterator[bytes]:
        chunk = self._first
        while chunk is not None:
            yield chunk
            chunk = await anyio.to_thread.run_sync(
                next, self._rest, None, abandon_on_cancel=True, limiter=_READERS
            )


async def _body(send: Send, data: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": more})


def _line(value: Any) -> bytes:
    return orjson.dumps(value, default=list, option=orjson.OPT_APPEND_NEWLINE)
