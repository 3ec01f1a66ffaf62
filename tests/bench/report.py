"""The report of a run: a table to read and a JSON file to keep."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from tests.bench.measuring import Cost, Goal, Row

_HEAD = ("", "ours", "reference", "ratio", "wall", "goal", "", "answers")
_VERDICTS = {True: "met", False: "MISSED", None: ""}
_ANSWERS = {True: "equal", False: "DIFFERENT", None: ""}


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text; ``ratio`` is of what the goal is about, else of CPU time."""
    cells = [_HEAD, *map(_cells, rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(len(_HEAD))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if n in (0, 5, 6, 7) else text.rjust(width)
            for n, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def _cells(row: Row) -> tuple[str, ...]:
    of = row.goal.of if row.goal else _measured(row.ours)
    mine, theirs = getattr(row.ours, of), getattr(row.reference, of)
    wall = row.ours.wall / row.reference.wall if row.reference.wall and of != "wall" else 0
    return (
        row.name,
        _amount(of, mine),
        _amount(of, theirs),
        f"{mine / theirs:.2f}" if theirs else "",
        f"{wall:.2f}" if wall else "",
        _goal(row.goal) if row.goal else row.note,
        _VERDICTS[row.met],
        _ANSWERS[row.equal],
    )


def _measured(cost: Cost) -> str:
    return "cpu" if cost.cpu else "wall" if cost.wall else "disk"


def _amount(of: str, value: float) -> str:
    if of in ("memory", "disk"):
        return f"{value / 1e6:,.1f} MB"
    return f"{value * 1000:,.1f} ms"


def _goal(goal: Goal) -> str:
    factor = f"{goal.factor:g} x" if goal.factor else ""
    plus = _amount(goal.of, goal.plus) if goal.plus else ""
    return f"{goal.of} <= {' + '.join(part for part in (factor, plus) if part)}"


def document(rows: Sequence[Row], events: int) -> dict[str, Any]:
    """The rows and where they were measured, for a JSON file."""
    return {
        "events": events,
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "duckdb": version("duckdb"),
            "pyarrow": version("pyarrow"),
        },
        "rows": [row.to_dict() for row in rows],
    }


def to_json(rows: Sequence[Row], events: int) -> str:
    """The JSON file's text."""
    return json.dumps(document(rows, events), indent=1) + "\n"
