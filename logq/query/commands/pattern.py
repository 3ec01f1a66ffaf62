"""``pattern``: what kinds of lines there are, and how many of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logq.errors import WrongArguments
from logq.query.command import Command, command
from logq.query.commands.sort import Sort
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node
from logq.query.nodes import Expr
from logq.query.templates.counting import Pattern as Found
from logq.query.templates.shapes import Buckets, buckets, patterns, shapes
from logq.query.templates.summary import related, sample_events, token_list, visualization
from logq.query.templates.table import Rows, computed
from logq.query.value import Type

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = {
    "@pattern": Type.TEXT,
    "@ratio": Type.NUMBER,
    "@sampleCount": Type.INTEGER,
    "@severityLabel": Type.TEXT,
    "@PatternId": Type.TEXT,
    "@regexString": Type.TEXT,
    "@tokens": Type.DYNAMIC,
    "@logSamples": Type.DYNAMIC,
    "@relatedPattern": Type.DYNAMIC,
    "@visualization": Type.DYNAMIC,
}


@command("pattern")
@dataclass(frozen=True)
class Pattern(Command):
    """Find out what kinds of texts there are: what stays the same, and which values change.

    Values are written ``<Name-n>``: Time, Date, IP, UUID, Hex, Number, Path, URL, Email, Duration,
    Size, or Token and Text where nothing else fits. All rows count, not only those that are
    shown; the values and counts in ``@tokens`` are those of samples.
    """

    syntax = "pattern EXPRESSION"
    examples = (
        "pattern @message",
        'filter level = "ERROR" | pattern @message | sort @sampleCount asc | limit 20',
    )

    value: Expr

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        return {"value": expr(stage.children[0])}

    def apply(self, step: Step) -> Step:
        check_order(self.name, step)
        parts = buckets(step)
        source, select = shapes([step], self.value, parts)

        def rows(batches: Iterator[pa.RecordBatch]) -> Rows:
            return rows_of(patterns(batches, parts), parts)

        return computed(source, self.name, select, COLUMNS, rows)


def check_order(name: str, step: Step) -> None:
    """Raise WrongArguments if the rows are sorted already, as CloudWatch does."""
    if any(isinstance(one.command, Sort) for one in step.trail):
        raise WrongArguments(
            f"{name} stands behind sort, whose order it would lose", hint="move sort behind it"
        )


def rows_of(found: Sequence[Found], parts: Buckets | None) -> list[tuple[Any, ...]]:
    """The rows of patterns that the query's own time has, as ``COLUMNS`` names them."""
    here = [pattern for pattern in found if pattern.counts[0]]
    here.sort(key=lambda one: (-one.counts[0], one.template.text, one.template.id))
    total = sum(pattern.counts[0] for pattern in here)
    near = related(here)
    return [
        (
            pattern.template.text,
            pattern.counts[0] / total,
            pattern.counts[0],
            pattern.template.severity,
            pattern.template.id,
            pattern.template.regex,
            token_list(pattern),
            sample_events(pattern),
            near[pattern.template.id],
            visualization(pattern, parts),
        )
        for pattern in here
    ]
