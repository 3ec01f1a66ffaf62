"""What is measured: loading, asking, starting, and many small pieces."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tests.bench import corpus
from tests.bench.measuring import Cost, Goal, Row, Worker, alternate, best, child, run
from tests.bench.questions import Question, questions_of_json, questions_of_text

MEMORY = 600_000_000
_TOTALS = (
    "stats count(*) as n, sum(http.bytes) as bytes, countDistinct(request_id) as ids, "
    "min(@timestamp) as first, max(@timestamp) as last",
    'select count(*), sum("http.bytes")::bigint, count(distinct request_id), '
    "epoch_ms(min(ts)), epoch_ms(max(ts)) from events",
)
_TEXT_TOTALS = (
    "stats count(*) as n, sum(bytes) as bytes, countDistinct(msg) as texts, "
    "min(@timestamp) as first, max(@timestamp) as last",
    "select count(*), sum(bytes)::bigint, count(distinct msg), "
    "epoch_ms(min(ts)), epoch_ms(max(ts)) from events",
)


@dataclass(frozen=True, slots=True)
class Bench:
    """The size of everything, and where it is kept."""

    events: int
    work: Path
    repeats: int
    """Of a load; questions are asked five times as often."""
    threads: int = os.cpu_count() or 1

    @property
    def cache(self) -> Path:
        """Where generated files stay from run to run."""
        return self.work

    def fresh(self, name: str) -> str:
        """The path of something that is not there."""
        path = self.work / "last" / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        return str(path)


def ingest(bench: Bench) -> Iterator[Row]:
    """Loading files, against DuckDB writing Parquet; leaves the data for ``queries``."""
    yield from _ingest(bench, "json", corpus.json_files(bench.cache, bench.events))
    once = child(
        "logq.ingest",
        data=bench.fresh("once"),
        files=list(map(str, corpus.json_files(bench.cache, bench.events))),
    )
    larger = corpus.json_files(bench.cache, 3 * bench.events)
    data = bench.fresh("larger")
    cost, loaded = child("logq.ingest", data=data, files=list(map(str, larger)))
    shutil.rmtree(data)
    yield Row(
        "memory: load json x 3 against x 1",
        cost,
        once[0],
        Goal("memory", 1.15),
        loaded["events"] == 3 * bench.events,
    )
    yield from _ingest(bench, "text", corpus.text_files(bench.cache, bench.events))


def _ingest(bench: Bench, kind: str, paths: Sequence[Path]) -> Iterator[Row]:
    files = list(map(str, paths))
    raw = sum(path.stat().st_size for path in paths)
    data, table = "", ""

    def ours() -> Cost:
        nonlocal data
        data = bench.fresh(f"{kind}.logq")
        cost, loaded = child("logq.ingest", data=data, files=files)
        return replace(cost, disk=loaded["disk"])

    def reference() -> Cost:
        nonlocal table
        table = bench.fresh(f"{kind}.parquet")
        cost, written = child(f"duckdb.ingest_{kind}", target=table, files=files)
        return replace(cost, disk=written["disk"])

    mine, theirs = alternate(bench.repeats, ours, reference)
    query, sql = _TOTALS if kind == "json" else _TEXT_TOTALS
    with (
        Worker("logq.answers", data=data, threads=bench.threads) as left,
        Worker("duckdb.answers", table=table, threads=bench.threads) as right,
    ):
        equal = left.ask(query)[1] == right.ask(sql)[1]
    goal = Goal("cpu", 1.6) if kind == "json" else None
    yield Row(f"load {kind}", mine, theirs, goal, equal)
    if kind == "json":
        yield Row("memory: load json", mine, theirs, Goal("memory", 0, MEMORY), equal)
    cost, compacted = child("logq.compact", data=data)
    yield Row(
        f"compact {kind}",
        replace(cost, disk=compacted["disk"]),
        mine,
        None,
        None,
        f"{compacted['segments']} segments; against loading",
    )
    yield Row(
        f"disk: {kind} loaded", Cost(disk=mine.disk), Cost(disk=raw), note="against raw bytes"
    )
    yield Row(f"disk: {kind} compacted", Cost(disk=compacted["disk"]), Cost(disk=raw))
    yield Row(f"disk: {kind} DuckDB", Cost(disk=theirs.disk), Cost(disk=raw))


def queries(bench: Bench, wanted: Callable[[str], bool] = lambda _: True) -> Iterator[Row]:
    """Questions to compacted segments, against SQL over one sorted Parquet file."""
    yield from _ask(bench, "json", questions_of_json(*_some_event(bench)), wanted)
    yield from _ask(bench, "text", questions_of_text(), wanted)


def _some_event(bench: Bench) -> tuple[str, str]:
    """The request id of an event in the middle, and the name of a stream."""
    file = corpus.json_files(bench.cache, bench.events)[corpus.STREAMS // 2]
    with file.open("rb") as lines:
        lines.seek(file.stat().st_size // 2)
        lines.readline()
        return json.loads(lines.readline())["request_id"], file.name


def _ask(
    bench: Bench, kind: str, questions: Sequence[Question], wanted: Callable[[str], bool]
) -> Iterator[Row]:
    chosen = [question for question in questions if wanted(question.name)]
    if not chosen:
        return
    data = str(bench.work / "last" / f"{kind}.logq")
    table = bench.fresh(f"{kind}-sorted.parquet")
    child("duckdb.sort", source=str(bench.work / "last" / f"{kind}.parquet"), target=table)
    with (
        Worker("logq.answers", data=data, threads=bench.threads) as left,
        Worker("duckdb.answers", table=table, threads=bench.threads) as right,
    ):
        for question in chosen:
            _, mine = left.ask(question.query)
            _, theirs = right.ask(question.sql)
            costs = alternate(
                5 * bench.repeats,
                partial(_cost, left, question.query),
                partial(_cost, right, question.sql),
            )
            yield Row(
                question.name, *costs, question.goal, question.same(mine, theirs) and bool(mine)
            )


def _cost(worker: Worker, question: str) -> Cost:
    return worker.ask(question)[0]


def start(bench: Bench) -> Iterator[Row]:
    """Starting the program, against starting Python."""
    bare = [sys.executable, "-c", "pass"]
    version = [sys.executable, "-m", "logq", "--version"]
    run(version)
    costs = alternate(5 * bench.repeats, lambda: run(version)[0], lambda: run(bare)[0])
    yield Row("logq --version", *costs, Goal("wall", 0, 0.150), note="against python -c pass")
    data = bench.fresh("small")
    file = corpus.json_files(bench.cache, bench.events)[0]
    small = bench.fresh("small.ndjson")
    with file.open("rb") as lines:
        Path(small).write_bytes(b"".join(next(lines) for _ in range(1_000)))
    child("logq.ingest", data=data, files=[small])
    query = [sys.executable, "-m", "logq", "--data", data, "query", "-g", "bench", "-o", "json"]
    query.append("stats count(*) as n")
    (_, printed), (_, _) = run(query), run(bare)
    costs = alternate(3 * bench.repeats, lambda: run(query)[0], lambda: run(bare)[0])
    yield Row(
        "logq query, small",
        *costs,
        Goal("cpu", 0, 0.500),
        json.loads(printed) == [{"n": 1_000}],
        "against python -c pass",
    )


def small(bench: Bench) -> Iterator[Row]:
    """Many small segments, and many small batches."""
    file = str(corpus.json_files(bench.cache, bench.events)[0])
    data = bench.fresh("segments")
    segments = min(1_000, bench.events // 400)
    child("logq.segments", data=data, file=file, count=segments)
    with (
        Worker("logq.plans", data=data) as planner,
        Worker("logq.answers", data=data, threads=bench.threads) as left,
        Worker("duckdb.glob", folder=data) as right,
    ):
        query, sql = (
            "stats count(*) as n by level",
            "select level, count(*) from events group by level",
        )
        mine, theirs = left.ask(query)[1], right.ask(sql)[1]
        costs = alternate(
            2 * bench.repeats, partial(_cost, left, query), partial(_cost, right, sql)
        )
        plans = best([planner.ask(query)[0] for _ in range(5 * bench.repeats)])
        equal = sorted(mine) == sorted(theirs)
    name = f"{segments} small segments"
    yield Row(f"{name}: count by level", *costs, None, equal, "against a glob over its files")
    yield Row(f"{name}: snapshot and plan", plans, costs[0], note="against the whole query")
    rows = 10
    batches = min(400, bench.events // corpus.STREAMS // rows // 2)
    arguments = {"file": file, "batches": batches, "rows": rows}
    _, mine = child("logq.appends", data=bench.fresh("appends"), **arguments)
    _, theirs = child("duckdb.appends", target=bench.fresh("appends.log"), **arguments)
    for share in (50, 99):
        yield Row(
            f"append of {rows} events, p{share}",
            Cost(wall=_percentile(mine, share)),
            Cost(wall=_percentile(theirs, share)),
            note="against write and fsync of the same bytes",
        )


def _percentile(values: Sequence[float], share: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * share // 100)]
