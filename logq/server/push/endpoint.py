"""From a request with events to what is durable, and back to an answer."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from logq.access.sigv4 import ALGORITHM
from logq.actions.context import Context
from logq.actions.events import accept_events
from logq.arns import group_name
from logq.errors import AccessDenied, InvalidValue, LogQError, NotFound
from logq.ingest.intake import Intake, Sent, stream_name
from logq.server.body import raw_body, unpack
from logq.server.push.door import Door, Outcome, fault_of, nothing_accepted
from logq.server.push.memory import Memory, Share
from logq.server.service import Service

_LOG = logging.getLogger(__name__)
_FINAL = (AccessDenied, InvalidValue, NotFound)
"""Refusals that sending again would not change."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Endpoints:
    """The routes of intakes, which share memory and some threads."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._memory = Memory(service.logq.settings.push_memory)
        # Few threads of their own: pushing may not take those that answer everything else.
        self._threads = anyio.CapacityLimiter(2 * (os.cpu_count() or 1))

    def routes(self, intake: Intake, door: Door) -> list[Route]:
        """The routes of an intake."""
        handler = self._handler(intake, door)
        return [Route(path, handler, methods=["POST", "PUT"]) for path in intake.paths]

    def _handler(self, intake: Intake, door: Door) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                with self._memory.enter() as share:
                    outcome = await self._receive(intake, request, share)
                if outcome.rejected and not outcome.accepted and not door.itemised:
                    return door.fail(request, nothing_accepted(outcome))
                return door.succeed(request, outcome)
            except LogQError as error:
                return door.fail(request, fault_of(error))
            except Exception as error:
                _LOG.exception("events sent to %s could not be taken", request.url.path)
                return door.fail(request, fault_of(error))

        return answer

    async def _receive(self, intake: Intake, request: Request, share: Share) -> Outcome:
        limit = min(intake.max_bytes, self._service.logq.settings.push_bytes)
        signed = request.headers.get("authorization", "").startswith(ALGORITHM)
        context = None
        if not signed:  # who may not send need not be listened to
            context = await self._threaded(self._service.context, request)
        packed = await raw_body(request, limit, share.take)
        if context is None:
            context = await self._threaded(self._service.context, request, packed)
        found: Outcome = await self._threaded(
            receive, context, intake, request, packed, limit, share
        )
        return found

    async def _threaded(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self._threads)


def receive(
    context: Context,
    intake: Intake,
    request: Request,
    packed: bytes,
    limit: int,
    share: Share,
) -> Outcome:
    """Store what a request holds; raises LogQError where nothing can or all should come again."""
    unpacked = unpack(packed, request.headers.get("content-encoding", ""), limit)
    if unpacked is not packed:
        share.take(len(unpacked))
    decoded = intake.decode(sent(request, unpacked, limit))
    create = context.logq.settings.push_creates_groups
    accepted = 0
    refused: dict[str, LogQError] = {}
    for delivery in decoded.deliveries:
        try:
            if context.caller.kind == "token":
                arn = context.place.log_group(delivery.group)
                context.require("logs:CallWithBearerToken", arn)
            accept_events(context, delivery.group, delivery.incoming, create=create)
        except _FINAL as error:
            refused[delivery.group] = error
        else:
            accepted += len(delivery.items)
    return Outcome(decoded, accepted, refused)


def sent(request: Request, unpacked: bytes, limit: int) -> Sent:
    """A request as intakes see it; raises InvalidValue."""
    group = _named(request, "x-aws-log-group", "logGroup")
    stream = _named(request, "x-aws-log-stream", "logStream")
    if stream is not None and stream_name(stream) != stream:
        raise InvalidValue(
            f"{stream!r} is no name of a log stream",
            hint="use 1 to 512 characters without colon and asterisk",
        )
    query = request.query_params
    return Sent(
        unpacked,
        request.headers.get("content-type", "").partition(";")[0].strip().lower(),
        group_name(group) if group is not None else None,
        stream,
        request.path_params.get("index") or query.get("index"),
        query.get("source") or query.get("host"),
        request.client.host if request.client else "",
        limit,
    )


def _named(request: Request, header: str, parameter: str) -> str | None:
    by_header = request.headers.get(header)
    by_query = request.query_params.get(parameter)
    if by_header is not None and by_query is not None:
        raise InvalidValue(
            f"both the header {header} and the parameter {parameter} are given",
            hint="give one of them",
        )
    name = by_query if by_header is None else by_header
    if name == "":
        raise InvalidValue(f"{parameter} is empty", hint="name something, or leave it away")
    return name
