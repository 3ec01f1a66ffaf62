"""Follow log groups of a server, also over a restart of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from logq.cli.following import LATER, LaterColumn
from logq.cli.session import Session
from logq.renderer import Answer, Row, batches

if TYPE_CHECKING:
    from logq.client.remote import Remote
    from logq.query.filter_pattern import FilterPattern


def newest(
    remote: Remote, text: str, groups: Sequence[str], count: int, pattern: FilterPattern | None
) -> Answer:
    """The newest events of a query, oldest first."""
    result = remote.queries.run(text, groups=groups, limit=count, pattern=pattern)
    return Answer(result.columns, batches(list(result.rows())[::-1]))


def following(
    run: Session,
    remote: Remote,
    text: str,
    groups: Sequence[str],
    count: int,
    *,
    filter: str | None,
    query: str | None,
) -> Answer:
    """The newest events, oldest first, and then every new one; it does not end."""
    asked = remote.queries.run(text, groups=groups, limit=1)
    for _ in asked.rows():
        pass
    columns = [LaterColumn(c.name, LATER.get(c.type, "dynamic")) for c in asked.columns]

    def parts() -> Iterator[Sequence[Row]]:
        from logq.client.tailing import follow

        for message in follow(
            remote.server, groups, count, filter=filter, query=query, lost=run.warn
        ):
            data = message.data or {}
            if message.kind == "warning":
                run.warn(str(data["message"]))
            elif message.kind == "dropped":
                run.warn(f"{data['events']:,} events came too fast to be shown")
            elif message.data is not None:
                yield [_row(data, columns)]

    return Answer(columns, parts())


def _row(data: Mapping[str, Any], columns: Sequence[LaterColumn]) -> Row:
    return tuple(_value(data.get(column.name), column.type) for column in columns)


def _value(value: Any, kind: str) -> Any:
    from logq.units import parse_iso

    if value is None:
        return None
    if kind == "timestamp":
        return parse_iso(str(value))
    return json.dumps(value, ensure_ascii=False)
