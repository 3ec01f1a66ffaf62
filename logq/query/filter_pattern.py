"""Filter patterns: the small language that looks at one event at a time.

``ERROR -DEBUG``, ``{ $.latency > 100 }``, ``[..., status = 5*, bytes]``: what metric filters,
subscription filters, FilterLogEvents and live tail take. A pattern is parsed once and then becomes
SQL over whole batches:

* ``parse_pattern(text)``: a ``FilterPattern`` (``.kind`` is ``all text json space``); raises
  ``InvalidPattern`` with its place in the text. ``strict`` adds AWS' limit of two expressions.
* ``matches(pattern, batch)``: per event of a table with ``@message``, whether it matches.
* ``pattern_condition(pattern, message)``: a condition for a query; NULL stands for false.
  ``required_texts(pattern)``: texts that every matching message contains, for a text index.
* ``extract(pattern, messages)``: the matching messages with their extracted values (a test call).
* ``values(pattern, batch, "$.latency")``, ``texts(pattern, batch, "$.user")``: the metric value or
  a dimension of matching events, null for all others.
* ``compile_filters([Filter(pattern, value, dimensions), ...])``: many filters as one statement;
  ``.run(batch)`` gives a ``Found`` for each. Compile once, run for every batch, from any thread.

References to values (``$.path``, ``$name``, ``$7``) raise ``InvalidValue`` where they cannot be.
A message counts as JSON if DuckDB reads it as an object or array; this includes NaN, Infinity and
a comma behind the last element.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq.model import MESSAGE
from logq.query.build import FALSE, Sql, coalesce, column
from logq.query.patterns.compiled import Compiled, Filter, Found
from logq.query.patterns.conditions import alone, condition
from logq.query.patterns.inputs import Inputs
from logq.query.patterns.nodes import (
    Comparison,
    FilterPattern,
    Kind,
    Number,
    Regex,
    Wildcard,
    conjuncts,
    selectors,
)
from logq.query.patterns.reading import is_blank, read_pattern
from logq.query.patterns.statement import MESSAGE_INPUT, statement
from logq.query.patterns.values import extracted, read_reference, read_value

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Compiled",
    "Filter",
    "FilterPattern",
    "Found",
    "Kind",
    "Match",
    "compile_filters",
    "extract",
    "matches",
    "parse_pattern",
    "pattern_condition",
    "read_reference",
    "read_value",
    "required_texts",
    "texts",
    "values",
]


@dataclass(frozen=True, slots=True)
class Match:
    """A message that matches, and what was extracted from it."""

    event_number: int
    """Its place among the messages, from 1."""
    message: str
    extracted: Mapping[str, str]
    """By ``$.path``, ``$name`` or ``$1``; empty for patterns of terms."""


def parse_pattern(text: str, *, strict: bool = False) -> FilterPattern:
    """Check a pattern; raises InvalidPattern with its place."""
    return read_pattern(text, strict=strict)


def pattern_condition(pattern: FilterPattern, message: Sql, prefix: str = "pattern") -> Sql:
    """Whether the message matches, as one expression in which NULL stands for false.

    ``prefix`` begins names of its own, which must not be names of columns.
    """
    return alone(pattern, message, prefix)


def required_texts(pattern: FilterPattern) -> tuple[str, ...]:
    """Texts that every matching message contains.

    None for patterns of selectors: JSON may write any letter as ``\\uXXXX``.
    """
    found: list[str] = []
    for term in pattern.terms:
        if not term.sign:
            found += term.value.literals if isinstance(term.value, Regex) else [term.value]
    for _, test in pattern.columns.tested() if pattern.columns is not None else ():
        for part in conjuncts(test):
            if isinstance(part, Comparison) and part.op == "=":
                found += _texts(part.value)
    return tuple(dict.fromkeys(text for text in found if not is_blank(text)))


def _texts(value: Wildcard | Number | Regex | None) -> tuple[str, ...]:
    """Texts that a column contains which equals this; a column is a part of the message."""
    match value:
        case Regex():
            return value.literals
        case Wildcard():
            return (value.text,)
        case _:  # a number may be written in many ways
            return ()


def compile_filters(filters: Sequence[Filter]) -> Compiled:
    """Filters as one statement; raises InvalidValue for a reference that cannot be."""
    return Compiled(filters)


def matches(pattern: FilterPattern, batch: pa.Table) -> pa.BooleanArray:
    """Per event of a batch, whether it matches."""
    (found,) = Compiled([Filter(pattern)]).run(batch)
    return found.matches


def values(pattern: FilterPattern, batch: pa.Table, value: str) -> pa.DoubleArray:
    """The metric value of every matching event, null for others; raises InvalidValue."""
    (found,) = Compiled([Filter(pattern, value)]).run(batch)
    return found.values


def texts(pattern: FilterPattern, batch: pa.Table, reference: str) -> pa.StringArray:
    """The value of a dimension of every matching event, null for others; raises InvalidValue."""
    (found,) = Compiled([Filter(pattern, dimensions={"": reference})]).run(batch)
    return found.dimensions[""]


def extract(pattern: FilterPattern, messages: Sequence[str]) -> list[Match]:
    """The messages that match, with the values that the pattern extracts."""
    import pyarrow as pa

    inputs = Inputs(column(MESSAGE_INPUT), derived={})
    outputs = [coalesce(condition(pattern, inputs), FALSE.copy())]
    names = [selector.text for selector in selectors(pattern)]
    outputs += [extracted(selector, inputs) for selector in selectors(pattern)]
    if pattern.kind is Kind.SPACE:
        outputs.append(inputs.all_columns())
    batch = pa.table({MESSAGE: pa.array(messages, pa.string())})
    arrays = statement(inputs, outputs).run(batch)
    rows = zip(*(array.to_pylist() for array in arrays), strict=True)
    found = []
    for number, (message, (matching, *parts)) in enumerate(zip(messages, rows, strict=True), 1):
        if not matching:
            continue
        if pattern.kind is Kind.SPACE:
            extracted_ = _by_column(pattern, parts[0])
        else:
            extracted_ = {n: v for n, v in zip(names, parts, strict=True) if v is not None}
        found.append(Match(number, message, extracted_))
    return found


def _by_column(pattern: FilterPattern, columns: Sequence[str]) -> dict[str, str]:
    named = pattern.columns.named if pattern.columns is not None else {}
    names = {n if n > 0 else len(columns) + 1 + n: name for name, n in named.items()}
    return {f"${names.get(n, n)}": value for n, value in enumerate(columns, 1)}
