"""Several filters over one batch of events, in one SELECT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from logq.model import BATCH_METADATA, BatchInfo, Field
from logq.query.build import FALSE, Sql, case, cast, coalesce, column, number
from logq.query.patterns.conditions import condition
from logq.query.patterns.fields import KnownFields, known_fields
from logq.query.patterns.inputs import Inputs
from logq.query.patterns.nodes import FilterPattern, Selector, selectors
from logq.query.patterns.statement import MESSAGE_INPUT, Statement, statement
from logq.query.patterns.values import Reference, number_of, read_reference, read_value, text_of

if TYPE_CHECKING:
    import pyarrow as pa

MOST_KEPT = 64
"""Statements for batches whose fields lie differently."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A pattern and what is wanted of the events that match."""

    pattern: FilterPattern
    value: str | None = None
    """A number, ``$.path``, ``$name`` or ``$7``; None: nothing is wanted."""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    """Name and reference."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one filter found in a batch; every array has one entry per event."""

    matches: pa.BooleanArray
    """Never null."""
    values: pa.DoubleArray | None
    """Null where the event does not match or has no number there; None: no value was asked for."""
    dimensions: Mapping[str, pa.StringArray]
    """Null where the event does not match or has no such text."""


class Compiled:
    """Filters made into one statement; may be run by several threads at once."""

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._filters = tuple(filters)
        self._steps = tuple(dict.fromkeys(s for each in self._filters for s in _steps(each)))
        self._plain = self._statement(None)
        self._typed: dict[object, Statement] = {}

    def run(self, batch: pa.Table) -> list[Found]:
        """What each filter finds in a batch that has at least ``@message``."""
        columns = iter(self._statement_for(batch).run(batch))
        return [
            Found(
                next(columns),
                None if each.value is None else next(columns),
                {name: next(columns) for name in each.dimensions},
            )
            for each in self._filters
        ]

    def _statement_for(self, batch: pa.Table) -> Statement:
        """The statement for batches like this: where fields lie as columns, it reads those."""
        metadata = (batch.schema.metadata or {}).get(BATCH_METADATA)
        fields = known_fields(BatchInfo.from_json(metadata)) if metadata is not None else None
        if fields is None:
            return self._plain
        key = tuple(_place(fields.find(steps)) for steps in self._steps)
        if key not in self._typed:
            if len(self._typed) >= MOST_KEPT:
                self._typed.clear()
            self._typed[key] = self._statement(fields)
        return self._typed[key]

    def _statement(self, fields: KnownFields | None) -> Statement:
        inputs = Inputs(column(MESSAGE_INPUT), fields=fields, derived={})
        matches: dict[str, Sql] = {}
        outputs: list[Sql] = []
        for place, each in enumerate(self._filters):
            name = f"{inputs.prefix}_match_{place}"
            matches[name] = coalesce(condition(each.pattern, inputs), FALSE.copy())
            outputs += _outputs(each, column(name), inputs)
        return statement(inputs, outputs, matches)


def _steps(each: Filter) -> Iterator[tuple[str | int | None, ...]]:
    """The places in JSON documents that a filter reads."""
    for selector in selectors(each.pattern):
        yield selector.steps
    for written in (each.value, *each.dimensions.values()):
        found = read_value(each.pattern, written) if written is not None else 0.0
        if isinstance(found, Reference) and isinstance(found.place, Selector):
            yield found.place.steps


def _place(found: Field | None) -> tuple[object, ...]:
    return () if found is None else (found.kind, found.column)


def _outputs(each: Filter, matches: Sql, inputs: Inputs) -> list[Sql]:
    outputs = [matches]
    if each.value is not None:
        value = read_value(each.pattern, each.value)
        found = number(value) if isinstance(value, float) else number_of(value, inputs)
        outputs.append(case((matches.copy(), cast(found, "DOUBLE"))))
    for reference in each.dimensions.values():
        found = text_of(read_reference(each.pattern, reference), inputs)
        outputs.append(case((matches.copy(), found)))
    return outputs
