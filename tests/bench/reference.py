"""DuckDB's side of the benchmark, as a person would write it by hand; see ``ours``.

The tables have the text of every event as ``line``, its file as ``stream``, its time as ``ts`` and
its fields as typed columns; those of nested fields have dots in their names.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

SAMPLE = 1_000
"""Events whose structure stands for all."""
_EPOCH = datetime(1970, 1, 1)
_ACCESS = (
    r'^(\S+) (\S+) (\S+) \[([^\]]+)\] "((\S+) (\S+) (\S+))" (\d+) (\d+) "([^"]*)" "([^"]*)"',
    "remote ident user time request method path protocol status bytes referrer agent",
    "strptime(f.time, '%d/%b/%Y:%H:%M:%S %z')::timestamp",
    {"status": "bigint", "bytes": "bigint"},
)
_NO_TYPES: Mapping[str, str] = {}
_JAVA = (
    r"^(\S+ \S+) \[([^\]]*)\] (\w+) (\S+) - (.*)$",
    "time thread level logger msg",
    "strptime(f.time, '%Y-%m-%d %H:%M:%S.%f')",
    _NO_TYPES,
)


def ingest_json(target: str, files: Sequence[str]) -> dict[str, int]:
    """Write raw text and typed columns of JSON lines as Parquet."""
    connection = duckdb.connect()
    source = f"read_ndjson_objects({_list(files)}, filename = true)"
    ((structure,),) = connection.execute(
        f"select json_group_structure(json) from (from {source} limit {SAMPLE})"
    ).fetchall()
    columns = ", ".join(
        f"f.{'.'.join(map(_name, keys))} as {_name('.'.join(keys))}"
        for keys in _leaves(json.loads(structure))
    )
    connection.execute(
        f"""
        copy (
            select
                strptime(f.timestamp, '%Y-%m-%dT%H:%M:%S.%gZ') as ts,
                line,
                parse_filename(filename) as stream,
                {columns}
            from (
                select json::varchar as line, filename, from_json(json, '{structure}') as f
                from {source}
            )
        ) to '{target}' (format parquet, compression zstd)
        """
    )
    return {"disk": Path(target).stat().st_size}


def ingest_text(target: str, files: Sequence[str]) -> dict[str, int]:
    """Write access logs and Java logs with the fields that regular expressions find."""
    connection = duckdb.connect()
    kinds = ((_ACCESS, "access"), (_JAVA, "java"))
    arms = [_text_arm([f for f in files if kind in Path(f).name], *how) for how, kind in kinds]
    connection.execute(
        f"copy ({' union all by name '.join(arms)}) to '{target}' "
        "(format parquet, compression zstd)"
    )
    return {"disk": Path(target).stat().st_size}


def _text_arm(
    files: Sequence[str], pattern: str, names: str, moment: str, types: Mapping[str, str]
) -> str:
    columns = ", ".join(
        f"f.{_name(n)}::{types.get(n, 'varchar')} as {_name(n)}" for n in names.split()
    )
    return f"""
        select {moment} as ts, line, parse_filename(filename) as stream, {columns}
        from (
            select *, regexp_extract(line, '{pattern}', {names.split()}) as f
            from read_csv(
                {_list(files)}, columns = {{'line': 'varchar'}}, filename = true,
                header = false, auto_detect = false, delim = '\\x01', quote = '', escape = ''
            )
        )
    """


def sort(source: str, target: str) -> dict[str, int]:
    """Write a table again in time order, as one file with DuckDB's usual row groups."""
    duckdb.connect().execute(
        f"copy (from '{source}' order by ts) to '{target}' (format parquet, compression zstd)"
    )
    return {"disk": Path(target).stat().st_size}


def answers(table: str, threads: int) -> Callable[[str], Any]:
    """Answer SQL over a Parquet file that is called ``events``."""
    connection = duckdb.connect(config={"threads": threads})
    connection.execute(f"create view events as from read_parquet('{table}')")

    def answer(sql: str) -> list[list[Any]]:
        rows = connection.execute(sql).fetchall()
        return [[_plain(value) for value in row] for row in rows]

    return answer


def glob(folder: str) -> Callable[[str], Any]:
    """Answer SQL over all Parquet files below a folder, called ``events``."""
    return answers(f"{folder}/**/*.parquet", os.cpu_count() or 1)


def appends(target: str, file: str, batches: int, rows: int) -> list[float]:
    """Seconds that each of many small writes of lines took, made durable one by one."""
    taken = []
    with Path(file).open("rb") as lines, Path(target).open("ab", buffering=0) as sink:
        for _ in range(batches):
            part = b"".join(next(lines) for _ in range(rows))
            began = time.perf_counter()
            sink.write(part)
            os.fsync(sink.fileno())
            taken.append(time.perf_counter() - began)
    return taken


def _leaves(structure: Mapping[str, Any], *above: str) -> Iterator[tuple[str, ...]]:
    for key, below in structure.items():
        if isinstance(below, dict):
            yield from _leaves(below, *above, key)
        else:
            yield (*above, key)


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _list(files: Sequence[str]) -> str:
    return "[" + ", ".join(f"'{file}'" for file in files) + "]"


def _plain(value: Any) -> Any:
    """A value as JSON and LogQ's results have it: times in epoch milliseconds."""
    if isinstance(value, datetime):
        return round((value - _EPOCH).total_seconds() * 1000)
    return value
