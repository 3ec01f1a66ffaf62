"""LogQ's side of the benchmark; every function is a task of ``tests.bench.child``."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from logq.app import LogQ

GROUP = "bench"


def ingest(data: str, files: Sequence[str]) -> dict[str, int]:
    """Load files into a fresh data directory."""
    with LogQ(Path(data), environ={}) as logq:
        report = logq.load(files, GROUP)
    return {"events": report.total.events, "disk": size(data)}


def compact(data: str) -> dict[str, int]:
    """Seal and compact a data directory, and drop what that replaced."""
    with LogQ(Path(data), environ={}) as logq:
        logq.storage.seal()
        logq.storage.compact()
    later = time.time_ns() // 1_000_000 + 86_400_000
    with LogQ(Path(data), environ={}, clock=lambda: later) as logq:
        logq.storage.retention()
        pieces = logq.storage.snapshot([GROUP]).pieces
    return {"segments": len(pieces), "disk": size(data)}


def answers(data: str, threads: int) -> Callable[[str], Any]:
    """Answer queries over a data directory."""
    logq = LogQ(Path(data), environ={"LOGQ_QUERY_THREADS": str(threads)})

    def answer(text: str) -> list[list[Any]]:
        return [list(row) for row in logq.queries.run(text, groups=[GROUP]).rows()]

    return answer


def mines(data: str, threads: int) -> Callable[[str], Any]:
    """Find the patterns of all messages of a data directory, which are in memory before."""
    import duckdb
    from sqlglot import exp

    from logq.query.build import alias, column, fn, number, render
    from logq.query.commands.pattern import rows_of
    from logq.query.templates.shapes import counted, patterns

    logq = LogQ(Path(data), environ={"LOGQ_QUERY_THREADS": str(threads)})
    found = logq.queries.run("fields @timestamp, @message", groups=[GROUP], limit=10**9)
    connection = duckdb.connect(config={"threads": str(threads)})
    connection.register("lines", found.arrow().read_all())
    lines = exp.Select().from_("lines")
    for name, value in (
        ("line", column("@message")),
        ("time", fn("epoch_ms", column("@timestamp"))),
        ("side", number(0)),
    ):
        lines = lines.select(alias(value, name))
    sql = render(counted(lines, None))

    def answer(_: str) -> list[list[Any]]:
        batches = connection.sql(sql).to_arrow_reader(50_000)
        return [[row[0], row[2]] for row in rows_of(patterns(batches, None), None)]

    return answer


def plans(data: str) -> Callable[[str], Any]:
    """Take a snapshot and plan a query over a data directory, without running it."""
    from logq.query.request import read

    logq = LogQ(Path(data), environ={})

    def prepare(text: str) -> int:
        request = read(text, [GROUP], None, None, None, logq.clock(), logq.settings)
        return len(logq.queries.prepare(request).plan.readings)

    return prepare


def segments(data: str, file: str, count: int) -> dict[str, int]:
    """Make a segment of every ``count``-th part of a file of JSON events."""
    parsed = _parse(Path(file).read_bytes().splitlines())
    with LogQ(Path(data), environ={}) as logq:
        logq.settings = replace(logq.settings, journal_batch_bytes=0)
        logq.ensure_group(GROUP)
        rows = parsed.num_rows // count
        for number in range(count):
            logq.storage.events.append(GROUP, parsed.slice(number * rows, rows))
        pieces = logq.storage.snapshot([GROUP]).pieces
    return {"segments": len(pieces), "disk": size(data)}


def appends(data: str, file: str, batches: int, rows: int) -> list[float]:
    """Seconds that each of many small appends took, parsing left out."""
    with Path(file).open("rb") as lines:
        parsed = _parse([next(lines).rstrip(b"\n") for _ in range(batches * rows)])
    taken = []
    with LogQ(Path(data), environ={}) as logq:
        logq.ensure_group(GROUP)
        for number in range(batches):
            part = parsed.slice(number * rows, rows)
            began = time.perf_counter()
            logq.storage.events.append(GROUP, part)
            taken.append(time.perf_counter() - began)
    return taken


def loads(data: str, file: str) -> dict[str, float]:
    """What loading a file costs in a program that has loaded something before."""
    with LogQ(Path(data), environ={}) as logq:
        logq.load([file], "warm")
        cpu, wall = time.process_time(), time.monotonic()
        report = logq.load([file], GROUP)
        return {
            "cpu": time.process_time() - cpu,
            "wall": time.monotonic() - wall,
            "events": report.total.events,
        }


def accepts(data: str, batches: str) -> dict[str, float]:
    """What storing stated events costs, batch by batch."""
    from logq.ingest.incoming import incoming

    read = json.loads(Path(batches).read_bytes())
    with LogQ(Path(data), environ={}) as logq:
        logq.ensure_group(GROUP)
        cpu, wall = time.process_time(), time.monotonic()
        for texts in read:
            logq.accept(GROUP, incoming(texts, [logq.clock()] * len(texts), "s0"))
        return {"cpu": time.process_time() - cpu, "wall": time.monotonic() - wall}


def size(data: str) -> int:
    """Bytes of the events on disk: segments, text indexes and the catalog."""
    return sum(
        (Path(folder) / name).stat().st_size for folder, _, names in os.walk(data) for name in names
    )


def _parse(lines: list[bytes]) -> Any:
    from logq.ingest.parser import Parser

    return Parser().parse(lines, stream="app", arrival=time.time_ns() // 1_000_000).batch


def watched_load(data: str, files: Sequence[str], filters: int) -> dict[str, float]:
    """Load files into a log group with metric filters; how many samples these count."""
    from tests.bench import corpus

    later = corpus.START + corpus.DAY
    with LogQ(Path(data), environ={}, clock=lambda: later) as logq:
        _put_filters(logq, GROUP, filters)
        logq.load(files, GROUP)
        return {"counted": _counted(logq)}


def would_count(files: Sequence[str], filters: int) -> int:
    """How many samples those filters have to count, found without LogQ."""
    events = [json.loads(line) for file in files for line in Path(file).read_bytes().splitlines()]
    return sum(_matches(number, event) for number in range(filters) for event in events)


def minute(data: str, file: str, events: int, groups: int, filters: int) -> dict[str, float]:
    """Accept events of one minute in several log groups, 500 at a time."""
    from logq.ingest.incoming import incoming

    with Path(file).open() as lines:
        texts = [line.rstrip("\n") for line, _ in zip(lines, range(events), strict=False)]
    texts = (texts * (events // len(texts) + 1))[:events]
    with LogQ(Path(data), environ={}) as logq:
        for group in range(groups):
            _put_filters(logq, f"{GROUP}/{group}", filters)
        for number, first in enumerate(range(0, events, 500)):
            part = texts[first : first + 500]
            times = [logq.clock()] * len(part)
            logq.accept(f"{GROUP}/{number % groups}", incoming(part, times, "s0"))
        return {"counted": _counted(logq)}


_FILTERS: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    ('{ $.level = "ERROR" }', "1", lambda e: e["level"] == "ERROR"),
    ("{ $.http.status >= 500 }", "1", lambda e: e["http"]["status"] >= 500),
    ("{ $.duration_ms > 100 }", "$.duration_ms", lambda e: e["duration_ms"] > 100),
    (
        '{ $.service = "payment" && $.http.method = "POST" }',
        "$.http.bytes",
        lambda e: e["service"] == "payment" and e["http"]["method"] == "POST",
    ),
)


def _matches(number: int, event: Any) -> bool:
    return _FILTERS[number % len(_FILTERS)][2](event)


def _put_filters(logq: LogQ, group: str, filters: int) -> None:
    from dataclasses import asdict

    from logq.metrics.filter import KIND, MetricFilter

    logq.ensure_group(group)
    for number in range(filters):
        pattern, value, _ = _FILTERS[number % len(_FILTERS)]
        wanted = MetricFilter(pattern, "bench", f"m{number}", value=value)
        logq.storage.definitions.put(KIND, f"f{number}", asdict(wanted), group=group)


def _counted(logq: LogQ) -> int:
    with logq.storage.database.read() as connection:
        (found,) = connection.execute("SELECT sum(samples) FROM datapoints").fetchone()
    return int(found or 0)


def alarms(data: str, count: int) -> dict[str, float]:
    """CPU seconds of one minute's evaluation of alarms: when nothing changes, and when all do."""
    from logq.alarms.definition import Actions, Alarm, Check, MetricWatch
    from logq.alarms.state import State
    from logq.metric import DataQuery, Datum, Metric, MetricStat

    now = 1_795_510_800_000
    named = [Metric("bench", "errors", (("host", f"h{n}"),)) for n in range(count)]
    with LogQ(Path(data), environ={}, clock=lambda: now) as logq:
        monitoring = logq.monitoring
        with logq.storage.database.write():
            topic = logq.place.topic("people")
            for number, metric in enumerate(named):
                check = Check("GreaterThanThreshold", 5, 3, 2)
                query = DataQuery("m1", MetricStat(metric, "Sum", 60))
                watch = MetricWatch((query,), check, 60)
                monitoring.alarms.put(Alarm(f"a{number}", watch, actions=Actions(alarm=(topic,))))

        def minute(value: float) -> float:
            nonlocal now
            data = [Datum(metric, now // 1000, (value,)) for metric in named]
            with logq.storage.database.write() as connection:
                monitoring.metrics.add(connection, data)
            now += 60_000
            cpu = time.process_time()
            monitoring.alarms.tick(now + 5_000)
            return time.process_time() - cpu

        minute(1)
        minute(1)
        steady = minute(1)
        minute(9)
        flip = minute(9)
        states = [each.standing.state for each in monitoring.alarms.describe()]
        return {"steady": steady, "flip": flip, "ringing": states.count(State.ALARM)}


def month(data: str, events: int, apart: int, burst: int) -> dict[str, int]:
    """Store a month of events, evenly; of ``apart`` of them the first ``burst`` are errors."""
    from logq.ingest.incoming import incoming

    Path(data).parent.mkdir(parents=True, exist_ok=True)
    end = time.time_ns() // 1_000_000
    step = 30 * 86_400_000 // events
    with LogQ(Path(data), environ={}) as logq:
        logq.ensure_group(GROUP)
        texts = [
            '{"level": "ERROR"}' if n % apart < burst else '{"level": "INFO"}'
            for n in range(events)
        ]
        times = [end - (events - n) * step for n in range(events)]
        logq.accept(GROUP, incoming(texts, times, "s0"))
    return {"events": events}
