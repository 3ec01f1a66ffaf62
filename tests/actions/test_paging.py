"""Pages of log streams and searches: tokens, ends, and who may read."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.actions.context import Context
from logq.actions.events import put_log_events
from logq.actions.paging import filter_log_events, get_log_events
from logq.app import LogQ
from logq.errors import AccessDenied, InvalidPattern, InvalidValue, NotFound, UnknownLogGroup
from logq.ingest.incoming import incoming
from logq.query.reading import Event
from tests.actions.conftest import NOW, Clock, context_of


@pytest.fixture
def filled(logq: LogQ) -> LogQ:
    logq.storage.groups.create("app")
    texts = [f"event {n:02d} {'ERROR' if n % 3 == 0 else 'INFO'}" for n in range(30)]
    streams = ["even" if n % 2 == 0 else "odd" for n in range(30)]
    logq.accept("app", incoming(texts, [NOW + n for n in range(30)], streams))
    return logq


def numbers(events: Sequence[Event]) -> list[int]:
    return [int(event.message.split()[1]) for event in events]


def test_without_a_token_the_newest_events_come_in_rising_order(
    context: Context, filled: LogQ
) -> None:
    page = get_log_events(context, "app", "even", limit=3)
    assert numbers(page.events) == [24, 26, 28]

    older = get_log_events(context, "app", "even", limit=3, token=page.backward)
    assert numbers(older.events) == [18, 20, 22]

    again = get_log_events(context, "app", "even", limit=3, token=older.forward)
    assert numbers(again.events) == [24, 26, 28]


def test_the_token_of_an_end_is_the_token_that_was_passed(context: Context, filled: LogQ) -> None:
    page = get_log_events(context, "app", "odd", from_head=True)
    assert numbers(page.events) == list(range(1, 30, 2))

    end = get_log_events(context, "app", "odd", token=page.forward)
    assert end.events == [] and end.forward == page.forward

    start = get_log_events(context, "app", "odd", token=page.backward)
    assert start.events == [] and start.backward == page.backward


def test_one_can_turn_round_at_an_end(context: Context, filled: LogQ) -> None:
    page = get_log_events(context, "app", "odd", from_head=True)

    end = get_log_events(context, "app", "odd", token=page.forward)
    back = get_log_events(context, "app", "odd", token=end.backward, limit=2)
    assert numbers(back.events) == [27, 29]

    start = get_log_events(context, "app", "odd", token=page.backward)
    on = get_log_events(context, "app", "odd", token=start.forward, limit=2)
    assert numbers(on.events) == [1, 3]


def test_an_old_forward_token_gives_what_arrived_since(context: Context, filled: LogQ) -> None:
    end = get_log_events(context, "app", "even").forward
    assert get_log_events(context, "app", "even", token=end).events == []

    put_log_events(context, "app", "even", [NOW + 100, NOW + 101], ["event 50", "event 51"])

    for _ in range(2):
        assert numbers(get_log_events(context, "app", "even", token=end).events) == [50, 51]


@pytest.mark.parametrize("from_head", [True, False])
def test_a_stream_without_events_has_tokens_for_what_may_come(
    context: Context, filled: LogQ, from_head: bool
) -> None:
    page = get_log_events(context, "app", "odd", start=NOW + 200, from_head=from_head)
    assert page.events == []

    put_log_events(context, "app", "odd", [NOW + 200], ["event 77"])

    later = get_log_events(context, "app", "odd", start=NOW + 200, token=page.forward)
    assert numbers(later.events) == [77]


def test_times_are_inclusive_at_both_ends(context: Context, filled: LogQ) -> None:
    page = get_log_events(context, "app", "even", start=NOW + 2, end=NOW + 6)
    assert numbers(page.events) == [2, 4, 6]

    found = filter_log_events(context, "app", start=NOW + 2, end=NOW + 6)
    assert numbers(found.events) == [2, 3, 4, 5, 6]


def test_a_search_goes_on_until_it_has_no_token(context: Context, filled: LogQ) -> None:
    found, token = [], None
    for _ in range(10):
        page = filter_log_events(context, "app", pattern="ERROR", limit=4, token=token)
        found += numbers(page.events)
        token = page.token
        if token is None:
            break
    assert found == list(range(0, 30, 3))


def test_streams_prefixes_and_direction_choose_events(context: Context, filled: LogQ) -> None:
    def found(**options: object) -> list[int]:
        return numbers(filter_log_events(context, "app", **options).events)  # type: ignore[arg-type]

    assert found(streams=["odd"], pattern="ERROR") == [3, 9, 15, 21, 27]
    assert found(prefix="ev", pattern="ERROR -06") == [0, 12, 18, 24]
    assert found(prefix="nothing") == []
    assert found(streams=["odd", "even"], newest_first=True, limit=3) == [29, 28, 27]
    with pytest.raises(InvalidValue, match="exclude each other"):
        found(streams=["odd"], prefix="e")
    with pytest.raises(NotFound):
        found(streams=["odd", "other"])


@pytest.mark.parametrize("token", ["", "x", "f/x/s", "b//s", "f/AAAA/s", "g/AAAA/s", "f/AAAA"])
def test_what_is_no_token_is_refused(context: Context, filled: LogQ, token: str) -> None:
    with pytest.raises(InvalidValue, match="nextToken is invalid"):
        get_log_events(context, "app", "odd", token=token)
    with pytest.raises(InvalidValue, match="nextToken is invalid"):
        filter_log_events(context, "app", token=token)


def test_a_token_of_another_request_is_refused(context: Context, filled: LogQ) -> None:
    token = get_log_events(context, "app", "odd").forward
    with pytest.raises(InvalidValue, match="nextToken is invalid"):
        get_log_events(context, "app", "even", token=token)
    with pytest.raises(InvalidValue, match="nextToken is invalid"):
        get_log_events(context, "app", "odd", token="b" + token[1:])

    search = filter_log_events(context, "app", limit=1).token
    with pytest.raises(InvalidValue, match="nextToken is invalid"):
        filter_log_events(context, "app", limit=1, pattern="ERROR", token=search)


def test_a_bad_pattern_has_its_place(context: Context, filled: LogQ) -> None:
    with pytest.raises(InvalidPattern) as error:
        filter_log_events(context, "app", pattern="{ $.a ")
    assert error.value.span is not None


def test_what_is_not_there_is_said(context: Context, filled: LogQ) -> None:
    with pytest.raises(NotFound):
        get_log_events(context, "app", "none")
    with pytest.raises(UnknownLogGroup):
        get_log_events(context, "none", "none")
    with pytest.raises(UnknownLogGroup):
        filter_log_events(context, "none")
    with pytest.raises(NotFound):
        put_log_events(context, "app", "none", [NOW], ["x"])


def test_only_who_may_read_reads(filled: LogQ) -> None:
    writer = context_of(filled, lambda action, resource: action == "logs:PutLogEvents")
    with pytest.raises(AccessDenied):
        get_log_events(writer, "app", "odd")
    with pytest.raises(AccessDenied):
        filter_log_events(writer, "app")
    put_log_events(writer, "app", "odd", [NOW], ["event 99"])

    odd = context_of(filled, lambda action, resource: resource.endswith(":odd"))
    assert get_log_events(odd, "app", "odd", limit=1).events
    with pytest.raises(AccessDenied):
        get_log_events(odd, "app", "even")


def test_refused_events_are_not_stored(context: Context, filled: LogQ, clock: Clock) -> None:
    filled.storage.groups.set("app", retention_days=7)
    day = 86_400_000
    times = [NOW - 20 * day, NOW - 10 * day, NOW + 500, NOW + day]

    put = put_log_events(context, "app", "odd", times, ["a 1", "b 2", "c 3", "d 4"])

    verdict = put.verdict
    assert (verdict.too_old_end, verdict.expired_end, verdict.too_new_start) == (1, 2, 3)
    assert numbers(filter_log_events(context, "app", start=NOW + 100).events) == [3]
    assert put_log_events(context, "app", "odd", times[:1], ["a"]).last_seq == 0


def test_nobody_puts_events_into_the_audit(context: Context, filled: LogQ) -> None:
    with pytest.raises(InvalidValue, match="belongs to LogQ"):
        put_log_events(context, "/logq/audit", "s", [NOW], ["x"])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_following_a_stream_by_its_forward_token_sees_what_sorts_behind_it_once(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)
    with LogQ(tmp_path_factory.mktemp("data"), clock=lambda: NOW, environ={}) as logq:
        context = context_of(logq)
        logq.storage.groups.create("app")
        logq.accept("app", incoming(["event 0"], [NOW], "s"))
        page = get_log_events(context, "app", "s", from_head=chance.random() < 0.5)
        edge = NOW
        token = page.forward
        expected: list[int] = []
        read: list[int] = []
        for number in range(1, chance.randint(5, 25)):
            what = chance.random()
            if what < 0.5:
                edge += chance.randint(0, 2)
                put_log_events(context, "app", "s", [edge], [f"event {number}"])
                expected.append(number)
            elif what < 0.6:
                late = chance.randint(1, 1000)  # sorts before the token: not seen by it
                put_log_events(context, "app", "s", [NOW - late], ["event 999"])
            elif what < 0.7:
                logq.storage.seal()
            else:
                limit = chance.randint(1, 3)
                page = get_log_events(context, "app", "s", token=token, limit=limit)
                assert page.events or page.forward == token
                read += numbers(page.events)
                token = page.forward
        while True:
            page = get_log_events(context, "app", "s", token=token, limit=2)
            read += numbers(page.events)
            if page.forward == token:
                break
            token = page.forward
        assert read == expected
