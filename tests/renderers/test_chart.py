"""Charts as the rules of visualisation want them, as golden text."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logq.drawing.bars import blocks
from logq.drawing.plot import nice_step, short_number
from logq.drawing.series import MOST_BARS, MOST_SERIES, histogram, roles, time_series
from logq.errors import InvalidValue
from logq.terminal import width
from tests.renderers.drawn import NOON, answer, check_golden, rendered, screen

MINUTE = 60_000
TIME = {"time_column": "bin(5m)", "bucket_ms": 5 * MINUTE}


def wave(n: int, phase: int = 0) -> int:
    return abs((n + phase) * 7 % 24 - 12)


def series(groups: int, points: int = 12) -> list[tuple[Any, ...]]:
    return [
        (NOON + n * 5 * MINUTE, f"group-{g}", wave(n, g) + g)
        for n in range(points)
        for g in range(groups)
    ]


def test_counts_over_time_are_a_line() -> None:
    rows = [(NOON + n * 5 * MINUTE, wave(n)) for n in range(24)]
    shown = answer("bin(5m):timestamp count(*):integer", rows, keys=("bin(5m)",), **TIME)

    check_golden("chart-line", rendered("chart", shown))


def test_a_missing_bucket_is_a_gap() -> None:
    rows = [(NOON + n * 5 * MINUTE, 10) for n in range(24) if n not in (10, 11, 12)]
    shown = answer("bin(5m):timestamp count(*):integer", rows, keys=("bin(5m)",), **TIME)

    check_golden("chart-gap", rendered("chart", shown))


def test_several_series_have_letters_where_there_are_no_colours() -> None:
    columns = "bin(5m):timestamp @log:text errors:integer"
    shown = answer(columns, series(3), keys=("bin(5m)", "@log"), **TIME)

    check_golden("chart-series", rendered("chart", shown))


def test_several_series_have_colours_on_a_terminal() -> None:
    columns = "bin(5m):timestamp @log:text errors:integer"
    shown = answer(columns, series(3), keys=("bin(5m)", "@log"), **TIME)

    out = rendered("chart", shown, screen(60, terminal=True, colour=True))

    check_golden("chart-colours", out)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert max(map(width, plain.split("\n"))) <= 60


def test_groups_without_time_are_bars() -> None:
    rows = [("/cart", 240), ("/checkout", 31), ("/", 1000), ("/health", 0), (None, 3)]
    shown = answer("route:text count(*):integer", rows, keys=("route",))

    check_golden("chart-bars", rendered("chart", shown))


def test_negative_values_go_to_the_left() -> None:
    rows = [("up", 4), ("down", -8.5)]

    check_golden("chart-negative", rendered("chart", answer("k:text v:number", rows, keys=("k",))))


def test_several_aggregates_have_a_bar_each() -> None:
    rows = [("a", 4, 2.5), ("b", 8, 1.25)]
    shown = answer("k:text count(*):integer avg(x):number", rows, keys=("k",))

    check_golden("chart-bars-two", rendered("chart", shown))


def test_one_value_is_big() -> None:
    check_golden("chart-value", rendered("chart", answer("count(*):integer", [(-9_071.5,)])))


def test_events_become_a_histogram() -> None:
    rows = [(NOON + n * n * 900, "text") for n in range(100)]

    check_golden(
        "chart-histogram", rendered("chart", answer("@timestamp:timestamp @message:text", rows))
    )


def test_the_time_axis_is_in_the_zone_asked_for() -> None:
    rows = [(NOON + n * 30 * MINUTE, n) for n in range(9)]
    shown = answer("t:timestamp n:integer", rows, time_column="t", keys=("t",))

    out = rendered("chart", shown, zone=ZoneInfo("Asia/Kolkata"))

    assert "18:00" in out
    assert "2026-03-17 IST" in out


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(InvalidValue, match="no column of this answer is a number"):
        rendered("chart", answer("a:text b:text", [("x", "y")]))
    assert rendered("chart", answer("a:text", [])) == "(no rows)\n"


def test_more_series_than_can_be_drawn_are_summed_as_other() -> None:
    rows = series(60, points=4)
    names = ["t", "@log", "n"]
    found = roles(names, ["timestamp", "text", "integer"], rows, "t", ["t", "@log"])

    drawn, left_out = time_series(rows, found, names, [str] * 3, {"n"})

    assert left_out == 0
    assert len(drawn) == MOST_SERIES
    assert drawn[-1].label == "other (11 series)"
    total = sum(row[2] for row in rows)
    assert sum(one.weight for one in drawn) == total


def test_series_that_cannot_be_summed_are_counted_instead() -> None:
    rows = series(60, points=4)
    names = ["t", "@log", "avg(n)"]
    found = roles(names, ["timestamp", "text", "number"], rows, "t", ["t", "@log"])

    drawn, left_out = time_series(rows, found, names, [str] * 3, set())

    assert (len(drawn), left_out) == (MOST_SERIES, 10)


def test_at_most_a_hundred_bars_are_drawn() -> None:
    rows = [(f"k{n}", n) for n in range(130)]
    out = rendered("chart", answer("k:text n:integer", rows, keys=("k",)))

    assert out.count("\n") == MOST_BARS + 1
    assert out.endswith("(30 more bars not drawn)\n")


def test_a_key_that_is_a_number_is_no_value() -> None:
    found = roles(["status", "count(*)"], ["integer", "integer"], [(200, 1)], None, ["status"])

    assert (found.keys, found.values) == ((0,), (1,))


def test_histogram_bars_stand_in_numeric_order() -> None:
    rows = [(100, 1), (20, 5), (3, 2)]
    shown = answer(
        "histogram(x):number n:integer", rows, keys=("histogram(x)",), numeric_order=True
    )

    labels = [line.split()[0] for line in rendered("chart", shown).splitlines()]
    assert labels == ["3", "20", "100"]


@example(rows=[(0, 8.000000110787423e24)], columns=30)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 4_000_000_000_000),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False, width=32)),
        ),
        min_size=1,
        max_size=30,
    ),
    st.integers(30, 200),
)
def test_any_numbers_can_be_drawn_and_fit(
    rows: list[tuple[int, float | None]], columns: int
) -> None:
    shown = answer("t:timestamp n:number", rows, time_column="t", keys=("t",))

    out = rendered("chart", shown, screen(columns, terminal=True))

    assert out.endswith("\n")
    assert max(map(width, out.split("\n"))) <= columns


@given(st.floats(0, 500))
def test_a_bar_is_as_long_as_its_value(length: float) -> None:
    drawn = blocks(length)

    assert abs(len(drawn) - length) <= 1
    assert bool(drawn) == (length > 0)


@given(st.floats(1e-9, 1e12), st.integers(2, 10))
def test_steps_are_round_and_few(span: float, parts: int) -> None:
    step = nice_step(span, parts)

    assert span / step <= parts * 1.001
    assert f"{step:e}"[0] in "125"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (2500.0, "2500"),
        (25_000.0, "25k"),
        (3.5e6, "3.5M"),
        (-2e9, "-2G"),
        (0.25, "0.25"),
    ],
)
def test_labels_of_the_axis_are_short(value: float, text: str) -> None:
    assert short_number(value) == text


@given(st.lists(st.integers(0, 4_000_000_000_000), min_size=1, max_size=50))
def test_a_histogram_counts_every_event(moments: list[int]) -> None:
    counted, length = histogram(moments)

    assert sum(counted.points.values()) == len(moments)
    assert all(start % length == 0 for start in counted.points)
