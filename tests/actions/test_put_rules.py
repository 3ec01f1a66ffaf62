"""Which events of a batch CloudWatch takes, and what it says of the others."""

from __future__ import annotations

import pytest

from logq.actions.put_rules import AHEAD, DAY, Verdict, judge
from logq.errors import InvalidValue

NOW = 1_767_607_200_000
OLD = NOW - 14 * DAY


@pytest.mark.parametrize(
    ("times", "retention", "wanted"),
    [
        ([NOW], None, Verdict(0, 1)),
        ([NOW - 5, NOW - 5, NOW], None, Verdict(0, 3)),
        ([OLD, NOW - 13 * DAY + 1], None, None),
        ([OLD], None, Verdict(0, 1)),
        ([OLD - 1], None, Verdict(1, 1, too_old_end=1)),
        ([OLD - 2, OLD - 1, OLD], None, Verdict(2, 3, too_old_end=2)),
        ([OLD - 1, NOW], None, Verdict(1, 2, too_old_end=1)),
        ([NOW + AHEAD], None, Verdict(0, 1)),
        ([NOW + AHEAD + 1], None, Verdict(0, 0, too_new_start=0)),
        ([NOW, NOW + AHEAD + 1, NOW + AHEAD + 9], None, Verdict(0, 1, too_new_start=1)),
        ([NOW - DAY - 1, NOW], 1, Verdict(1, 2, expired_end=1)),
        ([OLD - 1, NOW - DAY - 1], 1, Verdict(2, 2, 1, 2)),
        ([OLD - 1, NOW, NOW + 2 * DAY], None, Verdict(1, 2, too_old_end=1, too_new_start=2)),
        ([NOW - DAY, NOW], None, Verdict(0, 2)),
        ([NOW - DAY - 1, NOW], None, None),
    ],
)
def test_each_event_is_taken_or_named(
    times: list[int], retention: int | None, wanted: Verdict | None
) -> None:
    if wanted is None:
        with pytest.raises(InvalidValue, match="cannot span more than 24 hours"):
            judge(times, 0, NOW, retention, 14)
    else:
        assert judge(times, 0, NOW, retention, 14) == wanted


def test_a_setting_takes_events_of_any_age() -> None:
    assert judge([0], 0, NOW, None, 0) == Verdict(0, 1)
    assert judge([0], 0, NOW, None, 30) == Verdict(1, 1, too_old_end=1)


def test_what_is_taken_and_what_is_refused_is_everything() -> None:
    verdict = judge([OLD - 1, OLD - 1, OLD], 0, NOW, 30, 14)

    assert not verdict.whole and judge([NOW], 0, NOW, 30, 14).whole
    assert (verdict.first, verdict.end) == (2, 3)


@pytest.mark.parametrize(
    ("times", "size", "message"),
    [
        ([], 0, "1 to 10000 log events"),
        ([NOW] * 10_001, 0, "1 to 10000 log events"),
        ([NOW, NOW - 1], 0, "must be in chronological order"),
        ([NOW], 1_048_551, "upload too large: 1048577 bytes exceeds limit of 1048576"),
    ],
)
def test_a_batch_against_the_rules_is_refused_as_a_whole(
    times: list[int], size: int, message: str
) -> None:
    with pytest.raises(InvalidValue, match=message):
        judge(times, size, NOW, None, 14)


def test_a_batch_of_exactly_the_limit_is_taken() -> None:
    assert judge([NOW], 1_048_550, NOW, None, 14).whole
    assert judge([NOW] * 10_000, 0, NOW, None, 14).end == 10_000
