"""A filter pattern beside a query: only events that match it reach the query's commands."""

from __future__ import annotations

from dataclasses import dataclass

from logq import model
from logq.query.command import Command
from logq.query.compiler import Step
from logq.query.filter_pattern import FilterPattern, Kind, required_texts
from logq.query.nodes import Field
from logq.query.patterns.stored import stored_condition


@dataclass(frozen=True)
class Matching(Command):
    """Keep the events that match a filter pattern; no query can write this command."""

    name = "matching"

    pattern: FilterPattern

    @property
    def filters(self) -> bool:
        return True

    def texts(self) -> tuple[str, ...]:
        return required_texts(self.pattern)

    def name_before(self, name: str) -> str | None:
        return name

    def apply(self, step: Step) -> Step:
        if self.pattern.kind is Kind.ALL:
            return step
        message = step.scope.fetch(Field((model.MESSAGE,)))
        prefix = step.env.fresh("pattern")
        found = stored_condition(self.pattern, step.source, message.sql, prefix)
        return step.where(self.name, found)
