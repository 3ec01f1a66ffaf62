"""``anomaly``: the patterns that are not as they were before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq.errors import WrongArguments
from logq.query.command import Command, command
from logq.query.commands.pattern import COLUMNS as PATTERN_COLUMNS
from logq.query.commands.pattern import Pattern, rows_of
from logq.query.compiler import Applied, Step, fold
from logq.query.earlier import earlier
from logq.query.templates.anomalies import anomalies
from logq.query.templates.shapes import buckets, patterns, shapes
from logq.query.templates.table import Rows, computed
from logq.query.value import Type

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = {
    **PATTERN_COLUMNS,
    "@anomalyType": Type.TEXT,
    "@anomalyScore": Type.NUMBER,
    "@anomalyDescription": Type.TEXT,
}
_ID = tuple(PATTERN_COLUMNS).index("@PatternId")


@command("anomaly")
@dataclass(frozen=True)
class Anomaly(Command):
    """Keep the patterns that differ from those of the equally long time directly before.

    A row for everything unusual about a pattern: it is new, occurs far more or less often, has
    other values, other numbers, or more HTTP errors. The highest score (0 to 1) comes first. If
    there were no events before, nothing is unusual.
    """

    syntax = "pattern EXPRESSION | anomaly"
    examples = ("filter @message like /ERROR/ | pattern @message | anomaly",)

    def apply(self, step: Step) -> Step:
        place, pattern = _pattern(step)
        base = pattern.before
        other = base.env.others.during(base, base.done, earlier(base.env.moment, None))
        parts = buckets(base)
        assert isinstance(pattern.command, Pattern)
        source, select = shapes([base, other], pattern.command.value, parts)

        def rows(batches: Iterator[pa.RecordBatch]) -> Rows:
            found = patterns(batches, parts)
            by_id = {row[_ID]: row for row in rows_of(found, parts)}
            return [
                (*by_id[one.pattern.template.id], one.type, one.score, one.description)
                for one in anomalies(found)
            ]

        made = computed(source, self.name, select, COLUMNS, rows)
        return fold(made, [one.command for one in step.trail[place + 1 :]])


def _pattern(step: Step) -> tuple[int, Applied]:
    places = [n for n, one in enumerate(step.trail) if isinstance(one.command, Pattern)]
    if not places or "@PatternId" not in step.scope.columns:
        raise WrongArguments(
            "anomaly looks at patterns, and there are none before it",
            hint="write pattern @message | anomaly",
        )
    return places[-1], step.trail[places[-1]]
