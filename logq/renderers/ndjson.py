"""One JSON object a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

import orjson

from logq.renderer import Answer, Column, Options, Row, renderer
from logq.terminal import Screen
from logq.values import json_writer


def object_writer(
    columns: Sequence[Column], zone: tzinfo, option: int = 0
) -> Callable[[Row], bytes]:
    """Writes a row as a JSON object; what is missing is absent."""
    writers = [(column.name, json_writer(column.type, zone)) for column in columns]

    def write(row: Row) -> bytes:
        values = {}
        for (name, convert), value in zip(writers, row, strict=True):
            if value is not None:
                value = convert(value) if convert else value
                if value is not None:
                    values[name] = value
        return orjson.dumps(values, option=option)

    return write


@renderer("ndjson", "one JSON object a line; what is missing is absent (default when piped)")
def render(answer: Answer, screen: Screen, options: Options) -> int:
    """Write every row as a line."""
    write = object_writer(answer.columns, options.zone, orjson.OPT_APPEND_NEWLINE)
    count = 0
    for batch in answer.batches:
        screen.write_json(b"".join(map(write, batch)))
        screen.flush()
        count += len(batch)
    return count
