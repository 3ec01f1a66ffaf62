"""``filter`` (also written ``where``) and ``search``: keep the rows that match."""

from __future__ import annotations

from dataclasses import dataclass

from logq import model
from logq.query.command import Command, command
from logq.query.compiler import Step
from logq.query.lint import warn_missing
from logq.query.nodes import Expr, Field, Like, Literal, Regex
from logq.query.sql import condition


@command("filter")
@dataclass(frozen=True)
class Filter(Command):
    """Keep the rows for which the condition is true."""

    syntax = "filter CONDITION   or   where CONDITION"
    examples = (
        'filter level = "ERROR" and http.status >= 500',
        "filter @message like /(?i)time(d )?out/ | stats count(*) by service",
    )

    condition: Expr

    @property
    def filters(self) -> bool:
        return True

    def conditions(self) -> tuple[Expr, ...]:
        return (self.condition,)

    def name_before(self, name: str) -> str | None:
        return name

    def apply(self, step: Step) -> Step:
        kept = step.where(self.name, condition(self.condition, step.env))
        warn_missing(self.condition, step)
        return kept


@command("search")
@dataclass(frozen=True)
class Search(Command):
    """Keep the events whose text contains a phrase or matches a regular expression."""

    syntax = 'search "TEXT"   or   search /REGEX/   or just "TEXT" as the first command'
    examples = ('search "OutOfMemory" | limit 20', '"timeout" | stats count(*) by bin(1m)')

    pattern: Literal | Regex

    @property
    def condition(self) -> Expr:
        """The filter that this is short for."""
        return Like(Field((model.MESSAGE,)), self.pattern, span=self.span)

    @property
    def filters(self) -> bool:
        return True

    def conditions(self) -> tuple[Expr, ...]:
        return (self.condition,)

    def name_before(self, name: str) -> str | None:
        return name

    def apply(self, step: Step) -> Step:
        return step.where(self.name, condition(self.condition, step.env))
