"""Live tail: what arrives after its start, once, chosen and sampled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from logq.actions.context import Context
from logq.actions.tailing import Update, start_live_tail
from logq.app import LogQ
from logq.errors import AccessDenied, InvalidPattern, InvalidValue, TimedOut, UnknownLogGroup
from logq.ingest.incoming import incoming
from tests.actions.conftest import NOW, context_of


@pytest.fixture
def logq(logq: LogQ) -> LogQ:
    for name in ("app", "other"):
        logq.storage.groups.create(name)
    accept(logq, "before")
    return logq


def accept(logq: LogQ, *texts: str, group: str = "app", stream: str = "s") -> None:
    logq.accept(group, incoming(texts, [NOW] * len(texts), stream))


def begin(context: Context, *groups: str, **options: object) -> Iterator[Update]:
    tail = start_live_tail(context, groups or ("app",), **options)  # type: ignore[arg-type]
    return tail.updates()


def messages(update: Update) -> list[str]:
    return [event.message for event in update.events]


def test_only_what_arrives_after_the_start_is_sent_and_only_once(
    context: Context, logq: LogQ
) -> None:
    updates = begin(context)
    accept(logq, "one")
    assert messages(next(updates)) == ["one"]
    assert messages(next(updates)) == []
    accept(logq, "two", "three")
    logq.storage.seal()
    assert messages(next(updates)) == ["two", "three"]
    logq.storage.compact()
    assert messages(next(updates)) == []


def test_a_large_batch_that_goes_past_the_journal_is_seen_too(context: Context, logq: LogQ) -> None:
    updates = begin(context)
    assert messages(next(updates)) == []
    accept(logq, *(f"{n} {'x' * 9_000}" for n in range(480)))
    assert any(piece.path is not None for piece in logq.storage.snapshot(["app"]).pieces)

    found = next(updates)

    assert 400 <= len(found.events) <= 480


def test_groups_streams_prefixes_and_patterns_choose_events(context: Context, logq: LogQ) -> None:
    both = begin(context, "app", "arn:aws:logs:us-east-1:000000000000:log-group:other")
    stream = begin(context, streams=["a"])
    prefix = begin(context, prefixes=["b", "c"])
    pattern = begin(context, pattern="ERROR -minor")
    for name in ("a", "b1", "c2", "d"):
        accept(logq, f"{name} ERROR", f"{name} ERROR minor", stream=name)
    accept(logq, "elsewhere", group="other")

    assert len(messages(next(both))) == 9
    assert messages(next(stream)) == ["a ERROR", "a ERROR minor"]
    assert messages(next(prefix)) == [
        f"{name} ERROR{more}" for name in ("b1", "c2") for more in ("", " minor")
    ]
    assert messages(next(pattern)) == [f"{name} ERROR" for name in ("a", "b1", "c2", "d")]


def test_of_very_many_events_a_sample_is_sent(context: Context, logq: LogQ) -> None:
    updates = begin(context)
    accept(logq, *(str(n) for n in range(500)))
    found = next(updates)
    assert (len(found.events), found.sampled) == (500, False)
    accept(logq, *(str(n) for n in range(1_500)))
    found = next(updates)
    assert (len(found.events), found.sampled) == (500, True)
    assert len(set(messages(found))) == 500 and max(map(int, messages(found))) > 1_400


def test_a_session_ends_after_its_time_or_with_the_server(context: Context, logq: LogQ) -> None:
    updates = begin(context, seconds=0)
    next(updates)
    with pytest.raises(TimedOut, match="a live tail ends after 0 hours"):
        next(updates)

    updates = begin(context)
    next(updates)
    context.stopping.set()
    assert list(updates) == []


@pytest.mark.parametrize(
    ("groups", "options", "error"),
    [
        (("none",), {}, UnknownLogGroup),
        ((), {"pattern": "{ $.a"}, InvalidPattern),
        (("app", "other"), {"streams": ["a"]}, InvalidValue),
        ((), {"streams": ["a"], "prefixes": ["b"]}, InvalidValue),
        (tuple(f"g{n}" for n in range(11)), {}, InvalidValue),
    ],
)
def test_a_session_that_breaks_a_rule_does_not_begin(
    context: Context,
    logq: LogQ,
    groups: tuple[str, ...],
    options: dict[str, object],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        begin(context, *groups, **options)


def test_only_who_may_tail_all_groups_tails(logq: LogQ) -> None:
    limited = context_of(logq, lambda action, resource: resource.endswith(":app"))
    begin(limited, "app")
    with pytest.raises(AccessDenied, match="log-group:other"):
        begin(limited, "app", "other")
