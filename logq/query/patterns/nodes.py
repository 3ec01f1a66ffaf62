"""The syntax tree of a filter pattern as frozen values with their places in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from logq.errors import Span


class Kind(StrEnum):
    """What a pattern looks at."""

    ALL = "all"
    TEXT = "text"
    JSON = "json"
    SPACE = "space"


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A text to compare with; a star at an end stands for any text there."""

    text: str
    """Without the stars."""
    before: bool
    after: bool
    span: Span

    @property
    def anything(self) -> bool:
        """Whether it is nothing but stars."""
        return not self.text and (self.before or self.after)


@dataclass(frozen=True, slots=True)
class Number:
    """A number to compare with."""

    text: str
    """As written."""
    value: int | float
    span: Span


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression that finds a match somewhere."""

    re2: str
    literals: tuple[str, ...]
    """Texts that every match contains."""
    span: Span


@dataclass(frozen=True, slots=True)
class Comparison:
    """What must hold for a value: an operator and, unless it is a word, what to compare with."""

    op: str
    """``= != < <= > >=``, or ``null``, ``true``, ``false``, ``absent``."""
    value: Wildcard | Number | Regex | None
    span: Span


@dataclass(frozen=True, slots=True)
class Selector:
    """Where in a JSON document a value is."""

    text: str
    """As written."""
    steps: tuple[str | int | None, ...]
    """Keys, indexes from 0, and None for a wildcard..."""
    wildcard: str | None
    """...which is ``.*`` for the members of an object or ``[*]`` for the elements of an array."""
    span: Span


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of what a selector finds."""

    selector: Selector
    comparison: Comparison
    span: Span


@dataclass(frozen=True, slots=True)
class AllOf:
    """Parts that must all hold."""

    parts: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Parts of which one must hold."""

    parts: tuple[Test, ...]


Test = Condition | Comparison | AllOf | AnyOf
"""Conditions in a pattern of selectors, comparisons in one of columns, and their combinations."""


@dataclass(frozen=True, slots=True)
class Term:
    """A text or expression that a message contains; ``sign`` is ``''``, ``?`` or ``-``."""

    sign: str
    value: str | Regex
    span: Span


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a message; without a name it goes by its number."""

    name: str | None = None
    test: Test | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a message before and, where there is a ``...``, behind it."""

    before: tuple[Column, ...] = ()
    after: tuple[Column, ...] | None = None
    """None: there is no ``...``, and the number of columns must fit."""

    @property
    def named(self) -> dict[str, int]:
        """Number of every named column, from 1, or from the end by -1."""
        behind = self.after or ()
        return {c.name: n for n, c in enumerate(self.before, 1) if c.name} | {
            c.name: n - len(behind) for n, c in enumerate(behind) if c.name
        }

    def tested(self) -> Iterator[tuple[int, Test]]:
        """Number (see ``named``) and test of every column that has one."""
        behind = self.after or ()
        for number, column in enumerate(self.before, 1):
            if column.test is not None:
                yield number, column.test
        for number, column in enumerate(behind, -len(behind)):
            if column.test is not None:
                yield number, column.test


@dataclass(frozen=True, slots=True)
class FilterPattern:
    """A checked filter pattern: which events match, and which values they yield."""

    text: str
    kind: Kind
    terms: tuple[Term, ...] = ()
    """Of ``Kind.TEXT``: those that count; ``?`` terms are left out where they are ignored."""
    test: Test | None = None
    """Of ``Kind.JSON``."""
    columns: Columns | None = None
    """Of ``Kind.SPACE``; None there as well for ``[]``, which every event matches."""


def leaves(test: Test) -> Iterator[Condition | Comparison]:
    """The conditions or comparisons of a test, in order."""
    work = [test]
    while work:
        part = work.pop()
        if isinstance(part, AllOf | AnyOf):
            work.extend(reversed(part.parts))
        else:
            yield part


def conjuncts(test: Test) -> Iterator[Test]:
    """The parts of a test that must all hold."""
    if isinstance(test, AllOf):
        for part in test.parts:
            yield from conjuncts(part)
    else:
        yield test


def selectors(pattern: FilterPattern) -> tuple[Selector, ...]:
    """The selectors of a pattern in order, each once."""
    found: dict[tuple[object, ...], Selector] = {}
    for part in leaves(pattern.test) if pattern.test is not None else ():
        if isinstance(part, Condition):
            found.setdefault((part.selector.steps, part.selector.wildcard), part.selector)
    return tuple(found.values())
