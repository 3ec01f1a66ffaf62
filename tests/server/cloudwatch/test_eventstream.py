"""Messages of event streams, read by botocore."""

from __future__ import annotations

import orjson
from botocore.eventstream import EventStreamBuffer

from logq.server.cloudwatch import eventstream


def test_botocore_reads_the_messages_that_are_written() -> None:
    wire = (
        eventstream.initial_response()
        + eventstream.event("sessionUpdate", {"sessionResults": [{"message": "ü"}]})
        + eventstream.exception("SessionTimeoutException", "over")
    )
    buffer = EventStreamBuffer()
    for start in range(0, len(wire), 7):  # as a network cuts it
        buffer.add_data(wire[start : start + 7])

    read = [(message.headers, orjson.loads(message.payload)) for message in buffer]

    json = {":content-type": "application/json"}
    assert read == [
        ({":message-type": "event", ":event-type": "initial-response", **json}, {}),
        (
            {":message-type": "event", ":event-type": "sessionUpdate", **json},
            {"sessionResults": [{"message": "ü"}]},
        ),
        (
            {
                ":message-type": "exception",
                ":exception-type": "SessionTimeoutException",
                **json,
            },
            {"message": "over"},
        ),
    ]
