"""What every event of an answer must be like, as far as the filters of its query say so.

A filter asks the events themselves for something only where each command before it lets the
question through: see ``Command.name_before``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from logq import model
from logq.errors import QueryError
from logq.query import nodes
from logq.query.command import Command
from logq.query.function import canonical
from logq.query.grid import lengths
from logq.query.nodes import Expr
from logq.query.regex import compile_pattern
from logq.units import parse_iso


@dataclass(frozen=True, slots=True)
class Needs:
    """What every event of the answer must be like."""

    start: int | None = None
    end: int | None = None
    """Epoch milliseconds, both inclusive."""
    streams: frozenset[str] | None = None
    fields: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    """Texts that ``@message`` must contain."""
    groups: frozenset[str] | None = None
    """The log groups that index the fields of ``filterIndex``."""

    @property
    def window(self) -> tuple[int | None, int | None]:
        return self.start, self.end


def earlier(needs: Needs, period: nodes.Duration) -> Needs:
    """The same needs of events that lie back by a period."""
    shortest, longest = lengths(period)
    return replace(
        needs,
        start=None if needs.start is None else needs.start - longest,
        end=None if needs.end is None else needs.end - shortest,
    )


def needs_of(commands: Iterable[Command], start: int | None, end: int | None) -> Needs:
    """What the filters of a query ask of its events."""
    needs = Needs(start, end)
    passed: list[Command] = []
    for command in commands:
        for condition in command.conditions():
            for part in _conjuncts(condition):
                needs = _narrow(needs, part, passed)
        if _origin(model.MESSAGE, passed) == model.MESSAGE:
            needs = replace(needs, texts=(*needs.texts, *command.texts()))
        passed.append(command)
    return needs


def _origin(name: str, passed: Iterable[Command]) -> str | None:
    """The field of the events that a name behind these commands asks for."""
    for command in reversed(list(passed)):
        before = command.name_before(name)
        if before is None:
            return None
        name = before
    return name


def _conjuncts(condition: Expr) -> Iterable[Expr]:
    if isinstance(condition, nodes.And):
        for value in condition.values:
            yield from _conjuncts(value)
    else:
        yield condition


Constant = str | int | float | None


@dataclass(frozen=True, slots=True)
class _Test:
    """A condition on one field alone that something missing cannot meet."""

    field: str
    op: str
    """``= < <= > >= in like present``."""
    values: tuple[Constant, ...] = ()


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _test_of(part: Expr) -> _Test | None:
    match part:
        case nodes.Compare(op="!="):
            return None
        case nodes.Compare(op=op, left=nodes.Field() as field, right=nodes.Literal(value=value)):
            return _Test(field.name, op, (value,))
        case nodes.Compare(op=op, left=nodes.Literal(value=value), right=nodes.Field() as field):
            return _Test(field.name, _MIRRORED.get(op, op), (value,))
        case nodes.Like(value=nodes.Field() as field, pattern=pattern, negated=False):
            return _Test(field.name, "like", _texts(pattern))
        case nodes.In(value=nodes.Field() as field, items=nodes.ListLiteral() as items):
            return None if part.negated else _Test(field.name, "in", _values(items))
        case nodes.Call(name=name, args=(nodes.Field() as field,)):
            return _Test(field.name, "present") if canonical(name) == "ispresent" else None
        case _:
            return None


def _values(items: nodes.ListLiteral) -> tuple[Constant, ...]:
    return tuple(item.value for item in items.items)


def _narrow(needs: Needs, part: Expr, passed: list[Command]) -> Needs:
    test = _test_of(part)
    origin = None if test is None else _origin(test.field, passed)
    if test is None or origin is None:
        return needs
    test = replace(test, field=origin)
    if test.field == model.LOG_STREAM:
        return _narrow_streams(needs, test)
    if test.field == model.TIMESTAMP:
        value = test.values[0] if test.values else None
        return _narrow_time(needs, test.op, parse_iso(value) if isinstance(value, str) else None)
    if test.field == model.MESSAGE:
        texts = (str(v) for v in test.values if test.op == "like")
        return replace(needs, texts=(*needs.texts, *texts))
    if test.field.startswith("@") and not test.field.startswith("@@"):
        return needs
    return replace(needs, fields=needs.fields | {test.field})


def _narrow_streams(needs: Needs, test: _Test) -> Needs:
    if test.op not in ("=", "in") or not all(isinstance(v, str) for v in test.values):
        return needs
    streams = frozenset(str(v) for v in test.values)
    return replace(needs, streams=streams if needs.streams is None else streams & needs.streams)


def _texts(pattern: nodes.Literal | nodes.Regex) -> tuple[str, ...]:
    if isinstance(pattern, nodes.Literal):
        return (str(pattern.value),)
    try:
        return compile_pattern(pattern.pattern).literals
    except QueryError:
        return ()


def _narrow_time(needs: Needs, op: str, moment: int | None) -> Needs:
    if moment is None:
        return needs
    start, end = needs.start, needs.end
    if op in (">", ">=", "="):
        start = moment if start is None else max(start, moment)
    if op in ("<", "<=", "="):
        end = moment if end is None else min(end, moment)
    return replace(needs, start=start, end=end)
