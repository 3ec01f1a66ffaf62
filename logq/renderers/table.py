"""A table for people: fits the terminal, or is as wide as it must be where there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from logq.drawing.columns import GAP, fit
from logq.drawing.records import records
from logq.renderer import Answer, Options, Row, renderer
from logq.terminal import (
    BOLD,
    DIM,
    Screen,
    cut,
    level_style,
    pad,
    paint_levels,
    width,
)
from logq.values import cell_writer

NARROWEST, LONGEST_NAME = 8, 14
"""Columns that text and its name keep in a narrow table; if that does not fit: records."""
WIDEST_PADDING = 120
"""Without a terminal nothing is cut, but rows are not filled with blanks beyond this."""
_RIGHT = ("integer", "number")
_WHOLE = ("integer", "number", "boolean", "timestamp")


@renderer("table", "columns for people (default on a terminal)")
def render(answer: Answer, screen: Screen, options: Options) -> int:
    """Write header, rows and the number of rows; column widths come from the first batch."""
    texts = [_cell(column.type, screen, options) for column in answer.columns]
    layout: tuple[_Column, ...] | None = None
    count = 0
    for batch in answer.batches:
        rows = [_row_texts(texts, row) for row in batch]
        if count == 0:
            layout = _layout(answer, rows, screen)
            if layout:
                _write_header(layout, screen)
        if layout:
            screen.write("".join(_line(layout, row, screen) for row in rows))
        else:
            names = [screen.safe(name) for name in answer.names]
            screen.write("".join(records(names, rows, count, screen)))
        screen.flush()
        count += len(batch)
    if count == 0 and answer.columns:
        _write_header(_layout(answer, [], screen) or (), screen)
    screen.write(screen.paint(f"({count:,} {'row' if count == 1 else 'rows'})", DIM) + "\n")
    screen.flush()
    return count


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    width: int
    cut: bool
    """Longer values are cut; else they stand out."""


def _cell(type: str, screen: Screen, options: Options) -> Callable[[Any], str]:
    write = cell_writer(type, options.zone)
    if type in _WHOLE or not screen.terminal:
        # A table is one line a row, on a terminal and in a file.
        return write if type in _WHOLE else lambda value: _one_line(write(value))
    return lambda value: screen.safe(write(value))


def _one_line(text: str) -> str:
    if "\n" not in text and "\r" not in text:
        return text
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _row_texts(writers: Sequence[Callable[[Any], str]], row: Row) -> list[str]:
    return [
        "" if value is None else write(value) for write, value in zip(writers, row, strict=True)
    ]


def _layout(
    answer: Answer, rows: Sequence[Sequence[str]], screen: Screen
) -> tuple[_Column, ...] | None:
    """Widths that fit the screen; None if no table can."""
    names = [_one_line(screen.safe(name)) for name in answer.names]
    wanted = [
        max([width(name), *(width(row[at]) for row in rows)]) for at, name in enumerate(names)
    ]
    types = [column.type for column in answer.columns]
    widths: Sequence[int] | None = wanted
    if screen.width is not None:
        narrowest = [
            want if type in _WHOLE else min(want, max(NARROWEST, min(width(name), LONGEST_NAME)))
            for name, want, type in zip(names, wanted, types, strict=True)
        ]
        widths = fit(wanted, narrowest, screen.width - len(GAP) * (len(names) - 1))
    if widths is None:
        return None
    return tuple(
        _Column(name, type, size, screen.width is not None and type not in _WHOLE)
        for name, type, size in zip(names, types, widths, strict=True)
    )


def _write_header(layout: Sequence[_Column], screen: Screen) -> None:
    names = [
        _place(column, cut(column.name, column.width) if column.cut else column.name)
        for column in layout
    ]
    rules = ["─" * min(column.width, WIDEST_PADDING) for column in layout]
    screen.write(screen.paint(GAP.join(names).rstrip(), BOLD) + "\n")
    screen.write(screen.paint(GAP.join(rules), DIM) + "\n")


def _line(layout: Sequence[_Column], row: Sequence[str], screen: Screen) -> str:
    cells = []
    for at, (column, text) in enumerate(zip(layout, row, strict=True)):
        shown = cut(text, column.width) if column.cut else text
        blanks = "" if at == len(layout) - 1 and column.type not in _RIGHT else None
        placed = shown if blanks == "" else _place(column, shown)
        cells.append(_paint(column, text, placed, screen))
    return GAP.join(cells).rstrip(" ") + "\n"


def _place(column: _Column, text: str) -> str:
    return pad(text, min(column.width, WIDEST_PADDING), right=column.type in _RIGHT)


def _paint(column: _Column, text: str, placed: str, screen: Screen) -> str:
    if not screen.colour or not text:
        return placed
    if column.type == "timestamp":
        return screen.paint(placed, DIM)
    if style := level_style(text):
        return screen.paint(placed, style)
    return paint_levels(screen, placed) if column.name == "@message" else placed
