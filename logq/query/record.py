"""One event with everything that is known of it."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from logq import model
from logq.model import Piece, Snapshot
from logq.query.build import all_of, column, eq, fn, number, render
from logq.query.compiler import with_steps
from logq.query.needs import Needs
from logq.query.planner import Plan
from logq.query.position import Position
from logq.query.reading import Reader
from logq.query.source import EVENTS, Reading, Source
from logq.query.value import Type

_SYSTEM = (model.TIMESTAMP, model.INGESTION_TIME, model.LOG_STREAM, model.MESSAGE)


Cell = tuple[str, Type, Any]
"""A field: its name, its type and its value as in the answer of a query."""


def find_record(reader: Reader, group: str, position: Position) -> list[Cell] | None:
    """The event at a position, None if it is not there (any more); raises UnknownLogGroup.

    Only what may hold this millisecond is read: a row group of each segment that covers it.
    """
    snapshot = reader.snapshot([group])
    needs = Needs(position.time, position.time)
    for reading in reader.plan(snapshot, needs).readings:
        found = _look(reader, snapshot, reading, needs, position)
        if found is not None:
            return found
    return None


def _look(
    reader: Reader, snapshot: Snapshot, reading: Reading, needs: Needs, position: Position
) -> list[Cell] | None:
    piece = reading.piece
    source = Source(Snapshot((piece,), snapshot.visible_from, snapshot.groups))
    columns = [(name, found) for name in _names(piece) if (found := source.field(name)) is not None]
    time, seq = (column(key.ident) for key in source.order())
    select = exp.Select().from_(exp.Table(this=exp.to_identifier(EVENTS, quoted=True)))
    for _, wanted in columns:
        value = column(wanted.ident)
        select = select.select(fn("epoch_ms", value) if wanted.type is Type.TIMESTAMP else value)
    select = select.where(
        all_of(eq(seq, number(position.seq)), eq(fn("epoch_ms", time), number(position.time)))
    )
    events = source.events([reading], needs.window)
    statement = render(with_steps(select, {EVENTS: events}, ()))
    rows = reader.select(statement, Plan(needs, (reading,), ()), lambda row: True)
    if not rows:
        return None
    return [
        (name, wanted.type, value)
        for (name, wanted), value in zip(columns, rows[0], strict=True)
        if value is not None
    ]


def _names(piece: Piece) -> list[str]:
    """What to ask a piece for: values, and above values that have no column of their own."""
    return [*_SYSTEM, *piece.info.fields]
