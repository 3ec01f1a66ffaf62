"""Horizontal bars, and a single value in big digits."""

from __future__ import annotations

from collections.abc import Sequence

from logq.drawing.series import Bar
from logq.terminal import BOLD, SERIES, Screen, cut, pad, width
from logq.values import number_text

_EIGHTHS = " ▏▎▍▌▋▊▉"
_DIGITS = {
    "0": ("┏━┓", "┃ ┃", "┗━┛"),
    "1": (" ╻ ", " ┃ ", " ╹ "),
    "2": ("╺━┓", "┏━┛", "┗━╸"),
    "3": ("╺━┓", "╺━┫", "╺━┛"),
    "4": ("╻ ╻", "┗━┫", "  ╹"),
    "5": ("┏━╸", "┗━┓", "╺━┛"),
    "6": ("┏━╸", "┣━┓", "┗━┛"),
    "7": ("╺━┓", "  ┃", "  ╹"),
    "8": ("┏━┓", "┣━┫", "┗━┛"),
    "9": ("┏━┓", "┗━┫", "╺━┛"),
    "-": ("   ", "╺━╸", "   "),
    ".": (" ", " ", "▪"),
}


def bar_chart(bars: Sequence[Bar], screen: Screen) -> list[str]:
    """One line a bar: label, bar, value. Bars of negative values go to the left."""
    total = screen.width or 80
    texts = [
        "(missing)" if bar.value is None else number_text(_short(bar.value)) or "" for bar in bars
    ]
    label_room = min(max(width(bar.label) for bar in bars), max(10, total * 2 // 5))
    room = max(5, total - label_room - max(map(len, texts)) - 3)
    low = min(0.0, *(bar.value or 0.0 for bar in bars))
    high = max(0.0, *(bar.value or 0.0 for bar in bars))
    scale = room / ((high - low) or 1.0)
    lines = []
    for bar, text in zip(bars, texts, strict=True):
        label = pad(cut(bar.label, label_room), label_room)
        value = bar.value or 0.0
        before = " " * round((min(value, 0.0) - low) * scale)
        drawn = blocks(abs(value) * scale)
        lines.append(f"{label}  {before}{screen.paint(drawn, SERIES[0])} {text}".rstrip())
    return lines


def _short(value: float) -> float:
    """Six digits are enough beside a bar; whole numbers keep all of theirs."""
    return value if value == round(value) else float(f"{value:.6g}")


def blocks(length: float) -> str:
    """A bar of so many columns, exact to an eighth; more than nothing is never invisible."""
    eighths = round(length * 8)
    if eighths == 0:
        return "▏" if length > 0 else ""
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def single_value(name: str, text: str, screen: Screen) -> list[str]:
    """One value in big digits under its name; what has no big digits is written as it is."""
    big = [_DIGITS.get(char) for char in text]
    if not text or None in big or 4 * len(text) > (screen.width or 80):
        return [name, screen.paint(text, BOLD)]
    rows = [" ".join(shape[row] for shape in big if shape) for row in range(3)]
    return [name, *(screen.paint(row.rstrip(), BOLD) for row in rows)]
