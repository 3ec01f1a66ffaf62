"""Log events: put, get, filter. Hot operations, so past the model where that is safe."""

from __future__ import annotations

from typing import Any

from logq.actions import events, paging
from logq.actions.context import Context
from logq.actions.paging import FoundPage
from logq.actions.put_rules import MOST_EVENTS, Verdict
from logq.server.cloudwatch import shapes, validation
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.identifiers import group_of
from logq.server.cloudwatch.operation import Params, Result, operation
from logq.server.cloudwatch.services import operation_model, service

_2024 = 1_704_067_200_000


@operation("logs", "PutLogEvents", noun="log stream", raw_input=True, raw_output=True)
def put_log_events(context: Context, params: Params) -> Result:
    """One loop over the events; only a batch with something odd in it is checked by the model."""
    given = params.get("logEvents")
    if not isinstance(given, list) or not (plain := _plain(given)):
        params = _checked("PutLogEvents", params)
        plain = [e["timestamp"] for e in given or ()], [e["message"] for e in given or ()]
    else:
        params = _checked("PutLogEvents", {**params, "logEvents": given[:1]})
    put = events.put_log_events(
        context, params["logGroupName"], params["logStreamName"], plain[0], plain[1]
    )
    answer: dict[str, Any] = {"nextSequenceToken": f"{put.last_seq:056d}"}
    if not put.verdict.whole:
        answer["rejectedLogEventsInfo"] = _rejected(put.verdict)
    return answer


def _plain(given: list[Any]) -> tuple[list[int], list[str]] | None:
    """Times and messages, None unless all are as they must be."""
    try:
        times = [event["timestamp"] for event in given]
        messages = [event["message"] for event in given]
    except (KeyError, TypeError):
        return None
    if set(map(type, times)) != {int} or set(map(type, messages)) != {str}:
        return None
    fit = len(given) <= MOST_EVENTS and min(times) >= 0 and max(times) < 1 << 53 and all(messages)
    return (times, messages) if fit else None


def _checked(name: str, params: Params) -> Params:
    """The parameters as the model reads and allows them; raises WireError."""
    model = operation_model(service("logs"), name)
    assert model is not None and model.input_shape is not None
    read: Params = shapes.read(model.input_shape, params)
    validation.check(model, read)
    return read


def _rejected(verdict: Verdict) -> dict[str, int]:
    indexes = {
        "tooNewLogEventStartIndex": verdict.too_new_start,
        "tooOldLogEventEndIndex": verdict.too_old_end,
        "expiredLogEventEndIndex": verdict.expired_end,
    }
    return {name: index for name, index in indexes.items() if index is not None}


@operation("logs", "GetLogEvents", noun="log stream", raw_input=True, raw_output=True)
def get_log_events(context: Context, params: Params) -> Result:
    """The end time of this operation is exclusive."""
    params = _checked("GetLogEvents", params)
    end = params.get("endTime")
    page = paging.get_log_events(
        context,
        group_of(params),
        params["logStreamName"],
        start=params.get("startTime"),
        end=None if end is None else end - 1,
        limit=params.get("limit", MOST_EVENTS),
        token=params.get("nextToken"),
        from_head=params.get("startFromHead", False),
    )
    return {
        "events": [
            {"timestamp": time, "message": message, "ingestionTime": ingested}
            for time, _, ingested, _, _, message in page.events
        ],
        "nextForwardToken": page.forward,
        "nextBackwardToken": page.backward,
    }


@operation("logs", "FilterLogEvents", raw_input=True, raw_output=True)
def filter_log_events(context: Context, params: Params) -> Result:
    """The end time of this operation is inclusive."""
    params = _checked("FilterLogEvents", params)
    oldest_first = params.get("startFromHead", True)
    start = params.get("startTime")
    if not oldest_first and (start is None or start < _2024):
        raise WireError(
            "InvalidParameterException",
            "startFromHead=false needs a startTime on or after 1 January 2024.",
        )
    page = paging.filter_log_events(
        context,
        group_of(params),
        streams=params.get("logStreamNames", ()),
        prefix=params.get("logStreamNamePrefix", ""),
        start=start,
        end=params.get("endTime"),
        pattern=params.get("filterPattern", ""),
        limit=params.get("limit", MOST_EVENTS),
        token=params.get("nextToken"),
        newest_first=not oldest_first,
    )
    answer: dict[str, Any] = {"events": _found(page), "searchedLogStreams": []}
    if page.token is not None:
        answer["nextToken"] = page.token
    return answer


def _found(page: FoundPage) -> list[dict[str, Any]]:
    return [
        {
            "logStreamName": event.stream,
            "timestamp": event.time,
            "message": event.message,
            "ingestionTime": event.ingested,
            "eventId": event.id,
        }
        for event in page.events
    ]
