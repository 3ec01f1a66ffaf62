"""Other queries inside a query: each reads its own events, all in one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from logq.model import Snapshot
from logq.query.command import Command
from logq.query.compiler import Computed, Step, fold, start
from logq.query.environment import Moment
from logq.query.planner import Needs, needs_of, plan
from logq.query.request import Request, settle
from logq.query.source import EVENTS, Source
from logq.query.value import Type

if TYPE_CHECKING:
    import pyarrow as pa

Types = Mapping[str, Mapping[str, Type | None]]
"""By source: the types that fields had before and keep where that is possible."""
Define = Callable[[str, str], Mapping[str, Any] | None]
"""Finds what a person defined, by kind and name."""


def nothing_defined(kind: str, name: str) -> Mapping[str, Any] | None:
    """Where nobody has defined anything."""
    return None


class Inputs:
    """The sources of one query: its own events first, then those of the queries inside it."""

    def __init__(
        self,
        request: Request,
        snapshot: Callable[[Sequence[str]], Snapshot],
        types: Types,
        define: Define = nothing_defined,
    ) -> None:
        self._request = request
        self._define = define
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
        return self._define(kind, name)

    def register(self, label: str, table: pa.Table) -> str:
        """Let the statement read a table; gives its SQL name."""
        name = f"{label} {len(self.tables) + 1}"
        self.tables[name] = table
        return name

    def step(self, commands: Sequence[Command]) -> Step:
        """A query inside this one, up to its end; without SOURCE it reads the same log groups.

        Raises QueryError and UnknownLogGroup.
        """
        groups, moment, rest = settle(commands, self._request.groups, self._request.moment)
        name = f"{EVENTS}_{len(self._others) + 2}"
        source = Source(
            self._snapshot(groups),
            self._types.get(name, {}),
            warnings=self.own.warnings,
            name=name,
            idents=self.own.idents,
        )
        self._others.append(source)
        self.needs[name] = needs_of(rest, moment.start, moment.end)
        step = fold(start(source, moment, self), rest)
        self._computed += step.computed
        return step

    def scanned(self) -> tuple[int, int]:
        """How many bytes and events the query and those inside it read."""
        plans = [plan(s.snapshot, self.needs[s.name], None) for s in (self.own, *self._others)]
        return sum(one.bytes for one in plans), sum(one.rows for one in plans)


def over_nothing(moment: Moment) -> Inputs:
    """The inputs of a query that reads no events: for looking at its text."""
    return Inputs(Request("", (), (), moment, None), lambda _: Snapshot((), {}), {})
