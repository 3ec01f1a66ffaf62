"""What reaches a terminal: no control characters, right widths, colours only where wanted."""

from __future__ import annotations

import io
import os
import pty
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logq.terminal import cell, cut, json_lines, level_style, lines, pad, screen, width

HOSTILE = {
    "\x1b[31mred": "\\x1b[31mred",
    "\x1b]0;title\x07": "\\x1b]0;title\\x07",
    "\x9b31m": "\\x9b31m",
    "a\rb": "a\\rb",
    "\x08\x08": "\\x08\\x08",
    "\x00": "\\x00",
    "\x7f": "\\x7f",
    "\u202egnp.exe": "\\u202egnp.exe",
    "a\u2066b\u2069": "a\\u2066b\\u2069",
    "pay\u200bpal": "pay\\u200bpal",
    "\ufeffx": "\\ufeffx",
    "a\u2028b": "a\\u2028b",
    "\ud800": "\\ud800",
    "\U000e0041": "\\U000e0041",
}


@pytest.mark.parametrize(("text", "shown"), HOSTILE.items())
def test_hostile_characters_are_shown_as_escapes(text: str, shown: str) -> None:
    assert lines(text) == shown
    assert cell(text) == shown


def test_a_cell_is_one_line_and_lines_keep_theirs() -> None:
    assert cell("a\n\tb") == "a\\n\\tb"
    assert lines("a\n\tb") == "a\n\tb"


@pytest.mark.parametrize("text", ["plain", "Grüße", "日本語", "e\u0301", "😀", "→ ½ µs"])
def test_harmless_text_is_left_alone(text: str) -> None:
    assert cell(text) == text


@given(st.text())
def test_no_control_character_gets_through(text: str) -> None:
    left = [c for c in cell(text) if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]

    assert not left
    assert cell(text).encode("utf-8").decode("utf-8") == cell(text)


def test_json_on_a_terminal_stays_json() -> None:
    assert json_lines('{"a":"\x9b\u202e"}') == '{"a":"\\u009b\\u202e"}'


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0), ("ü", 1)]
)
def test_widths_are_those_of_a_terminal(text: str, columns: int) -> None:
    assert width(text) == columns


@given(st.text(), st.integers(1, 30))
def test_what_is_cut_fits(text: str, columns: int) -> None:
    shown = cut(cell(text), columns)

    assert width(shown) <= columns
    assert shown == cell(text) or shown.endswith("…")


def test_text_is_padded_on_the_side_asked_for() -> None:
    assert pad("日", 4) == "日  "
    assert pad("7", 3, right=True) == "  7"


def test_levels_have_styles_and_other_words_have_none() -> None:
    assert level_style("ERROR") == level_style("error")
    assert level_style("INFO") is None
    assert level_style("errors are everywhere") is None


def test_a_pipe_has_no_colours_and_no_width() -> None:
    found = screen(io.BytesIO(), {"TERM": "xterm"}, no_color=False)

    assert (found.terminal, found.colour, found.width) == (False, False, None)


@pytest.mark.parametrize(
    ("environ", "no_color", "colour"),
    [
        ({"TERM": "xterm"}, False, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, False, True),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "xterm"}, True, False),
    ],
)
def test_a_terminal_has_colours_unless_someone_objects(
    environ: dict[str, str], no_color: bool, colour: bool
) -> None:
    leader, follower = pty.openpty()
    try:
        with os.fdopen(follower, "wb") as stream:
            found = screen(stream, {**environ, "COLUMNS": "99"}, no_color)
    finally:
        os.close(leader)

    assert (found.terminal, found.colour, found.width) == (True, colour, 99)
