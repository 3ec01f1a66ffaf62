"""The job ``query``: run a query and write its rows in an output format."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import orjson

from logq import renderer
from logq.query.filter_pattern import parse_pattern
from logq.terminal import Screen
from logq.units import parse_zone
from logq.values import json_writer
from logq.work.answering import answer_of
from logq.work.job import job
from logq.work.readable import readable_queries

if TYPE_CHECKING:
    from logq.app import LogQ
    from logq.work.worker import Out

VALUES = "values"
"""An output for programs: one JSON array a row, times as epoch milliseconds."""


@job("query")
def query(
    logq: LogQ,
    out: Out,
    *,
    text: str,
    groups: Sequence[str] = (),
    readable: Sequence[str] | None = None,
    usable: Mapping[str, Sequence[str]] | None = None,
    start: int | None = None,
    end: int | None = None,
    limit: int | None = None,
    output: str = "ndjson",
    matched: bool = True,
    zone: str = "UTC",
    filter: str | None = None,
    pointers: bool = False,
    strict: bool | None = None,
) -> dict[str, Any]:
    """Run ``text``; ``readable`` names the log groups that may be read, None all.

    ``usable`` names definitions likewise, by kind. ``filter`` is a filter pattern that events must
    match first; with ``pointers`` rows that are events have ``@ptr``;
    ``strict`` goes before the setting ``compat``. Times are written in
    ``zone``. ``matched`` counts the matched events, which may read them again. The header has
    ``columns``, ``groups`` and ``shape`` (see ``renderer.Shape``), the summary ``rows``,
    ``truncated``, ``warnings`` and ``stats``.
    """
    result = readable_queries(logq, readable, usable).run(
        text,
        groups=groups,
        start=start,
        end=end,
        limit=limit,
        pattern=None if filter is None else parse_pattern(filter),
        pointers=pointers,
        strict=strict,
    )
    answer = answer_of(result)
    shape = dataclasses.asdict(answer.shape)
    out.header(
        {
            "columns": [{"name": c.name, "type": c.type} for c in result.columns],
            "groups": result.groups,
            "shape": {**shape, "additive": sorted(answer.shape.additive)},
        }
    )
    if output == VALUES:
        rows = write_values(answer, out)
    else:
        rows = renderer.render(
            output, answer, Screen(cast(BinaryIO, out)), renderer.Options(parse_zone(zone))
        )
    stats = dataclasses.asdict(result.stats) if matched else {}
    return {
        "rows": rows,
        "truncated": result.truncated,
        "warnings": result.warnings,
        "stats": stats,
    }


def write_values(answer: renderer.Answer, out: Out) -> int:
    """Write every row as a JSON array."""
    numbers = [
        (index, json_writer(column.type, UTC))
        for index, column in enumerate(answer.columns)
        if column.type in ("integer", "number")
    ]
    count = 0
    for batch in answer.batches:
        for row in batch:
            values = list(row)
            for index, write in numbers:
                if write is not None and values[index] is not None:
                    values[index] = write(values[index])  # wider than 64 bits, or no number at all
            out.write(orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE))
        out.flush()
        count += len(batch)
    return count
