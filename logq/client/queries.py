"""Queries that run on a server."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from logq.client.server import Server, error_of
from logq.errors import ServerUnavailable

if TYPE_CHECKING:
    import httpx2
    import pyarrow as pa

    from logq.query.result import Result

FRAMES = "application/vnd.logq.frames+ndjson"
ARROW = "application/vnd.apache.arrow.stream"
_STATS = (
    *("records_matched", "records_scanned", "bytes_scanned"),
    *("row_groups_pruned", "elapsed_ms"),
)


class Pattern(Protocol):
    """A filter pattern."""

    @property
    def text(self) -> str: ...


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
        pattern: Pattern | None = None,
        strict: bool | None = None,
    ) -> Result:
        """Run a query over log groups within times (epoch ms, inclusive); raises LogQError.

        With a filter pattern only events that match it reach the query.
        """
        asked = {
            "query": text,
            "groups": list(groups),
            "start": start,
            "end": end,
            "limit": limit,
            "filter": pattern.text if pattern else None,
            "strict": strict,
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
            header = orjson.loads(next(lines, b"") or b"{}")
            if "columns" not in header:
                raise ServerUnavailable("the answer ended before it began", hint="ask again")
            unwinding.pop_all()
        return self._result(header, lines, stack, asked)

    def _result(
        self,
        header: Mapping[str, Any],
        lines: Iterator[bytes],
        stack: ExitStack,
        asked: Mapping[str, Any],
    ) -> Result:
        from logq.query.result import Result, ResultColumn, Shape, Stats
        from logq.query.value import Type

        shape = header["shape"]
        buckets = {shape["time_column"]: shape["bucket_ms"]}
        ended: dict[str, Any] = {}

        def rows() -> Iterator[tuple[Any, ...]]:
            with stack:
                for line in lines:
                    found = orjson.loads(line)
                    if isinstance(found, list):
                        yield tuple(found)
                        continue
                    if "error" in found:
                        raise error_of(found["error"])
                    ended.update(found)
                    result.warnings += found["warnings"]
                    result.truncated = found["truncated"]
                    return
                raise ServerUnavailable(
                    "the answer ended before its end", hint="was the server stopped? ask again"
                )

        def arrow() -> pa.RecordBatchReader:
            stack.close()  # asked for anew, in the form that keeps every type
            return self._arrow(asked)

        result = Result(
            tuple(
                ResultColumn(one["name"], Type(one["type"]), buckets.get(one["name"]))
                for one in header["columns"]
            ),
            Shape(tuple(shape["keys"]), frozenset(shape["additive"])),
            [],
            rows,
            arrow,
            lambda: Stats(**ended.get("stats", dict.fromkeys(_STATS, 0))),
            tuple(header["groups"]),
        )
        return result

    def _arrow(self, asked: Mapping[str, Any]) -> pa.RecordBatchReader:
        import pyarrow as pa

        stack = ExitStack()
        headers = {"Accept": ARROW}
        response = stack.enter_context(
            self._server.stream("POST", "/query", json=asked, headers=headers, patient=True)
        )
        reader = pa.ipc.open_stream(_Body(response.iter_bytes()))

        def batches() -> Iterator[pa.RecordBatch]:
            with stack:
                yield from reader

        return pa.RecordBatchReader.from_batches(reader.schema, batches())

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
