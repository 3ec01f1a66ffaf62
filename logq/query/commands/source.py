"""``SOURCE``: name the log groups and the time range inside the query."""

from __future__ import annotations

from dataclasses import dataclass

from logq.errors import NotAvailableYet, WrongArguments
from logq.query.command import Command, command
from logq.query.compiler import Step


@command("source")
@dataclass(frozen=True)
class Source(Command):
    """Read these log groups; stands first, and several may follow each other."""

    syntax = 'SOURCE "GROUP" [START=-1h] [END=now]'
    examples = ('SOURCE "/aws/lambda/orders" START=-3600s END=0s | fields @timestamp, @message',)

    groups: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    functions: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise NotAvailableYet for the forms that this version cannot read."""
        if self.functions:
            raise NotAvailableYet(
                f"SOURCE {self.functions[0]}(...) is not available yet",
                hint='name one group: SOURCE "name", or give -g with a pattern like /app/*',
                span=self.span,
            )

    def apply(self, step: Step) -> Step:
        """Sources are read before the first step; here one comes too late."""
        raise WrongArguments(
            "SOURCE must be the first command", hint="move it to the start of the query"
        )
