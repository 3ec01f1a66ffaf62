"""The values that matching events yield: what a metric adds up, and its dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from logq.errors import InvalidValue
from logq.query.build import Sql, cast, coalesce, fn, text
from logq.query.patterns.inputs import Inputs
from logq.query.patterns.nodes import FilterPattern, Kind, Selector
from logq.query.patterns.reading import read_selector
from logq.query.value import text_number

MOST_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Reference:
    """Where an event has a value: a selector, or the number of a column (see Columns.named)."""

    place: Selector | int


def read_value(pattern: FilterPattern, value: str) -> Reference | float:
    """A metric value: a number, or a reference; raises InvalidValue."""
    constant = text_number(value)
    if constant is None:
        return read_reference(pattern, value)
    try:
        return float(constant)
    except OverflowError:
        raise InvalidValue("the metric value is too large", hint="give a smaller number") from None


@lru_cache(maxsize=1024)
def read_reference(pattern: FilterPattern, written: str) -> Reference:
    """A reference such as ``$.path``, ``$name`` or ``$7``; raises InvalidValue."""
    if len(written) > MOST_CHARACTERS:
        raise InvalidValue(
            f"the reference has {len(written)} characters, {MOST_CHARACTERS} are allowed",
            hint="shorten it",
        )
    if pattern.kind is Kind.JSON:
        return Reference(_selector(written))
    if pattern.kind is not Kind.SPACE:
        raise InvalidValue(
            f"the filter pattern yields no values, so there is no {written!r}",
            hint="only patterns { of selectors } and [of, columns] yield values; "
            "others take a number",
        )
    name = written.removeprefix("$")
    named = pattern.columns.named if pattern.columns is not None else {}
    if written.startswith("$") and name in named:
        return Reference(named[name])
    if written.startswith("$") and name.isascii() and name.isdigit() and 0 < int(name) < 10**6:
        return Reference(int(name))
    raise InvalidValue(
        f"the filter pattern has no column {written!r}",
        hint=f"columns are {', '.join(f'${n}' for n in named) or 'numbered'}; or write $1, $2 ...",
    )


def _selector(written: str) -> Selector:
    selector = read_selector(written)
    if selector is None or selector.wildcard is not None:
        raise InvalidValue(
            f"{written!r} does not lead to one value of a JSON message",
            hint="write a path without wildcards, for example $.latency or $.list[0].id",
        )
    return selector


def number_of(reference: Reference, inputs: Inputs) -> Sql:
    """The number there; NULL where nothing or no number is."""
    if isinstance(reference.place, int):
        return inputs.column_number(reference.place)
    return inputs.selected(reference.place).number()


def text_of(reference: Reference, inputs: Inputs) -> Sql:
    """The text there; NULL where nothing, a JSON null, an object or an array is."""
    if isinstance(reference.place, int):
        return inputs.column(reference.place)
    return inputs.selected(reference.place).text()


def extracted(selector: Selector, inputs: Inputs) -> Sql:
    """What a selector finds as text; JSON for objects, arrays, null and behind wildcards."""
    if selector.wildcard is not None:
        found = cast(fn("to_json", inputs.values(selector)), "VARCHAR")
        return fn("nullif", found, text("[]"))
    return coalesce(inputs.selected(selector).text(), inputs.json(selector))
