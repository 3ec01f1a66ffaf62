"""StartLiveTail as boto3 and the AWS CLI receive it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from logq.ingest.incoming import incoming
from tests.server.cloudwatch.serving import NOW, Served

ARN = "arn:aws:logs:us-east-1:000000000000:log-group:app"


@pytest.fixture
def tailing(client: Any, served: Served) -> Any:
    """A client that does not put ``stream-`` before an IP address."""
    served.logq.storage.groups.create("app")
    served.logq.accept("app", incoming(["before"], [NOW], "s"))
    return client("logs", inject_host_prefix=False)


def wait_for(stream: Any, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first update for which something holds."""
    deadline = time.monotonic() + 60
    for event in stream:
        assert time.monotonic() < deadline
        if found(event["sessionUpdate"]):
            return dict(event["sessionUpdate"])
    raise AssertionError("the stream has ended")


def test_boto3_sees_events_as_they_arrive_and_none_from_before(
    tailing: Any, served: Served
) -> None:
    answer = tailing.start_live_tail(logGroupIdentifiers=[ARN], logEventFilterPattern="ERROR")
    stream: Iterator[dict[str, Any]] = iter(answer["responseStream"])

    begun = next(stream)["sessionStart"]
    assert begun["logGroupIdentifiers"] == [ARN] and begun["sessionId"]
    assert begun["logEventFilterPattern"] == "ERROR"
    served.logq.accept("app", incoming(["an ERROR", "fine"], [NOW, NOW], "s"))

    update = wait_for(stream, lambda update: bool(update["sessionResults"]))
    assert update == {
        "sessionMetadata": {"sampled": False},
        "sessionResults": [
            {
                "logStreamName": "s",
                "logGroupIdentifier": ARN,
                "message": "an ERROR",
                "timestamp": NOW,
                "ingestionTime": NOW,
            }
        ],
    }
    answer["responseStream"].close()


def test_a_session_ends_when_its_client_leaves(tailing: Any) -> None:
    answer = tailing.start_live_tail(logGroupIdentifiers=[ARN])
    stream = iter(answer["responseStream"])
    assert "sessionStart" in next(stream)
    assert "sessionUpdate" in next(stream)
    answer["responseStream"].close()

    deadline = time.monotonic() + 60
    while any(thread.name.startswith("AnyIO") and busy(thread) for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "the session goes on"
        time.sleep(0.05)


def busy(thread: threading.Thread) -> bool:
    """Whether a thread stands in a live tail."""
    import sys
    import traceback

    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and any(
        entry.filename.endswith("tailing.py") for entry in traceback.extract_stack(frame)
    )


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"logGroupIdentifiers": ["none"]}, "ResourceNotFoundException"),
        ({"logGroupIdentifiers": [ARN], "logEventFilterPattern": "{"}, "InvalidParameterException"),
        ({"logGroupIdentifiers": [f"g{n}" for n in range(11)]}, "InvalidParameterException"),
    ],
)
def test_a_session_that_cannot_begin_is_a_plain_error(
    tailing: Any, options: dict[str, Any], wanted: str
) -> None:
    with pytest.raises(ClientError) as error:
        tailing.start_live_tail(**options)

    assert error.value.response["Error"]["Code"] == wanted
