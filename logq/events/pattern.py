"""Event patterns: compiled once, matched often.

A pattern is an object like the events it matches; its leaves are lists of alternatives. Names that
it does not mention are ignored. One element of an array is enough, but two fields of a pattern are
not met by different elements of the same array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from logq.errors import InvalidEventPattern
from logq.events.alternative import (
    TEXT,
    Test,
    anything_but,
    bad,
    cidr,
    literal,
    numeric,
    of_text,
    stars,
)

MAX_LENGTH = 4096
"""Characters."""
MAX_COMBINATIONS = 1000
"""Of the choices that ``$or`` leaves."""
MAX_WILDCARDS = 5
"""How many ``*`` a pattern may have."""
MAX_DEPTH = 100

_MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class _Leaf:
    """Alternatives of which one must hold."""

    tests: tuple[Test, ...]
    absent: bool = False
    """Whether it is enough that the field is not there."""

    def holds(self, value: Any) -> bool:
        if value is _MISSING or isinstance(value, dict):
            return self.absent
        return any(test(value) for test in self.tests)


@dataclass(frozen=True, slots=True)
class _Node:
    """What a value must be: every leaf holds, and every field of it is what it must be."""

    leaves: tuple[_Leaf, ...] = ()
    fields: Mapping[str, _Node] | None = None

    def joined(self, other: _Node) -> _Node:
        fields = dict(self.fields or {})
        for name, node in (other.fields or {}).items():
            fields[name] = fields[name].joined(node) if name in fields else node
        return _Node(self.leaves + other.leaves, fields or None)

    def matches(self, value: Any) -> bool:
        if isinstance(value, list):
            elements = list(_flat(value))
            return any(map(self._matches, elements)) if elements else self._matches(_MISSING)
        return self._matches(value)

    def _matches(self, value: Any) -> bool:
        if not all(leaf.holds(value) for leaf in self.leaves):
            return False
        if self.fields is None:
            return True
        there = value if isinstance(value, dict) else {}
        return all(node.matches(there.get(name, _MISSING)) for name, node in self.fields.items())


@dataclass(frozen=True, slots=True)
class EventPattern:
    """A compiled pattern; ``text`` is what it was written as."""

    text: str
    literals: Mapping[str, frozenset[str]]
    """By top-level field, where nothing but strings can match: all that can."""
    _choices: tuple[_Node, ...]

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether an event, as JSON, matches."""
        value = event if isinstance(event, dict) else dict(event)
        return any(choice.matches(value) for choice in self._choices)


def parse_event_pattern(text: str) -> EventPattern:
    """The pattern that a JSON text is; raises InvalidEventPattern."""
    if len(text) > MAX_LENGTH:
        raise InvalidEventPattern(f"an event pattern has at most {MAX_LENGTH} characters")
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidEventPattern(
            f"the event pattern is not JSON: line {error.lineno}, column {error.colno}: "
            f"{error.msg[:1].lower()}{error.msg[1:]}"
        ) from None
    if not isinstance(document, dict):
        raise InvalidEventPattern("an event pattern is a JSON object", hint='{"source": ["..."]}')
    if (found := sum(map(stars, _wildcards(document)))) > MAX_WILDCARDS:
        raise InvalidEventPattern(
            f"the event pattern has {found} wildcards, more than {MAX_WILDCARDS}",
            hint="prefix, suffix and equals-ignore-case cost less",
        )
    choices = tuple(_choices(document, ""))
    return EventPattern(text, _literals(document), choices)


def _choices(document: Mapping[str, Any], path: str, depth: int = 0) -> list[_Node]:
    """The ways to match an object, of which ``$or`` makes several."""
    if not document:
        raise bad(path, "an empty object matches nothing", "name a field, or leave it out")
    if depth > MAX_DEPTH:
        raise InvalidEventPattern("the event pattern is nested too deeply")
    choices = [_Node()]
    for name, value in document.items():
        here = f"{path}.{name}" if path else name
        if name == "$or":
            options = _either(value, here, path, depth)
        elif isinstance(value, dict):
            below = _choices(value, here, depth + 1)
            options = [_Node(fields={name: node}) for node in below]
        elif isinstance(value, list):
            options = [_Node(fields={name: _Node((_leaf(value, here),))})]
        else:
            raise bad(here, "a field has a list of alternatives or an object", f'["{value}"]')
        if len(choices) * len(options) > MAX_COMBINATIONS:
            raise bad(here, f"$or makes more than {MAX_COMBINATIONS} combinations")
        choices = [one.joined(other) for one in choices for other in options]
    return choices


def _either(value: Any, here: str, path: str, depth: int) -> list[_Node]:
    objects = isinstance(value, list) and all(isinstance(one, dict) for one in value)
    if not objects or len(value) < 2:
        raise bad(here, "$or takes a list of two or more objects")
    return [
        node for at, one in enumerate(value) for node in _choices(one, f"{here}[{at}]", depth + 1)
    ]


def _leaf(alternatives: Sequence[Any], path: str) -> _Leaf:
    if not alternatives:
        raise bad(path, "an empty list matches nothing", "give at least one alternative")
    tests: list[Test] = []
    absent = False
    for at, alternative in enumerate(alternatives):
        here = f"{path}[{at}]"
        if isinstance(alternative, list):
            raise bad(here, "an alternative is a value or an object, not a list")
        if not isinstance(alternative, dict):
            tests.append(literal(alternative))
            continue
        if len(alternative) != 1:
            raise bad(here, "an alternative has exactly one operator")
        ((kind, value),) = alternative.items()
        if kind == "exists":
            if not isinstance(value, bool):
                raise bad(here, "exists takes true or false")
            absent = absent or not value
            tests += [_present] * value
        elif kind in TEXT:
            tests.append(of_text(kind, here, value))
        elif kind in _MAKERS:
            tests.append(_MAKERS[kind](here, value))
        else:
            known = ", ".join([*TEXT, *_MAKERS, "exists"])
            raise bad(here, f"{kind!r} is no operator", f"there are {known}")
    return _Leaf(tuple(tests), absent)


_MAKERS: Mapping[str, Callable[[str, Any], Test]] = {
    "anything-but": anything_but,
    "numeric": numeric,
    "cidr": cidr,
}


def _present(_: Any) -> bool:
    return True


def _flat(values: Sequence[Any]) -> Iterator[Any]:
    """The elements of an array and of the arrays in it, however deep."""
    stack = [iter(values)]
    while stack:
        for value in stack[-1]:
            if isinstance(value, list):
                stack.append(iter(value))
                break
            yield value
        else:
            stack.pop()


def _wildcards(value: Any) -> Iterator[str]:
    stack = [value]
    while stack:
        match stack.pop():
            case dict() as fields:
                for name, below in fields.items():
                    if name == "wildcard":
                        yield from (one for one in _listed(below) if isinstance(one, str))
                    stack.append(below)
            case list() as elements:
                stack.extend(elements)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _literals(document: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    return {
        name: frozenset(value)
        for name, value in document.items()
        if name != "$or" and isinstance(value, list)
        if all(isinstance(one, str) for one in value)
    }
