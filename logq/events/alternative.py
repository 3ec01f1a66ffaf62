"""One alternative of an event pattern: what a single value of an event must be.

After https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html, and for what
that page leaves open, the public description of the library behind it (aws/event-ruler).
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from logq.errors import InvalidEventPattern

Test = Callable[[Any], bool]
"""Of a string, number, boolean or null."""

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
_ESCAPE = re.compile(r"\\(.)|(\*)|([^\\*]+)|(\\)", re.DOTALL)


def bad(path: str, message: str, hint: str | None = None) -> InvalidEventPattern:
    """The fault at a place in a pattern."""
    return InvalidEventPattern(f"{path or 'the pattern'}: {message}", hint=hint)


def literal(value: Any) -> Test:
    """Equal, and of the same JSON type: 5 is not ``"5"``, 1 is not true."""
    number = is_number(value)
    return lambda given: (
        given == value and (is_number(given) if number else type(given) is type(value))
    )


def is_number(value: Any) -> bool:
    """Whether this is a JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def of_text(kind: str, path: str, value: Any) -> Test:
    """A test of strings: ``prefix``, ``suffix``, ``equals-ignore-case`` or ``wildcard``."""
    folded = False
    if kind in ("prefix", "suffix") and isinstance(value, dict):
        if [*value] != ["equals-ignore-case"]:
            raise bad(path, f"{kind} takes a string or {{'equals-ignore-case': string}}")
        value, folded = value["equals-ignore-case"], True
    if not isinstance(value, str):
        raise bad(path, f"{kind} takes a string")
    if kind == "wildcard":
        return wildcard(path, value)
    wanted = value.casefold()
    if kind == "equals-ignore-case":
        return lambda given: isinstance(given, str) and given.casefold() == wanted
    if folded and kind == "prefix":
        return lambda given: isinstance(given, str) and given.casefold().startswith(wanted)
    if folded:
        return lambda given: isinstance(given, str) and given.casefold().endswith(wanted)
    if kind == "prefix":
        return lambda given: isinstance(given, str) and given.startswith(value)
    return lambda given: isinstance(given, str) and given.endswith(value)


TEXT = ("prefix", "suffix", "equals-ignore-case", "wildcard")


def wildcard(path: str, text: str) -> Test:
    """Any text where a ``*`` stands; takes time in the length of the text, whatever it is."""
    first, *rest = _pieces(path, text)
    if not rest:
        return lambda given: given == first
    *middle, last = rest

    def matches(given: Any) -> bool:
        if not isinstance(given, str) or not given.startswith(first):
            return False
        end = len(given) - len(last)
        if end < len(first) or not given.endswith(last):
            return False
        at = len(first)
        for piece in middle:
            found = given.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    return matches


def stars(text: str) -> int:
    """How many ``*`` of a wildcard stand for any text."""
    return sum(1 for match in _ESCAPE.finditer(text) if match[2])


def _pieces(path: str, text: str) -> list[str]:
    pieces, after_star = [""], False
    for match in _ESCAPE.finditer(text):
        escaped, star, plain, alone = match.groups()
        if star and after_star:
            raise bad(path, f"'**' in the wildcard {text!r}", "one * stands for any text")
        if alone or (escaped and escaped not in "*\\"):
            raise bad(path, f"a lone \\ in the wildcard {text!r}", r"only \* and \\ are escapes")
        after_star = bool(star)
        if star:
            pieces.append("")
        else:
            pieces[-1] += escaped or plain
    return pieces


def numeric(path: str, value: Any) -> Test:
    """A number between bounds: ``[">", 0, "<=", 5]``."""
    if not isinstance(value, list) or len(value) not in (2, 4):
        raise bad(path, "numeric takes [operator, number] or two of both", '[">", 0, "<=", 5]')
    pairs = [(value[at], value[at + 1]) for at in range(0, len(value), 2)]
    for sign, bound in pairs:
        if not isinstance(sign, str) or sign not in _COMPARE:
            raise bad(path, f"{sign!r} is no operator", "there are < <= > >= =")
        if not is_number(bound):
            raise bad(path, f"{bound!r} is no number")
    if len(pairs) == 2:
        (below, low), (above, high) = pairs
        if below not in (">", ">=") or above not in ("<", "<="):
            raise bad(path, "a range has its lower bound first", '[">", 0, "<=", 5]')
        if low >= high:
            raise bad(path, f"nothing is above {low} and below {high}")
    tests = [(_COMPARE[sign], bound) for sign, bound in pairs]
    return lambda given: is_number(given) and all(test(given, bound) for test, bound in tests)


def cidr(path: str, value: Any) -> Test:
    """An address, of version 4 or 6, in a block."""
    try:
        if not isinstance(value, str):
            raise ValueError
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise bad(path, f"{value!r} is no block of addresses", "like 10.0.0.0/24") from None

    def matches(given: Any) -> bool:
        try:
            return isinstance(given, str) and ipaddress.ip_address(given) in network
        except ValueError:
            return False

    return matches


def anything_but(path: str, value: Any) -> Test:
    """None of these; the field must be there."""
    tests = list(_excluded(path, value))
    return lambda given: not any(test(given) for test in tests)


def _excluded(path: str, value: Any) -> list[Test]:
    if isinstance(value, dict):
        if len(value) != 1 or (kind := next(iter(value))) not in TEXT:
            raise bad(path, f"anything-but takes values or one of {', '.join(TEXT)}")
        given = value[kind] if isinstance(value[kind], list) else [value[kind]]
        if not given:
            raise bad(path, "anything-but with nothing in it")
        if any(text == "" for text in given):
            raise bad(path, f"anything-but with an empty {kind}")
        return [of_text(kind, path, text) for text in given]
    values = value if isinstance(value, list) else [value]
    if not values:
        raise bad(path, "anything-but with nothing in it")
    texts = all(isinstance(one, str) for one in values)
    if not texts and not all(is_number(one) for one in values):
        raise bad(path, "anything-but takes strings or numbers, all of one kind")
    return [literal(one) for one in values]
