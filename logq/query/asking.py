"""Questions that compiling a query has to the data: which columns ``pivot`` makes, for example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from sqlglot import exp

from logq.query.build import render
from logq.query.compiler import Computed, Ctes, with_steps
from logq.query.connection import Damaged, Session
from logq.query.inputs import Inputs
from logq.query.planner import Plan, TextIndex, plan
from logq.query.running import compute, journal_tables

if TYPE_CHECKING:
    from logq.model import Piece


class Asked(Protocol):
    """Who knows the data."""

    def open(self, tables: Sequence[tuple[str, Any]]) -> Session: ...

    def damaged(self, plans: Iterable[Plan], error: Damaged) -> list[Piece]: ...

    def set_aside(self, pieces: Sequence[Piece]) -> bool: ...


def ask(
    asked: Asked,
    index: TextIndex | None,
    inputs: Inputs,
    computed: Sequence[Computed],
    select: exp.Select,
    ctes: Ctes,
) -> list[tuple[Any, ...]]:
    """The rows of a SELECT with its steps; raises Damaged once bad segments are set aside."""
    sources = (inputs.own, *inputs.sources)
    plans: Mapping[str, Plan] = {
        source.name: plan(source.snapshot, inputs.needs[source.name], index) for source in sources
    }
    events = {
        source.name: source.events(plans[source.name].readings, plans[source.name].needs.window)
        for source in sources
    }
    session = asked.open([*journal_tables(plans.values()), *inputs.tables.items()])
    try:
        compute(session, computed, events)
        cursor = session.execute(render(with_steps(select.copy(), events, ctes)))
        with session.guarded():
            return cursor.fetchall()
    except Damaged as error:
        session.close()
        bad = asked.damaged(plans.values(), error)
        asked.set_aside(bad)
        raise
    finally:
        session.close()
