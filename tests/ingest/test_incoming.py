"""Events that a sender states: message, time and stream apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from logq.app import LogQ
from logq.ingest.incoming import incoming

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
