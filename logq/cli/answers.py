"""Run a query and print its answer: what 'query', 'tail' and 'demo' share."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq import renderer
from logq.cli import listing
from logq.cli.options import Range
from logq.cli.session import Session
from logq.units import format_bytes, format_duration, parse_zone

if TYPE_CHECKING:
    from logq.app import LogQ
    from logq.client.remote import Remote
    from logq.query.result import Stats

PATIENCE = 1.0
"""Seconds after which a person is told that something is going on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query and how its answer is wanted."""

    text: str
    groups: Sequence[str]
    range: Range = Range(None, None)
    limit: int | None = None
    output: str | None = None
    file: str | None = None
    zone: str = "UTC"
    stats: bool = False
    strict: bool | None = None


def ask(run: Session, logq: LogQ | Remote, asked: Asked) -> int:
    """Run the query, print its answer and return the number of rows."""
    from logq.work.answering import answer_of

    run.query = asked.text
    options = renderer.Options(parse_zone(asked.zone), asked.file)
    output = asked.output or listing.default_format(run)
    renderer.get(output)  # a misspelt format is told before the work
    with Ticker(run) as ticker:
        result = logq.queries.run(
            asked.text,
            groups=asked.groups,
            start=asked.range.start,
            end=asked.range.end,
            limit=asked.limit,
            strict=asked.strict,
        )
        answer = answer_of(result, ticker.stop)
        count = renderer.render(output, answer, run.out, options)
    for warning in result.warnings:
        run.warn(warning)
    if asked.stats:
        run.say(describe(result.stats, count))
    return count


def describe(stats: Stats, rows: int) -> str:
    """The line that ``--stats`` prints."""
    return (
        f"{rows:,} rows; {stats.records_matched:,} records matched, "
        f"{stats.records_scanned:,} scanned ({format_bytes(stats.bytes_scanned)}), "
        f"{stats.row_groups_pruned:,} row groups left out; {format_duration(stats.elapsed_ms)}"
    )


class Ticker:
    """Says on a terminal how long a query has been running, until its answer comes."""

    def __init__(self, run: Session) -> None:
        self._screen = run.err
        self._silent = run.quiet or not run.err.terminal
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Ticker:
        if not self._silent:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Wipe the line; may be called again."""
        if not self._done.is_set():
            self._done.set()
            if not self._silent:
                self._thread.join()

    def _tick(self) -> None:
        begun = time.monotonic()
        shown = ""
        while not self._done.wait(PATIENCE):
            shown = f"running, {time.monotonic() - begun:.0f} s"
            self._screen.write(f"\r{shown}")
            self._screen.flush()
        if shown:
            self._screen.write(f"\r{' ' * len(shown)}\r")  # a dumb terminal can do that
            self._screen.flush()
