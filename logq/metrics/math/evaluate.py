"""Queries that refer to each other: their values, each calculated once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from logq.errors import InvalidValue, QueryError, WrongArguments, located
from logq.metric import DataQuery
from logq.metrics.math.function import Argument, find
from logq.metrics.math.nodes import Array, Call, Chain, Id, Negative, Node, Number, Text, Word, walk
from logq.metrics.math.operators import apply, negated
from logq.metrics.math.parse import parse
from logq.metrics.math.values import Option, Series, Value, kind_of, size_of

DEFAULT_PERIOD = 60
MOST_CALCULATED = 3_000_000
"""Points of all intermediate results: some seconds of work."""

Search = Callable[[str, str, int], tuple[Series, ...]]


@dataclass(frozen=True)
class Sheet:
    """Queries and what is known of them."""

    queries: Mapping[str, DataQuery]
    measured: Mapping[str, Series]
    """What the statistics among them are."""
    grid_of: Callable[[int], Sequence[int]]
    """The starts of all periods of a length."""
    search: Search
    left: list[int] = field(default_factory=lambda: [MOST_CALCULATED])
    """How many points may still be calculated."""

    def returned(self) -> Iterator[tuple[DataQuery, Series | tuple[Series, ...], int]]:
        """The queries that are to be returned, their values and periods; raises QueryError."""
        found, periods = self.values()
        for id, query in self.queries.items():
            value = found[id]
            if query.returned and not isinstance(value, float):
                yield query, value, periods[id]

    def values(self) -> tuple[dict[str, Value], dict[str, int]]:
        """The value and the period of every query by its id; raises QueryError."""
        periods: dict[str, int] = {}
        found: dict[str, Value] = {}
        for id in in_order(self.queries):
            query = self.queries[id]
            with naming(query):
                periods[id] = _period(query, self.queries, periods)
                if query.expression is None:
                    found[id] = self.measured[id]
                else:
                    found[id] = _Cell(self, periods[id], found).result(parse(query.expression))
        return found, periods


def in_order(queries: Mapping[str, DataQuery]) -> Iterator[str]:
    """The ids of queries, each behind those that it needs; raises QueryError."""
    done: set[str] = set()
    open_: list[str] = []

    def visit(id: str) -> Iterator[str]:
        if id in done:
            return
        open_.append(id)
        query = queries[id]
        with naming(query):
            for node in _ids(query):
                with located(node):
                    _known(node, queries, open_)
        for needed in needs(query, queries):
            yield from visit(needed)
        open_.pop()
        done.add(id)
        yield id

    for id in queries:
        yield from visit(id)


def _known(node: Id, queries: Mapping[str, DataQuery], open_: Sequence[str]) -> None:
    if node.name not in queries:
        raise WrongArguments(
            f"there is no query {node.name}", hint=f"there are {', '.join(queries)}"
        )
    if node.name in open_:
        circle = " -> ".join([*open_[open_.index(node.name) :], node.name])
        raise WrongArguments(f"{node.name} needs itself: {circle}")


def _ids(query: DataQuery) -> Iterator[Id]:
    if query.expression is not None:
        yield from (node for node in walk(parse(query.expression)) if isinstance(node, Id))


def needs(query: DataQuery, queries: Mapping[str, DataQuery]) -> Iterator[str]:
    """The ids that a query refers to; METRICS() refers to all statistics."""
    yield from dict.fromkeys(node.name for node in _ids(query))
    if query.expression is not None and calls(query.expression, "METRICS"):
        yield from (id for id, other in queries.items() if other.stat is not None)


def calls(expression: str, function: str) -> bool:
    """Whether a function occurs in an expression; raises QueryError."""
    nodes = walk(parse(expression))
    return any(isinstance(node, Call) and node.name == function for node in nodes)


def _period(query: DataQuery, queries: Mapping[str, DataQuery], periods: Mapping[str, int]) -> int:
    """The period of a query; raises WrongArguments where an expression has several."""
    if query.stat is not None:
        return query.stat.period
    found = {periods[id]: id for id in needs(query, queries)}
    if len(found) > 1:
        listed = ", ".join(f"{id} has {period} s" for period, id in sorted(found.items()))
        raise WrongArguments(
            f"an expression takes series of one period: {listed}", hint="give them the same period"
        )
    return next(iter(found), query.period or DEFAULT_PERIOD)


@contextmanager
def naming(query: DataQuery) -> Iterator[None]:
    """Say of a query error inside this block which query it is in."""
    try:
        yield
    except QueryError as error:
        error.message = f"{query.id}: {error.message}"
        raise


@dataclass(frozen=True)
class _Cell:
    """What one expression is evaluated in."""

    sheet: Sheet
    period: int
    found: Mapping[str, Value]

    @property
    def grid(self) -> Sequence[int]:
        return self.sheet.grid_of(self.period)

    def metrics(self, part: str) -> tuple[Series, ...]:
        queries = self.sheet.queries
        measured = self.sheet.measured
        return tuple(measured[id] for id in queries if id in measured and part in id)

    def search(self, text: str, stat: str, period: int) -> tuple[Series, ...]:
        return self.sheet.search(text, stat, period)

    def result(self, root: Node) -> Value:
        """The value of an expression; raises QueryError."""
        with located(root):
            found = self._value(root)
            if isinstance(found, float):
                raise WrongArguments(
                    "an expression gives a time series, not a number",
                    hint="TIME_SERIES makes one of a number",
                )
            return found

    def _value(self, node: Node) -> Value:
        found = self._argument(node)
        if isinstance(found, str):
            with located(node):
                raise WrongArguments(f"{kind_of(found)} cannot stand here")
        return found

    def _argument(self, node: Node) -> Argument:
        with located(node):
            found = self._found(node)
            self._spend(found)
            return found

    def _spend(self, found: Argument) -> None:
        self.sheet.left[0] -= size_of(found)
        if self.sheet.left[0] < 0:
            raise WrongArguments(
                "too many points are calculated",
                hint="choose a longer period, a shorter time or fewer metrics",
            )

    def _found(self, node: Node) -> Argument:
        with located(node):
            match node:
                case Number():
                    return node.value
                case Text():
                    return node.value
                case Word():
                    return Option(node.name)
                case Id():
                    return self.found[node.name]
                case Negative():
                    return negated(self._value(node.operand))
                case Array():
                    return tuple(self._items(node))
                case Call():
                    return self._call(node)
                case Chain():
                    value = self._value(node.first)
                    for operator, operand in node.rest:
                        value = apply(operator, value, self._value(operand))
                        self._spend(value)
                    return value

    def _items(self, node: Array) -> Iterator[Series]:
        for item in node.items:
            value = self._value(item)
            if isinstance(value, float):
                with located(item):
                    raise WrongArguments("an array is of time series, not of numbers")
            yield from value if isinstance(value, tuple) else (value,)

    def _call(self, node: Call) -> Value:
        function = find(node.name)
        function.check_count(len(node.arguments))
        given = []
        for at, each in enumerate(node.arguments):
            argument = self._argument(each)
            with located(each):
                function.check(at, argument)
            given.append(argument)
        return function.call(self, given)


def check(queries: Sequence[DataQuery]) -> dict[str, DataQuery]:
    """The queries by id, if their ids and references are right; raises InvalidValue, QueryError."""
    by_id = {query.id: query for query in queries}
    if len(by_id) < len(queries):
        raise InvalidValue("two queries have the same id", hint="ids tell queries apart")
    for query in queries:
        if (query.stat is None) == (query.expression is None):
            raise InvalidValue(
                f"the query {query.id} has a statistic or an expression, and not both"
            )
    list(in_order(by_id))
    return by_id
