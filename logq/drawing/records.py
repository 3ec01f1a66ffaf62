"""Rows as records, one field a line: what is left when a table has too many columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from logq.terminal import BOLD, DIM, Screen, cut, level_style, pad, width

LONGEST_NAME = 30


def records(
    names: Sequence[str], rows: Sequence[Sequence[str]], first: int, screen: Screen
) -> Iterator[str]:
    """Lines for rows that are texts already; ``first`` is the number of the first row less one."""
    total = screen.width or 80
    column = min(LONGEST_NAME, max(map(width, names), default=0))
    room = max(10, total - column - 2)
    for number, row in enumerate(rows, first + 1):
        title = f"── {number:,} "
        yield screen.paint(title + "─" * (min(total, 60) - width(title)), DIM) + "\n"
        for name, text in zip(names, row, strict=True):
            if text:
                label = screen.paint(pad(cut(name, column), column), BOLD)
                style = level_style(text)
                for part in wrap(text, room):
                    yield f"{label}  {screen.paint(part, style)}\n"
                    label = " " * column


def wrap(text: str, columns: int) -> list[str]:
    """``text`` in pieces of at most so many columns (at least 2); nothing is lost."""
    if text.isascii():
        return [text[at : at + columns] for at in range(0, len(text), columns)]
    parts, used = [""], 0
    for char in text:
        size = width(char)
        if used + size > columns:
            parts.append("")
            used = 0
        parts[-1] += char
        used += size
    return parts
