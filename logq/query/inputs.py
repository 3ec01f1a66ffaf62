"""Other queries inside a query: each reads its own events, all in one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from logq import model
from logq.model import Snapshot
from logq.query import needs as asking
from logq.query.build import all_of, column, operate, timestamp
from logq.query.command import Command
from logq.query.compiler import Computed, Ctes, Step, fold, start
from logq.query.environment import Moment
from logq.query.grid import interval
from logq.query.needs import Needs, needs_of
from logq.query.nodes import Duration, Field
from logq.query.planner import plan
from logq.query.request import Request, settle
from logq.query.source import EVENTS, Source
from logq.query.value import Type, Value

if TYPE_CHECKING:
    import pyarrow as pa

Types = Mapping[str, Mapping[str, Type | None]]
"""By source: the types that fields had before and keep where that is possible."""
Ask = Callable[["Inputs", Sequence[Computed], exp.Select, Ctes], list[tuple[Any, ...]]]
"""Runs a SELECT with its steps, behind tables that functions make."""


class Inputs:
    """The sources of one query: its own events first, then those of the queries inside it."""

    def __init__(
        self,
        request: Request,
        snapshot: Callable[[Sequence[str]], Snapshot],
        types: Types,
        asked: Ask | None = None,
    ) -> None:
        self._asked = asked
        self._request = request
        self.tables: dict[str, pa.Table] = {}
        """Tables that the statement reads, by SQL name."""
        self._snapshot = snapshot
        self._types = types
        self.own = Source(snapshot(request.groups), types.get(EVENTS, {}))
        moment = request.moment
        self.needs: dict[str, Needs] = {
            EVENTS: needs_of(request.commands, moment.start, moment.end)
        }
        self._others: list[Source] = []
        self._computed: list[Computed] = []
        self._earlier: tuple[Duration, ...] = ()
        """How far the times lie back that are read now."""
        self._moment = moment
        """The time that is read now."""

    @property
    def strict(self) -> bool:
        """Whether everything is as CloudWatch has it."""
        return self._request.strict

    @property
    def sources(self) -> Sequence[Source]:
        """The events of the queries inside."""
        return tuple(self._others)

    @property
    def computed(self) -> Sequence[Computed]:
        """The tables that functions make inside of them, in order."""
        return tuple(self._computed)

    def defined(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """What a person defined under this name, as JSON, if the caller may use it."""
        return self._request.known.define(kind, name)

    def register(self, label: str, table: pa.Table) -> str:
        """Let the statement read a table; gives its SQL name."""
        name = f"{label} {len(self.tables) + 1}"
        self.tables[name] = table
        return name

    def step(self, commands: Sequence[Command]) -> Step:
        """A query inside this one, up to its end; without SOURCE it reads the same log groups.

        Raises QueryError and UnknownLogGroup.
        """
        asked = self._request
        groups, moment, rest = settle(commands, asked.groups, self._moment, asked.known.select)
        return self._folded(self._source(self._snapshot(groups)), moment, rest)

    def _source(self, snapshot: Snapshot) -> Source:
        name = f"{EVENTS}_{len(self._others) + 2}"
        return Source(
            snapshot,
            self._types.get(name, {}),
            warnings=self.own.warnings,
            name=name,
            idents=self.own.idents,
        )

    def _folded(self, source: Source, moment: Moment, commands: Sequence[Command]) -> Step:
        """Commands over the events of a source, moved as far as those around it are."""
        needs = needs_of(commands, moment.start, moment.end)
        step = start(source, moment, self)
        for period in self._earlier:
            needs = asking.earlier(needs, period)
            step = _moved(step, period)
        self._others.append(source)
        self.needs[source.name] = needs
        step = fold(step, commands)
        self._computed += step.computed
        return step

    def again(
        self, step: Step, commands: Sequence[Command], earlier: Duration | None = None
    ) -> Step:
        """Commands over the events of a step's query once more, or over those of an earlier time.

        Earlier events come with the times that they would have now.
        """
        around = self._earlier
        self._earlier = around if earlier is None else (*around, earlier)
        try:
            return self._folded(self._source(step.source.snapshot), step.env.moment, commands)
        finally:
            self._earlier = around

    def during(self, step: Step, commands: Sequence[Command], moment: Moment) -> Step:
        """Commands over the events of a step's query, those of another time."""
        around, self._moment = self._moment, moment
        try:
            return self._folded(self._source(step.source.snapshot), moment, commands)
        finally:
            self._moment = around

    def only(self, step: Step, groups: frozenset[str]) -> None:
        """Read of the events that a step began with only those of some log groups."""
        needs = self.needs[step.source.name]
        both = groups if needs.groups is None else groups & needs.groups
        self.needs[step.source.name] = replace(needs, groups=both)

    def ask(self, step: Step, select: exp.Select) -> list[tuple[Any, ...]]:
        """The rows of a SELECT over a step, now, while the query is compiled."""
        if self._asked is None:
            return []
        return self._asked(self, (*self._computed, *step.computed), select, step.ctes)

    def scanned(self) -> tuple[int, int]:
        """How many bytes and events the query and those inside it read."""
        plans = [plan(s.snapshot, self.needs[s.name], None) for s in (self.own, *self._others)]
        return sum(one.bytes for one in plans), sum(one.rows for one in plans)


def _moved(step: Step, earlier: Duration) -> Step:
    """Events with the times that they would have if they came later, those within the range."""
    time = step.scope.fetch(Field((model.TIMESTAMP,)))
    later = operate("+", time.sql, interval(earlier))
    step = step.add("earlier", {model.TIMESTAMP: Value(Type.TIMESTAMP, later)})
    moved = column(step.scope.columns[model.TIMESTAMP].ident)
    moment = step.env.moment
    bounds = ((">=", moment.start), ("<=", moment.end))
    inside = [operate(op, moved.copy(), timestamp(at)) for op, at in bounds if at is not None]
    return step.where("earlier", all_of(*inside)) if inside else step


def over_nothing(moment: Moment) -> Inputs:
    """The inputs of a query that reads no events: for looking at its text."""
    return Inputs(Request("", (), (), moment, None), lambda _: Snapshot((), {}), {})
