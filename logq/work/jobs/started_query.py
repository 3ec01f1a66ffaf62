"""The job ``started_query``: run a query whose answer is fetched later, as CloudWatch writes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

import orjson

from logq.values import cell_writer
from logq.work.answering import answer_of
from logq.work.job import job
from logq.work.readable import readable_queries

if TYPE_CHECKING:
    from logq.app import LogQ
    from logq.work.worker import Out


@job("started_query")
def started_query(
    logq: LogQ,
    out: Out,
    *,
    text: str,
    groups: Sequence[str],
    readable: Sequence[str] | None,
    usable: Mapping[str, Sequence[str]] | None = None,
    start: int,
    end: int,
    limit: int | None,
) -> dict[str, Any]:
    """Write each row as a line: a JSON list of ``{field, value}`` without what is missing.

    All values are texts; rows that are events end with ``@ptr``. The header has ``groups``, the
    summary ``rows`` and ``stats``.
    """
    result = readable_queries(logq, readable, usable).run(
        text, groups=groups, start=start, end=end, limit=limit, pointers=True
    )
    out.header({"groups": result.groups})
    writers = [(column.name, cell_writer(column.type, UTC)) for column in result.columns]
    count = 0
    for batch in answer_of(result).batches:
        for row in batch:
            cells = [
                {"field": name, "value": write(value)}
                for (name, write), value in zip(writers, row, strict=True)
                if value is not None
            ]
            out.write(orjson.dumps(cells, option=orjson.OPT_APPEND_NEWLINE))
        out.flush()
        count += len(batch)
    return {"rows": count, "stats": dataclasses.asdict(result.stats)}
