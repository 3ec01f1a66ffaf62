"""Lists that commands print: rows of named, typed columns in any output format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo

from logq import renderer
from logq.cli.session import Session


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list."""

    name: str
    type: str = "text"


def columns(text: str) -> tuple[Column, ...]:
    """Columns written as ``name events:integer last:timestamp``."""
    pairs = (word.partition(":") for word in text.split())
    return tuple(Column(name, type or "text") for name, _, type in pairs)


def default_format(session: Session) -> str:
    """``table`` for people, ``ndjson`` for programs."""
    return "table" if session.out.terminal else "ndjson"


def show(
    session: Session,
    output: str | None,
    described: str,
    rows: Iterable[renderer.Row],
    zone: tzinfo = UTC,
) -> None:
    """Print a list; ``described`` names its columns."""
    answer = renderer.Answer(columns(described), renderer.batches(rows))
    options = renderer.Options(zone=zone)
    renderer.render(output or default_format(session), answer, session.out, options)
