"""Events that a sender states: message, time and stream apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from logq.app import LogQ
from logq.ingest.incoming import Incoming, incoming

NOW = 1_767_607_200_000


@pytest.fixture
def logq(tmp_path: Path) -> Iterator[LogQ]:
    with LogQ(tmp_path / "data", clock=lambda: NOW, environ={}) as opened:
        opened.storage.groups.create("app")
        yield opened


def rows(logq: LogQ, query: str) -> list[tuple[object, ...]]:
    return list(logq.queries.run(query, groups=["app"]).rows())


def test_stated_events_keep_their_time_and_stream_and_show_their_fields(logq: LogQ) -> None:
    events = incoming(['{"level":"ERROR","ms":7}', "plain"], [NOW - 5, NOW - 4], ["a", "b"])

    accepted = logq.accept("app", events)

    assert accepted.events == 2
    assert rows(logq, "fields @logStream, level, ms, @message | sort @timestamp") == [
        ("a", "ERROR", 7, '{"level":"ERROR","ms":7}'),
        ("b", None, None, "plain"),
    ]


def test_an_event_without_a_time_gets_that_of_its_arrival(logq: LogQ) -> None:
    logq.accept("app", incoming(["hello"], [None], "s"))

    assert rows(logq, "fields @timestamp") == [(NOW,)]


def test_an_event_over_the_size_limit_is_cut_and_says_so(logq: LogQ) -> None:
    logq.accept("app", incoming(["x" * 2_000_000], [NOW], "s"))

    assert rows(logq, "fields strlen(@message) as size, @truncated") == [(1_048_576, 951_424)]


def test_a_pinned_format_finds_the_fields_of_stated_events(logq: LogQ) -> None:
    logq.storage.groups.set("app", format="logfmt")
    logq.accept("app", incoming(["level=warn ms=12"], [NOW], "s"))

    assert rows(logq, "fields level, ms") == [("warn", "12")]


def test_events_without_a_time_do_not_borrow_that_of_another_sender(logq: LogQ) -> None:
    logq.accept("app", incoming(["a", "b"], [NOW - 60_000, None], ["one", "two"]))

    assert rows(logq, "fields @message, @timestamp, @timeSource | sort @message") == [
        ("a", NOW - 60_000, None),
        ("b", NOW, "arrival"),
    ]


def test_a_sender_may_leave_the_reading_of_its_messages_to_us(logq: LogQ) -> None:
    lines = ["level=warn ms=12 msg=a", "level=info ms=13 msg=b"]
    logq.accept("app", replace(incoming(lines, [NOW - 1, None], "s"), format="auto"))

    assert rows(logq, "fields level, ms, @timestamp | sort ms") == [
        ("warn", "12", NOW - 1),
        ("info", "13", NOW),
    ]


def test_the_time_inside_a_document_counts_where_its_sender_states_none(logq: LogQ) -> None:
    documents = ['{"time":"2026-01-05T09:00:00Z"}', '{"ts":1767603601}', '{"time":"soon"}']
    logq.accept("app", replace(incoming(documents, [None, None, None], "s"), format="json"))

    assert rows(logq, "fields @timestamp | sort @timestamp") == [
        (1_767_603_600_000,),
        (1_767_603_601_000,),
        (NOW,),
    ]


def test_what_is_said_beside_a_message_becomes_labels(logq: LogQ) -> None:
    labels = pa.array(['{"env":"prod","k8s.pod":"a-1"}', None])
    stated = incoming(["x", "y"], [NOW, NOW], "s")
    logq.accept("app", Incoming(stated.messages, stated.timestamps, "s", labels))

    query = 'filter @labels.env = "prod" and @labels.k8s.pod = "a-1" | fields @message'
    assert rows(logq, query) == [("x",)]
    assert rows(logq, "filter not ispresent(@labels.env) | fields @message") == [("y",)]
