"""The server under load, against the same events stored without one."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import corpus
from tests.bench.load import Load
from tests.bench.measuring import Cost, Goal, Row, child, environment
from tests.bench.scenes import Bench

GROUP = "bench"
EVENTS = 50_000
BATCH = 500
"""Events of one PutLogEvents."""
PIECE = 4 << 20
"""Bytes of one request to /ingest/bulk."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A server in a process of its own."""

    url: str
    pid: int

    def cpu(self) -> float:
        """Seconds of the server without its children, so far."""
        fields = _stat(self.pid)
        return (int(fields[11]) + int(fields[12])) / _TICK

    def memory(self) -> int:
        """Resident bytes of the server and its worker processes."""
        pids = [self.pid, *_children(self.pid)]
        return sum(_resident(pid) for pid in pids)


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # the thread has ended
            found += [int(each) for each in (task / "children").read_text().split()]
    return found


@contextmanager
def running(bench: Bench, data: str) -> Iterator[Server]:
    """A server on a data directory."""
    key = Path(data).with_suffix(".key")
    process = subprocess.Popen(
        [sys.executable, "-m", "logq", "--data", data, "serve", "--port", "0"],
        env={**environment(), "LOGQ_KEY_FILE": str(key)},
        cwd=bench.work,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        first = json.loads(process.stderr.readline())
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        yield Server(first["url"], process.pid)
    finally:
        process.terminate()
        process.wait(60)


def server(bench: Bench) -> Iterator[Row]:
    """Acknowledged events and answered queries of a server."""
    lines = _lines(bench)
    yield _bulk(bench, lines)
    for clients in (1, 16):
        yield _puts(bench, lines, clients)
    yield _queries(bench, lines)
    yield _overload(bench, lines)


def _lines(bench: Bench) -> list[str]:
    """As many events as a scene of a few seconds needs."""
    most = min(bench.events, EVENTS)
    found: list[str] = []
    for file in corpus.json_files(bench.cache, bench.events):
        with file.open() as events:
            found += [line.rstrip("\n") for line in itertools.islice(events, most - len(found))]
    return found


def _bulk(bench: Bench, lines: Sequence[str]) -> Row:
    """The same NDJSON sent to a server and loaded from a file; the program's start counts too."""
    file = Path(bench.fresh("bulk.ndjson"))
    file.write_text("\n".join(lines) + "\n")
    with running(bench, bench.fresh("bulk")) as served:
        load = Load(served.url)
        pieces = _pieces(file.read_bytes())
        load.bulk(GROUP, pieces[:1])  # what a first request costs is not the question
        before, began = served.cpu(), time.monotonic()
        accepted = load.bulk(GROUP, pieces)
        ours = Cost(served.cpu() - before, time.monotonic() - began)
        memory = served.memory()
    embedded = child("logq.loads", data=bench.fresh("embedded"), file=str(file))[1]
    reference = Cost(embedded["cpu"], embedded["wall"])
    return Row(
        "server: bulk NDJSON",
        Cost(ours.cpu, ours.wall, memory),
        reference,
        Goal("cpu", 2.0),
        accepted == embedded["events"] == len(lines),
        _rate(len(lines), file.stat().st_size, ours.wall),
    )


def _pieces(data: bytes) -> list[bytes]:
    pieces = []
    while data:
        end = data.rfind(b"\n", 0, PIECE) + 1 or len(data)
        pieces.append(data[:end])
        data = data[end:]
    return pieces


def _puts(bench: Bench, lines: Sequence[str], clients: int) -> Row:
    """PutLogEvents by some clients, against the same batches accepted in a process."""
    batches = [lines[at : at + BATCH] for at in range(0, len(lines), BATCH)]
    size = sum(map(len, lines))
    with running(bench, bench.fresh(f"puts{clients}")) as served:
        load = Load(served.url)
        load.prepare(GROUP, clients)
        load.puts("warm", batches[:4], load.prepare("warm", 1))
        before, began = served.cpu(), time.monotonic()
        done = load.puts(GROUP, batches, clients)
        ours = Cost(served.cpu() - before, time.monotonic() - began, served.memory())
        stored = load.count(GROUP)
    taken = child("logq.accepts", data=bench.fresh("accepts"), batches=_file(bench, batches))[1]
    note = f"{_rate(len(lines), size, ours.wall)}, {_latency(done.seconds)}"
    return Row(
        f"server: PutLogEvents, {clients} client{'s' if clients > 1 else ''}",
        ours,
        Cost(taken["cpu"], taken["wall"]),
        None,
        stored == done.acknowledged == len(lines),
        note,
    )


def _file(bench: Bench, batches: Sequence[Sequence[str]]) -> str:
    path = Path(bench.fresh("batches.json"))
    path.write_text(json.dumps(batches))
    return str(path)


def _queries(bench: Bench, lines: Sequence[str]) -> Row:
    """Queries of eight clients while two others send events, against the same queries alone."""
    batches = [lines[at : at + BATCH] for at in range(0, len(lines), BATCH)]
    text = "filter http.status >= 500 | stats count(*) as n by bin(5m)"
    with running(bench, bench.fresh("queries")) as served:
        load = Load(served.url)
        load.prepare(GROUP, 2)
        load.puts(GROUP, batches[:40], 2)
        alone = load.queries(GROUP, text, clients=8, seconds=3)
        stop = threading.Event()
        sending = threading.Thread(target=load.puts_until, args=(GROUP, batches, 2, stop))
        sending.start()
        try:
            beside = load.queries(GROUP, text, clients=8, seconds=4)
        finally:
            stop.set()
            sending.join()
        memory = served.memory()
    return Row(
        "server: queries, 8 clients, while ingesting",
        Cost(wall=_share(beside.seconds, 50), memory=memory),
        Cost(wall=_share(alone.seconds, 50)),
        None,
        beside.failed == alone.failed == 0,
        f"{beside.acknowledged / 4:,.0f} queries/s, {_latency(beside.seconds)}; "
        f"alone {alone.acknowledged / 3:,.0f} queries/s",
    )


def _overload(bench: Bench, lines: Sequence[str]) -> Row:
    """Two hundred clients that never wait: who is refused, and is everything else there?"""
    batches = [lines[at : at + BATCH] for at in range(0, len(lines), BATCH)]
    with running(bench, bench.fresh("overload")) as served:
        load = Load(served.url)
        load.prepare(GROUP, 200)
        load.puts(GROUP, batches[:16], 16)
        calm = served.memory()
        stop = threading.Event()
        peak = [calm]

        def watch() -> None:
            while not stop.wait(0.1):
                peak.append(served.memory())

        watching = threading.Thread(target=watch)
        watching.start()
        found: list[Any] = []
        storm = threading.Thread(
            target=lambda: found.append(load.puts_until(GROUP, batches, 200, stop))
        )
        storm.start()
        time.sleep(2)
        asked = load.queries(GROUP, "stats count(*) as n", clients=1, seconds=6)
        stop.set()
        storm.join()
        watching.join()
        stored = load.count(GROUP)
    (done,) = found
    everything = done.acknowledged + BATCH * 16
    return Row(
        "server: overload, 200 clients",
        Cost(wall=_share(asked.seconds, 50), memory=max(peak)),
        Cost(memory=calm),
        Goal("memory", 1.0, 600e6),
        stored >= everything and done.refused > 0 and asked.acknowledged > 0,
        f"{done.acknowledged:,} events acknowledged, {done.refused:,} requests refused, "
        f"{done.failed:,} failed; {asked.acknowledged} queries answered",
    )


def _rate(events: int, size: int, seconds: float) -> str:
    return f"{events / seconds:,.0f} events/s, {size / seconds / 1e6:,.1f} MB/s"


def _latency(seconds: Sequence[float]) -> str:
    return f"p50 {_share(seconds, 50) * 1e3:,.1f} ms, p99 {_share(seconds, 99) * 1e3:,.1f} ms"


def _share(values: Sequence[float], share: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * share // 100)] if values else 0.0
