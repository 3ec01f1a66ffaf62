"""Answers made up for tests, and what renderers make of them."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from logq import renderer
from logq.terminal import Screen

GOLDEN = Path(__file__).parent / "golden"
NOON = 1_773_748_800_000  # 2026-03-17 12:00:00 UTC


@dataclass(frozen=True)
class Col:
    name: str
    type: str


def answer(columns: str, rows: Iterable[tuple[Any, ...]], **shape: Any) -> renderer.Answer:
    """``columns`` as ``name:type name:type``."""
    parts = [word.rpartition(":") for word in columns.split()]
    return renderer.Answer(
        [Col(name, type) for name, _, type in parts],
        renderer.batches(rows),
        shape=renderer.Shape(**shape),
    )


def screen(width: int | None = None, *, terminal: bool = False, colour: bool = False) -> Screen:
    return Screen(io.BytesIO(), terminal, colour, width)


def rendered(
    name: str,
    shown: renderer.Answer,
    on: Screen | None = None,
    *,
    zone: tzinfo = UTC,
    file: str | None = None,
) -> str:
    on = on or screen()
    renderer.render(name, shown, on, renderer.Options(zone, file))
    assert isinstance(on.stream, io.BytesIO)
    return on.stream.getvalue().decode()


def check_golden(name: str, text: str) -> None:
    """Compare with the file; LOGQ_WRITE_GOLDEN=1 writes it instead."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("LOGQ_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="")
    assert path.read_bytes().decode() == text
