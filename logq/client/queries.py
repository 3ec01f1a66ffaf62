"""Queries that run on a server."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from logq.client.server import Server, error_of
from logq.errors import ServerUnavailable

if TYPE_CHECKING:
    import httpx2
    import pyarrow as pa

FRAMES = "application/vnd.logq.frames+ndjson"
ARROW = "application/vnd.apache.arrow.stream"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an answer."""

    name: str
    type: str
    bucket: int | None = None
    """Milliseconds between time buckets."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the columns of an answer belong together."""

    keys: tuple[str, ...] = ()
    additive: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stats:
    """What the server read for a query and how long it took."""

    records_matched: int = 0
    records_scanned: int = 0
    bytes_scanned: int = 0
    row_groups_pruned: int = 0
    elapsed_ms: float = 0.0


@dataclass(slots=True)
class Result:
    """An answer as it comes over the wire; ``rows`` or ``arrow`` may be read once."""

    columns: tuple[Column, ...]
    shape: Shape
    groups: tuple[str, ...]
    _server: Server
    _asked: Mapping[str, Any]
    _lines: Iterator[bytes]
    _open: ExitStack
    warnings: list[str] = field(default_factory=list)
    stats: Stats = field(default_factory=Stats)
    truncated: bool = False

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Rows as the query engine gives them; raises the error with which the query ended."""
        with self._open:
            for line in self._lines:
                found = orjson.loads(line)
                if isinstance(found, list):
                    yield tuple(found)
                    continue
                if "error" in found:
                    raise error_of(found["error"])
                self._end(found)
                return
            raise ServerUnavailable(
                "the answer ended before its end", hint="was the server stopped? ask again"
            )

    def arrow(self) -> pa.RecordBatchReader:
        """The rows as Arrow record batches, asked for anew."""
        import pyarrow as pa

        self._open.close()
        stack = ExitStack()
        response = stack.enter_context(
            self._server.stream(
                "POST", "/query", json=self._asked, headers={"Accept": ARROW}, patient=True
            )
        )
        reader = pa.ipc.open_stream(_Body(response.iter_bytes()))

        def batches() -> Iterator[pa.RecordBatch]:
            with stack:
                yield from reader

        return pa.RecordBatchReader.from_batches(reader.schema, batches())

    def _end(self, summary: Mapping[str, Any]) -> None:
        self.warnings += summary.get("warnings", ())
        self.truncated = bool(summary.get("truncated"))
        self.stats = Stats(**summary.get("stats", {}))


class Queries:
    """The query engine of a server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def run(
        self,
        text: str,
        *,
        groups: Sequence[str] = (),
        start: int | None = None,
        end: int | None = None,
        limit: int | None = None,
    ) -> Result:
        """Run a query over log groups within times (epoch ms, inclusive); raises LogQError."""
        asked = {
            "query": text,
            "groups": list(groups),
            "start": start,
            "end": end,
            "limit": limit,
        }
        asked = {name: value for name, value in asked.items() if value is not None}
        stack = ExitStack()
        response = stack.enter_context(
            self._server.stream(
                "POST", "/query", json=asked, headers={"Accept": FRAMES}, patient=True
            )
        )
        with ExitStack() as unwinding:
            unwinding.push(stack)
            lines = _lines(response)
            header = orjson.loads(next(lines))
            unwinding.pop_all()
        shape = header["shape"]
        columns = tuple(
            Column(
                one["name"],
                one["type"],
                shape["bucket_ms"] if one["name"] == shape["time_column"] else None,
            )
            for one in header["columns"]
        )
        return Result(
            columns,
            Shape(tuple(shape["keys"]), frozenset(shape["additive"])),
            tuple(header["groups"]),
            self._server,
            asked,
            lines,
            stack,
        )

    def explain(
        self,
        text: str,
        *,
        groups: Sequence[str] = (),
        start: int | None = None,
        end: int | None = None,
        analyze: bool = False,
    ) -> str:
        """The SQL of a query, and what it would read."""
        asked = {"query": text, "groups": list(groups), "analyze": analyze}
        times = {"start": start, "end": end}
        asked |= {name: time for name, time in times.items() if time is not None}
        return str(self._server.call("POST", "/explain", json=asked)["explanation"])


def _lines(response: httpx2.Response) -> Iterator[bytes]:
    """The lines of a body, which may hold any text but no line break."""
    rest = b""
    for chunk in response.iter_bytes():
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest


class _Body(io.RawIOBase):
    """A body as a file that Arrow reads."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As every raw file."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
