"""What finding patterns costs in a query, against the miner alone on the same lines in memory."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.measuring import Goal, Row, Worker, alternate
from tests.bench.scenes import Bench

QUERY = "pattern @message | display @pattern, @sampleCount | limit 100000"


def patterns(bench: Bench) -> Iterator[Row]:
    """All text lines of the last ``ingest``."""
    data = str(bench.work / "last" / "text.logq")
    with (
        Worker("logq.answers", data=data, threads=bench.threads) as query,
        Worker("logq.mines", data=data, threads=bench.threads) as miner,
    ):
        equal = query.ask(QUERY)[1] == miner.ask("")[1]
        costs = alternate(bench.repeats, lambda: query.ask(QUERY)[0], lambda: miner.ask("")[0])
    yield Row("pattern", *costs, Goal("cpu", 1.5), equal, "against the miner alone")
