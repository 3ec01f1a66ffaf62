"""StartLiveTail: an event stream of what arrives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logq.actions import tailing
from logq.actions.context import Context
from logq.actions.tailing import LiveTail, Update
from logq.errors import LogQError, TimedOut
from logq.server.cloudwatch import eventstream
from logq.server.cloudwatch.faults import said
from logq.server.cloudwatch.operation import EventStream, Params, operation


@operation("logs", "StartLiveTail")
def start_live_tail(context: Context, params: Params) -> EventStream:
    tail = tailing.start_live_tail(
        context,
        params["logGroupIdentifiers"],
        streams=params.get("logStreamNames", ()),
        prefixes=params.get("logStreamNamePrefixes", ()),
        pattern=params.get("logEventFilterPattern", ""),
    )
    begun = {
        "requestId": context.origin.request_id,
        "sessionId": tail.id,
        "logGroupIdentifiers": [context.place.log_group(name) for name in tail.groups],
        "logStreamNames": params.get("logStreamNames", []),
        "logStreamNamePrefixes": params.get("logStreamNamePrefixes", []),
        "logEventFilterPattern": params.get("logEventFilterPattern", ""),
    }
    return EventStream(_messages(context, tail, begun), pause=1.0)


def _messages(context: Context, tail: LiveTail, begun: dict[str, Any]) -> Iterator[bytes]:
    yield eventstream.initial_response() + eventstream.event("sessionStart", begun)
    try:
        for update in tail.updates():
            yield eventstream.event("sessionUpdate", _shown(context, update))
    except TimedOut as error:
        yield eventstream.exception("SessionTimeoutException", said(error))
    except LogQError as error:
        yield eventstream.exception("SessionStreamingException", said(error))


def _shown(context: Context, update: Update) -> dict[str, Any]:
    return {
        "sessionMetadata": {"sampled": update.sampled},
        "sessionResults": [
            {
                "logStreamName": event.stream,
                "logGroupIdentifier": context.place.log_group(event.group),
                "message": event.message,
                "timestamp": event.time,
                "ingestionTime": event.ingested,
            }
            for event in update.events
        ],
    }
