"""Rules of composite alarms over the states of other alarms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lark import Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError

from logq.alarms.state import State
from logq.errors import InvalidValue
from logq.query.grammar import parser

FILE = "alarm_rule.lark"
MOST_CHILDREN = 100
MOST_ELEMENTS = 500
_ALARM_ARN = re.compile(r"arn:[^:]*:cloudwatch:[^:]*:[^:]*:alarm:(.+)", re.DOTALL)

States = Mapping[str, State]
Holds = Callable[[States], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was read."""

    holds: Holds
    """Whether it is true of the states of its children; one that is not there is in none."""
    children: tuple[str, ...]
    """Names of alarms, each once, in the order of the rule."""


def alarm_name(reference: str) -> str:
    """The alarm that a name or an ARN means."""
    match = _ALARM_ARN.fullmatch(reference)
    return match[1] if match else reference


@lru_cache(maxsize=4096)
def read_rule(text: str) -> Rule:
    """Read a rule; raises InvalidValue."""
    reader = _Reader()
    try:
        holds = reader.transform(parser(FILE).parse(text))
    except UnexpectedInput as error:
        place = error.column if isinstance(error.column, int) and error.column > 0 else len(text)
        raise InvalidValue(
            f"the alarm rule cannot be read from character {place} on",
            hint='for example: ALARM(a) AND NOT (OK("b") OR AT_LEAST(2, ALARM, (c, d, e)))',
        ) from None
    except VisitError as error:
        if isinstance(error.orig_exc, InvalidValue):
            raise error.orig_exc from None
        raise
    except RecursionError:
        raise InvalidValue("the alarm rule is nested too deeply") from None
    children = tuple(dict.fromkeys(reader.named))
    if len(children) > MOST_CHILDREN:
        raise InvalidValue(f"an alarm rule names at most {MOST_CHILDREN} alarms")
    if reader.elements > MOST_ELEMENTS:
        raise InvalidValue(f"an alarm rule has at most {MOST_ELEMENTS} elements")
    return Rule(holds, children)


def circle(name: str, rules: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The way from an alarm over its children back to it; empty if there is none."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for child in rules.get(way[-1], ()):
            if child == name:
                return (*way, name)
            if child not in seen:
                seen.add(child)
                ways.append((*way, child))
    return ()


def upwards(touched: Iterable[str], parents: Mapping[str, Sequence[str]]) -> list[str]:
    """The composite alarms above some alarms, each behind everything that it depends on."""
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        for parent in parents.get(name, ()):
            if parent not in order:
                visit(parent)
                order[parent] = None

    for name in touched:
        visit(name)
    return list(reversed(order))


class _Reader(Transformer[Any, Any]):
    """Makes a function of a tree."""

    def __init__(self) -> None:
        super().__init__()
        self.named: list[str] = []
        self.elements = 0

    def either(self, parts: list[Holds]) -> Holds:
        return lambda states: any(part(states) for part in parts)

    def both(self, parts: list[Holds]) -> Holds:
        return lambda states: all(part(states) for part in parts)

    @v_args(inline=True)
    def opposite(self, part: Holds) -> Holds:
        self.elements += 1
        return lambda states: not part(states)

    def always(self, _: list[Any]) -> Holds:
        self.elements += 1
        return lambda states: True

    def never(self, _: list[Any]) -> Holds:
        self.elements += 1
        return lambda states: False

    @v_args(inline=True)
    def is_in(self, state: str, name: str) -> Holds:
        self.elements += 1
        wanted = State(str(state))
        return lambda states: states.get(name) == wanted

    @v_args(inline=True)
    def reference(self, token: str) -> str:
        text = str(token)
        if text.startswith('"'):
            text = re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
        name = alarm_name(text)
        self.named.append(name)
        return name

    @v_args(inline=True)
    def amount(self, number: str, percent: str | None) -> tuple[float, bool]:
        value = float(number)
        if percent is None and "." in number:
            raise InvalidValue("AT_LEAST counts whole alarms, or a percentage of them")
        if value <= 0 or (percent is not None and value > 100):
            raise InvalidValue(f"AT_LEAST cannot want {number}{percent or ''}")
        return value, percent is not None

    @v_args(inline=True)
    def wanted(self, negation: str | None, state: str) -> tuple[bool, State]:
        return negation is not None, State(str(state))

    def at_least(self, parts: list[Any]) -> Holds:
        amount: float
        (amount, percent), (negated, state), *names = parts
        self.elements += len(names)
        if not percent and amount > len(names):
            raise InvalidValue(f"AT_LEAST wants {amount:.0f} of {len(names)} alarms")

        def holds(states: States) -> bool:
            count = sum((states.get(name) == state) != negated for name in names)
            return bool(count * 100 >= amount * len(names) if percent else count >= amount)

        return holds
