"""Lines counted by template: shapes of lines come in, the most frequent first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from logq.query.templates import miner
from logq.query.templates.template import (
    ANYTHING,
    Sample,
    Template,
    describe,
    own_widths,
    width,
)
from logq.query.templates.tokens import VALUE, chunks

SHAPES = 5_000
"""So many shapes are looked at at once, with the templates of those before."""
MOST_SHAPES = 50_000
"""Rarer shapes than so many only join templates that there are, or the rest."""
TEMPLATES = 2_000
"""So many templates are kept apart; what is rarer becomes one."""
SAMPLES = 200
"""Of so many lines of a template the values are looked at."""
REST: miner.Chunks = (VALUE,)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many lines there are of one kind."""

    widths: tuple[int, ...]
    counts: tuple[int, int]
    """By side: lines of the query's own time, and of the one that it is compared with."""
    buckets: tuple[int, ...]
    """Lines of the query's own time by part of it."""
    samples: tuple[Sample, ...]

    @property
    def lines(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A template and how many lines are of it."""

    template: Template
    counts: tuple[int, int]
    buckets: tuple[int, ...]
    samples: tuple[Sample, ...]


class Counting:
    """Lines counted by template, in bounded memory."""

    def __init__(self) -> None:
        self._tallies: dict[miner.Chunks, Tally] = {}
        self._new = 0
        self._mined = 0
        self._proved: set[miner.Chunks] = set()
        """Templates that stand for several lines."""
        self._templates = miner.Templates(())

    def add(
        self,
        line: str,
        counts: tuple[int, int],
        buckets: Sequence[int],
        samples: Iterable[Sample],
    ) -> None:
        """Count lines that are like this one but for their masked values."""
        cut = chunks(line)
        tally = Tally(own_widths(cut), counts, tuple(buckets), tuple(samples))
        plain = miner.plain(cut)
        template = None if plain in self._tallies else self._templates.of(plain)
        if template is not None:
            self._put(template, _widened(tally, plain, template))
            return
        if self._mined >= MOST_SHAPES and plain not in self._tallies:
            self._put(REST, replace(tally, widths=(ANYTHING,)))
            return
        self._put(plain, tally)
        self._new += 1
        if self._new >= SHAPES:
            self._mine()

    def patterns(self) -> list[Pattern]:
        """Every template with its lines, the most frequent first."""
        self._mine()
        return [
            Pattern(
                describe(template, tally.widths, tally.samples),
                tally.counts,
                tally.buckets,
                tally.samples,
            )
            for template, tally in sorted(self._tallies.items(), key=_rank)
        ]

    def _put(self, template: miner.Chunks, tally: Tally) -> None:
        before = self._tallies.get(template)
        self._tallies[template] = tally if before is None else _sum(before, tally)

    def _mine(self) -> None:
        before = self._tallies
        found = miner.by_template(miner.mine(before, self._proved))
        self._tallies, self._new, self._mined = {}, 0, self._mined + self._new
        for template, lines in found.items():
            for line in sorted(lines, key=lambda one: _rank((one, before[one]))):
                self._put(template, _widened(before[line], line, template))
        ranked = sorted(self._tallies.items(), key=_rank)
        self._tallies = dict(ranked[:TEMPLATES])
        for _, tally in ranked[TEMPLATES:]:
            self._put(REST, replace(tally, widths=(ANYTHING,)))
        self._proved &= self._tallies.keys()
        self._templates = miner.Templates(self._proved)


def _rank(item: tuple[miner.Chunks, Tally]) -> tuple[int, miner.Chunks]:
    template, tally = item
    return -tally.lines, template


def _widened(tally: Tally, line: miner.Chunks, template: miner.Chunks) -> Tally:
    """The tally of a line as one of a template."""
    if line == template or len(line) != len(template):
        return tally
    triples = zip(template, line, tally.widths, strict=True)
    return replace(tally, widths=tuple(width(*triple) for triple in triples))


def _sum(left: Tally, right: Tally) -> Tally:
    samples = left.samples
    if len(samples) < SAMPLES:
        samples = (*samples, *right.samples[: SAMPLES - len(samples)])
    return Tally(
        tuple(map(max, left.widths, right.widths)),
        (left.counts[0] + right.counts[0], left.counts[1] + right.counts[1]),
        tuple(a + b for a, b in zip(left.buckets, right.buckets, strict=True)),
        samples,
    )


def missing_weight(pattern: Pattern) -> dict[int, float]:
    """By side: how many times more lines there are than the samples stand for."""
    sums: defaultdict[int, float] = defaultdict(float)
    for sample in pattern.samples:
        sums[sample.side] += sample.weight
    return {side: pattern.counts[side] / total for side, total in sums.items() if total}
