"""Live tails as server-sent events."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Annotated, Any

import anyio
import anyio.to_thread
import orjson
from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from logq.actions.live_tail import MOST_LINES, Seen, Tail, follow_groups
from logq.errors import LogQError, QueryError, Throttled
from logq.server.rest import problem
from logq.server.rest.fields import Groups, Zone
from logq.server.service import Service

MEDIA_TYPE = "text/event-stream"
LOOK_SECONDS = 0.2
BEAT_SECONDS = 15.0
_RETRY_MS = 2_000
_AT_ONCE = 200
"""Rows that are sent together."""

_TAIL: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "server-sent events",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}


def router(service: Service) -> APIRouter:
    """The route ``/tail``."""
    routes = APIRouter(prefix="/tail", tags=["tail"])
    begun: set[Tail] = set()

    @routes.get("", summary="Follow log groups", response_class=Response, responses=_TAIL)
    async def tail(
        request: Request,
        group: Groups,
        filter: Annotated[str | None, Query(description="a filter pattern")] = None,
        query: Annotated[
            str | None, Query(description="commands that look at one event at a time")
        ] = None,
        lines: Annotated[
            int, Query(ge=0, le=MOST_LINES, description="begin with so many of the newest events")
        ] = 0,
        tz: Zone = "UTC",
        last_event_id: Annotated[
            str | None, Header(description="the last `id` received: go on after it")
        ] = None,
    ) -> Response:
        """Follow log groups: every new event that matches, within a second, as it arrives.

        The stream has these events (`event:`), each with one JSON object as its `data:`:

        * none, so `message` in a browser: an event, with the columns of the query (else
          `@timestamp`, `@log` if there are several log groups, `@logStream`, `@message`);
        * `dropped`: `{"events": n}`: so many came faster than they can be sent and were not
          looked at; what is sent are the latest;
        * `warning`: `{"message": ...}`;
        * `error`: a problem document, and the end; `end`: `{"reason": ...}`, the server stops.

        A comment comes every 15 seconds. The `id:` of the last event of each look is a position: a
        client that sends it as `Last-Event-ID` goes on after it, also on another server process of
        the same data. A tail that is broken off within a look gets that look's events again.
        Events of a large batch that was just being written when the connection broke may be
        missing from what follows; a query finds them.
        """
        context = await anyio.to_thread.run_sync(service.context, request)
        most = service.logq.settings.server_tails
        if len(begun) >= most:
            return problem.response(
                Throttled(
                    f"{most} tails are open",
                    hint="close one; the setting server_tails is the limit",
                    retry_after=5,
                )
            )
        start = partial(follow_groups, context, group, filter=filter, query=query, zone=tz)
        following: Tail | None = None
        try:
            following = await anyio.to_thread.run_sync(start)
            begun.add(following)
            first = await anyio.to_thread.run_sync(following.begin, lines, last_event_id)
        except BaseException as error:
            if following is not None:
                begun.discard(following)
                await anyio.to_thread.run_sync(following.close)
            if isinstance(error, LogQError):
                # A pattern's fault lies in the pattern, a query's in the query.
                named = filter if error.code == "InvalidPattern" else query
                return problem.response(error, named if isinstance(error, QueryError) else None)
            raise

        async def events() -> AsyncIterator[bytes]:
            try:
                async for part in _events(service, request, following, first):
                    yield part
            finally:
                begun.discard(following)
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(following.close)

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(events(), headers=headers, media_type=MEDIA_TYPE)

    return routes


async def _events(
    service: Service, request: Request, tail: Tail, first: Seen
) -> AsyncIterator[bytes]:
    yield b"retry: %d\n\n" % _RETRY_MS
    for part in _parts(first):
        yield part
    beat = time.monotonic()
    while not service.stopping.is_set():
        await anyio.sleep(LOOK_SECONDS)
        try:
            if time.monotonic() - beat > BEAT_SECONDS:
                # A key that was revoked meanwhile follows no longer.
                await anyio.to_thread.run_sync(service.context, request)
                beat = time.monotonic()
                yield b": still here\n\n"
            seen = await anyio.to_thread.run_sync(tail.later)
        except LogQError as error:
            yield _event(problem.document(error), "error")
            return
        if seen is not None:
            for part in _parts(seen):
                yield part
    yield _event({"reason": "the server is shutting down"}, "end")


def _parts(seen: Seen) -> list[bytes]:
    parts = [_event({"message": warning}, "warning") for warning in seen.warnings]
    if seen.dropped:
        parts.append(_event({"events": seen.dropped}, "dropped"))
    if seen.rows:
        *before, last = seen.rows
        for at in range(0, len(before), _AT_ONCE):
            parts.append(b"".join(_event(row) for row in before[at : at + _AT_ONCE]))
        parts.append(_event(last, id=seen.position))
    else:
        parts.append(f"id: {seen.position}\n\n".encode())  # an id alone is no event
    return parts


def _event(data: Mapping[str, Any], name: str | None = None, id: str | None = None) -> bytes:
    lines = []
    if id is not None:
        lines.append(f"id: {id}\n".encode())
    if name is not None:
        lines.append(f"event: {name}\n".encode())
    return b"".join((*lines, b"data: ", orjson.dumps(data), b"\n\n"))
