"""Measure LogQ: ``python -m tests.bench``.

Every figure stands beside a reference of the same run on the same data, and both sides must give
equal answers. Sides take turns; the best of several runs counts, for the machine may be busy with
other things. Generated files stay in ``.bench/``, the data of the last run in ``.bench/last``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.bench import metrics, mining, report, scenes, serving, watching
from tests.bench.measuring import ROOT, Row
from tests.bench.scenes import Bench

_SCENES = frozenset(
    {"ingest", "start", "small", "metrics", "server", "filters", "alarms", "patterns"}
)


def measure(bench: Bench, only: Sequence[str] = ()) -> Iterator[Row]:
    """The rows of all scenes, or of those and the questions that ``only`` names."""

    def wanted(scene: str) -> bool:
        return not only or scene in only

    if wanted("ingest"):
        yield from scenes.ingest(bench)
    if wanted("queries"):
        yield from scenes.queries(bench)
    elif others := set(only) - _SCENES:
        yield from scenes.queries(bench, lambda name: any(part in name for part in others))
    if wanted("patterns"):
        yield from mining.patterns(bench)
    if wanted("start"):
        yield from scenes.start(bench)
    if wanted("small"):
        yield from scenes.small(bench)
    if wanted("metrics"):
        yield from metrics.metrics(bench)
    if wanted("server"):
        yield from serving.server(bench)
    if wanted("filters"):
        yield from watching.filters(bench)
    if wanted("alarms"):
        yield from watching.alarms(bench)


def main(
    arguments: Sequence[str] | None = None, tell: Callable[[str], object] = print
) -> list[Row]:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure LogQ.")
    parser.add_argument("--events", type=int, default=1_000_000, help="events of each corpus")
    parser.add_argument("--repeats", type=int, default=3, help="how often a load is measured")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    parser.add_argument("--work", type=Path, default=ROOT / ".bench", help="where files are kept")
    parser.add_argument(
        "--only",
        nargs="+",
        default=(),
        metavar="NAME",
        help="ingest, queries, start, small, metrics, server, filters, alarms, patterns, or parts "
        "of the names of questions; these and patterns use the data of the last run with ingest",
    )
    chosen = parser.parse_args(arguments)
    bench = Bench(chosen.events, chosen.work, chosen.repeats)
    rows = []
    for row in measure(bench, chosen.only):
        rows.append(row)
        print(row.name, "...", file=sys.stderr)
    tell(report.table(rows))
    if chosen.out is not None:
        chosen.out.write_text(report.to_json(rows, bench.events), encoding="utf-8")
    return rows


if __name__ == "__main__":
    main()
