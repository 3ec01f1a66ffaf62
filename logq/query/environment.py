"""What the value of an expression depends on besides the expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from logq.query import nodes
from logq.query.build import Sql
from logq.query.nodes import Expr
from logq.query.scope import Scope
from logq.query.zones import UTC, Zone

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from logq.query.command import Command
    from logq.query.compiler import Computed, Step
    from logq.query.source import Source


@dataclass(frozen=True, slots=True)
class Moment:
    """The times a query knows: when it began, and the bounds of its range, epoch ms."""

    now: int
    start: int | None = None
    end: int | None = None


class Others(Protocol):
    """The queries inside a query."""

    @property
    def strict(self) -> bool:
        """Whether everything is as CloudWatch has it."""
        ...

    @property
    def sources(self) -> Sequence[Source]:
        """What they read."""
        ...

    @property
    def computed(self) -> Sequence[Computed]:
        """The tables that functions make inside of them, in order."""
        ...

    @property
    def tables(self) -> Mapping[str, pa.Table]:
        """The tables beside the events that they read, by SQL name."""
        ...

    def step(self, commands: Sequence[Command]) -> Step:
        """One of them, up to its end."""
        ...

    def again(
        self, step: Step, commands: Sequence[Command], earlier: nodes.Duration | None = None
    ) -> Step:
        """Commands over the events of a step's query once more, or over those of an earlier time.

        Earlier events come with the times that they would have now.
        """
        ...

    def during(self, step: Step, commands: Sequence[Command], moment: Moment) -> Step:
        """Commands over the events of a step's query, those of another time."""
        ...

    def only(self, step: Step, groups: frozenset[str]) -> None:
        """Read of the events that a step began with only those of some log groups."""
        ...

    def ask(self, step: Step, select: exp.Select) -> list[tuple[Any, ...]]:
        """The rows of a SELECT over a step, now, while the query is compiled."""
        ...

    def defined(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """What a person defined under this name, as JSON, if the caller may use it."""
        ...

    def register(self, label: str, table: pa.Table) -> str:
        """Let the statement read a table; gives its SQL name."""
        ...

    def scanned(self) -> tuple[int, int]:
        """How many bytes and events the whole query reads."""
        ...


@dataclass(frozen=True, slots=True)
class Environment:
    """What the value of an expression depends on besides the expression."""

    scope: Scope
    moment: Moment
    others: Others
    aggregating: bool = False
    """Inside the items of ``stats``, outside of any aggregate."""
    windowed: bool = False
    """While aggregating: every row stays, so that its own fields may be used too."""
    zone: Zone = UTC
    """Whose clocks ``bin`` goes by."""
    keys: frozenset[Expr] = frozenset()
    """While aggregating: the grouping keys, which may be used as they are."""
    counted: Sql | None = None
    """While aggregating: which rows count, for ``count(*) where status >= 500``."""
    fresh: Callable[[str], str] = str
    """Makes SQL names that no column has."""
    offset: nodes.Duration | None = None
    """``stats ... offset``: how far the boundaries of ``bin`` are shifted."""
    sampled: float | None = None
    """Which share of the rows a ``sample`` has kept; None: all."""
    warnings: list[str] = field(default_factory=list)
