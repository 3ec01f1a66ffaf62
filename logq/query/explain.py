"""What ``logq explain`` prints: the SQL, what is read, what is left out and why."""

from __future__ import annotations

from collections import Counter

from logq.query.build import render
from logq.query.compiler import with_steps
from logq.query.macros import used_by
from logq.query.planner import Plan, Skip, rows_of
from logq.query.running import Prepared
from logq.query.source import Reading
from logq.units import format_bytes, format_time

SHOWN = 20
"""Segments listed one by one; of more only their number."""


def explain(prepared: Prepared, timings: str | None) -> str:
    """The text of an explanation; ``timings`` is DuckDB's own account."""
    program = prepared.program
    events = prepared.events(prepared.plan)
    statements = []
    for table in program.computed:
        statements.append(with_steps(table.select.copy(), events, table.ctes))
    statements.append(program.sql(events))
    parts = []
    for sql, made in zip(statements, [*program.computed, None], strict=True):
        into = f"-- rows of the table {made.name!r}, which LogQ computes\n" if made else ""
        parts.append(into + render(sql, pretty=True) + ";")
    if macros := used_by("\n".join(render(sql) for sql in statements)):
        parts.append("-- with these macros\n" + "\n".join(f"{m};" for m in macros))
    for plan in prepared.plans.values():
        parts.append(_reads(plan))
        if plan.skips:
            parts.append(_skips(plan))
    if prepared.newest is not None:
        parts.append("-- read from the newest event backwards, until enough rows are found")
    if timings is not None:
        parts.append(timings)
    return "\n\n".join(parts) + "\n"


def _reads(plan: Plan) -> str:
    events = sum(rows_of(reading) for reading in plan.readings)
    lines = [f"-- reads {_count(len(plan.readings), 'segment')} with {events:,} events"]
    lines += [f"--   {_reading(reading)}" for reading in plan.readings[:SHOWN]]
    if len(plan.readings) > SHOWN:
        lines.append(f"--   and {len(plan.readings) - SHOWN:,} more")
    return "\n".join(lines)


def _reading(reading: Reading) -> str:
    piece = reading.piece
    span = f"{format_time(piece.start)} to {format_time(piece.end)}"
    groups = len(piece.row_groups)
    if piece.path is None:
        amount = "in the journal"
    elif reading.ranges is None:
        amount = f"all of {_count(groups, 'row group')}, {format_bytes(piece.bytes)}"
    else:
        amount = f"{rows_of(reading):,} of {piece.rows:,} events in {_count(groups, 'row group')}"
    return f"{piece.group} {piece.name}: {span}, {amount}"


def _skips(plan: Plan) -> str:
    whole = Counter(skip.reason for skip in plan.skips if skip.row_groups is None)
    parts: Counter[str] = Counter()
    for skip in plan.skips:
        parts[skip.reason] += skip.row_groups or 0
    lines = ["-- leaves out"]
    lines += [f"--   {_count(n, 'segment')}: {reason}" for reason, n in whole.items()]
    lines += [f"--   {_count(n, 'row group')}: {reason}" for reason, n in parts.items() if n]
    lines += [f"--     {_skip(skip)}" for skip in plan.skips[:SHOWN]]
    return "\n".join(lines)


def _skip(skip: Skip) -> str:
    span = f"{format_time(skip.piece.start)} to {format_time(skip.piece.end)}"
    amount = "" if skip.row_groups is None else f", {_count(skip.row_groups, 'row group')}"
    return f"{skip.piece.group} {skip.piece.name}: {span}{amount}: {skip.reason}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
