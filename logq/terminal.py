"""What a terminal is told: which streams are terminals, safe text, widths and colours.

Text from logs is hostile: it may hold escape sequences that move the cursor, retitle the window
or hide a line. On a terminal every such character is shown as an escape like ``\\x1b``.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, cast

_UNSAFE = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 controls without tab and line feed
    r"\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # invisible, bidi, separators
    r"\u115f\u1160\u3164\uffa0\ufff9-\ufffb"  # invisible letters and annotation marks
    r"\ud800-\udfff\U000e0000-\U000e0fff"  # lone surrogates, tag characters
)
_UNSAFE_IN_LINES = re.compile(f"[{_UNSAFE}]")
_UNSAFE_IN_A_CELL = re.compile(rf"[\t\n{_UNSAFE}]")
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}

DIM, BOLD, RED, YELLOW, GREEN, CYAN = "2", "1", "31", "33", "32", "36"
SERIES = ("36", "33", "35", "32", "34", "31", "96", "93", "95", "92", "94", "91")
"""Colours of the series of a chart, in turn."""

_LEVELS = {
    **dict.fromkeys(("emerg", "emergency", "alert", "crit", "critical", "fatal", "panic"), "1;31"),
    **dict.fromkeys(("error", "err", "severe"), RED),
    **dict.fromkeys(("warn", "warning"), YELLOW),
    **dict.fromkeys(("debug", "trace", "fine", "finer", "finest", "verbose"), DIM),
}
_LEVEL_WORD = re.compile(r"\b(?:EMERG|ALERT|CRIT|CRITICAL|FATAL|PANIC|ERROR|SEVERE|WARN|WARNING)\b")


@dataclass(frozen=True, slots=True)
class Screen:
    """Where an answer goes and what the reader can see."""

    stream: BinaryIO
    terminal: bool = False
    """A person reads this: control characters are shown, not sent."""
    colour: bool = False
    width: int | None = None
    """Columns of a terminal; None: no limit."""

    def write(self, text: str) -> None:
        """Write text as UTF-8; lone surrogates as ``?``."""
        self.stream.write(text.encode("utf-8", "replace"))

    def flush(self) -> None:
        """Hand everything written so far to the reader."""
        self.stream.flush()

    def write_json(self, data: bytes) -> None:
        """Write JSON, on a terminal without anything that it would obey."""
        self.stream.write(json_lines(data.decode()).encode() if self.terminal else data)

    def paint(self, text: str, style: str | None) -> str:
        """``text`` in a style (SGR numbers) if this screen has colours."""
        return f"\x1b[{style}m{text}\x1b[0m" if style and text and self.colour else text

    def safe(self, text: str) -> str:
        """``text`` for one cell: on a terminal without anything that it would obey."""
        return cell(text) if self.terminal else text


def screen(stream: io.TextIOBase | object, environ: Mapping[str, str], no_color: bool) -> Screen:
    """The screen behind a standard stream."""
    buffer = cast(BinaryIO, getattr(stream, "buffer", stream))
    try:
        terminal = os.isatty(buffer.fileno())
    except (OSError, ValueError):
        terminal = False
    if not terminal:
        return Screen(buffer)
    plain = no_color or bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    columns = environ.get("COLUMNS", "")
    try:
        width = int(columns) if columns.isdigit() else os.get_terminal_size(buffer.fileno()).columns
    except OSError:
        width = 0
    return Screen(buffer, True, not plain, width or 80)


def lines(text: str) -> str:
    """``text`` with every control and invisible character escaped, tabs and line ends kept."""
    return _UNSAFE_IN_LINES.sub(_escape, text)


def cell(text: str) -> str:
    """``text`` on one line: like ``lines``, with tabs and line ends escaped too."""
    return text if text.isascii() and text.isprintable() else _UNSAFE_IN_A_CELL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code < 256:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def json_lines(text: str) -> str:
    """JSON text like ``lines``, with escapes that JSON knows."""
    return _UNSAFE_IN_LINES.sub(lambda match: json.dumps(match[0])[1:-1], text)


def width(text: str) -> int:
    """Columns that ``text`` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me") else 1


def cut(text: str, columns: int) -> str:
    """``text`` in at most so many columns, with an ellipsis where something was cut."""
    if len(text) <= columns and width(text) <= columns:
        return text
    if text.isascii():
        return text[: max(0, columns - 1)] + "…"
    used, kept = 1, []
    for char in text:
        used += _char_width(char)
        if used > columns:
            break
        kept.append(char)
    return "".join(kept) + "…"


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """``text`` filled with blanks to so many columns; ``right`` aligns it there."""
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks


def level_style(value: str) -> str | None:
    """The style of a value that is the name of a severity, else None."""
    return _LEVELS.get(value.lower()) if len(value) <= 9 else None


def paint_levels(screen: Screen, text: str) -> str:
    """A message with the upper-case severities in it coloured."""
    if not screen.colour:
        return text
    return _LEVEL_WORD.sub(lambda m: screen.paint(m[0], level_style(m[0])), text)


def standard_output(no_color: bool = False) -> Screen:
    """The screen of this process's standard output."""
    return screen(sys.stdout, os.environ, no_color)


def standard_error(no_color: bool = False) -> Screen:
    """The screen of this process's standard error."""
    return screen(sys.stderr, os.environ, no_color)
