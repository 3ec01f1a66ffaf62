"""Comma-separated values as RFC 4180 has them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from logq.renderer import Answer, Options, renderer
from logq.terminal import Screen, lines
from logq.values import cell_writer, decode

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PLAIN_NAME = re.compile(r"@{0,2}[A-Za-z_][\w.]*")
"""Columns like @timestamp: programs look for them by name, and they are no formula."""


@renderer("csv", "comma-separated values with a header; cells that look like formulas get a '")
def render(answer: Answer, screen: Screen, options: Options) -> int:
    """Write the header and every row; lines end with CR LF."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(name if _PLAIN_NAME.fullmatch(name) else guard(name) for name in answer.names)
    writers = [_writer(column.type, options.zone) for column in answer.columns]
    count = 0
    for batch in answer.batches:
        writer.writerows(
            [
                "" if value is None else write(value)
                for write, value in zip(writers, row, strict=True)
            ]
            for row in batch
        )
        _hand_over(buffer, screen)
        count += len(batch)
    _hand_over(buffer, screen)
    return count


def _hand_over(buffer: io.StringIO, screen: Screen) -> None:
    text = buffer.getvalue()
    if screen.terminal:
        text = "\r\n".join(map(lines, text.split("\r\n")))
    screen.write(text)
    screen.flush()
    buffer.seek(0)
    buffer.truncate()


def guard(text: str) -> str:
    """Text that a spreadsheet would run as a formula, with an apostrophe before it.

    A plain number is no formula and stays as it is, and so does a lone ``-``.
    """
    if not text.startswith(_FORMULA) or text == "-" or _is_number(text):
        return text
    return "'" + text


def _is_number(text: str) -> bool:
    if "_" in text or not text.isascii() or text != text.strip():
        return False
    try:
        float(text)
    except ValueError:
        return False
    return text[-1].isdigit() or text[-1] == "."


def _writer(type: str, zone: tzinfo) -> Callable[[Any], str]:
    write = cell_writer(type, zone)
    if type == "text":
        return guard
    if type in ("json", "dynamic"):
        return lambda text: guard(write(text)) if isinstance(decode(text), str) else write(text)
    return write
