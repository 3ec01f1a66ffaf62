"""A table fits the terminal and keeps whole what must be whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logq.drawing.columns import fit
from logq.drawing.records import wrap
from logq.terminal import width
from tests.renderers.drawn import NOON, answer, check_golden, rendered, screen

STYLES = re.compile(r"\x1b\[[0-9;]*m")


@given(st.text(), st.text(), st.integers(), st.integers(60, 200), st.booleans())
def test_no_line_is_wider_than_the_terminal(
    one: str, two: str, number: int, columns: int, colour: bool
) -> None:
    rows = [(NOON, one, number % 10**9, two), (NOON, "x", 1, None)]
    shown = answer("@timestamp:timestamp level:text n:integer @message:text", rows)

    out = rendered("table", shown, screen(columns, terminal=True, colour=colour))

    lines = STYLES.sub("", out).split("\n")
    assert max(map(width, lines)) <= columns
    assert lines[-2:] == ["(2 rows)", ""]
    assert len(lines) == 6


def test_long_text_is_cut_and_short_columns_stay_whole() -> None:
    rows = [(NOON, "ERROR", "m" * 300)]
    out = rendered(
        "table",
        answer("@timestamp:timestamp level:text @message:text", rows),
        screen(80, terminal=True),
    )

    line = out.split("\n")[2]
    assert line.startswith("2026-03-17 12:00:00.000  ERROR  mmm")
    assert line.endswith("m…")
    assert len(line) == 80


def test_nothing_is_cut_in_a_pipe() -> None:
    out = rendered("table", answer("a:text b:text", [("x" * 500, "y"), ("z", "w" * 500)]))

    assert "x" * 500 in out
    assert "w" * 500 in out
    assert "…" not in out
    assert "\x1b" not in out


def test_numbers_stand_right_and_are_never_cut() -> None:
    rows = [(1, "a" * 99), (123_456_789_012, "b" * 99)]
    out = rendered("table", answer("n:integer t:text", rows), screen(30, terminal=True))

    assert [line[:12] for line in out.split("\n")[2:4]] == ["           1", "123456789012"]


def test_later_rows_may_be_wider_than_the_first_batch_and_keep_their_numbers() -> None:
    rows = [(1, "a")] * 1000 + [(10**15, "b" * 200)]
    out = rendered("table", answer("n:integer t:text", rows), screen(60, terminal=True))

    assert "1000000000000000" in out


def test_too_many_columns_become_records() -> None:
    names = " ".join(f"field_number_{n}:text" for n in range(12))
    row = tuple(f"value {n}" for n in range(11)) + ("long " * 30,)
    on = screen(80, terminal=True)

    check_golden("table-records", rendered("table", answer(names, [row, row]), on))


def test_an_empty_answer_has_its_header_and_says_so() -> None:
    out = rendered("table", answer("a:text n:integer", []))

    assert out == "a  n\n─  ─\n(0 rows)\n"


def test_wide_characters_are_counted_as_two() -> None:
    out = rendered("table", answer("a:text b:text", [("日本語", "x"), ("ab", "y")]))

    assert out.split("\n")[2:4] == ["日本語  x", "ab      y"]


@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(1, 20)), min_size=1, max_size=12),
    st.integers(1, 400),
)
def test_widths_use_the_room_there_is_and_no_more(
    columns: list[tuple[int, int]], room: int
) -> None:
    wanted = [want for want, _ in columns]
    least = [min(want, low) for want, low in columns]

    widths = fit(wanted, least, room)

    if widths is None:
        assert sum(least) > room
    else:
        assert sum(widths) <= room
        assert all(lo <= w <= hi for lo, w, hi in zip(least, widths, wanted, strict=True))
        assert sum(widths) == min(sum(wanted), room)


@given(st.text(), st.integers(2, 40))
def test_wrapping_loses_nothing(text: str, columns: int) -> None:
    parts = wrap(text, columns)

    assert "".join(parts) == text
    assert all(width(part) <= columns for part in parts)


@pytest.mark.parametrize(("count", "words"), [(1, "(1 row)"), (2, "(2 rows)")])
def test_the_number_of_rows_stands_below(count: int, words: str) -> None:
    assert rendered("table", answer("n:integer", [(1,)] * count)).endswith(words + "\n")
