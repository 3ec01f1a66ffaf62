"""``estimate``: how much a query would read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from logq.query.build import alias, cast, number
from logq.query.command import Command, command
from logq.query.compiler import Step
from logq.query.scope import Column, Scope
from logq.query.value import Type

BYTES = "@estimatedBytesScanned"
RECORDS = "@estimatedRecordsScanned"


@command("estimate")
@dataclass(frozen=True)
class Estimate(Command):
    """Tell how many bytes and events the query before it would read, without running it.

    It is the last command of a query.
    """

    syntax = "estimate"
    examples = ('filter level = "ERROR" | stats count(*) by service | estimate',)

    def apply(self, step: Step) -> Step:
        size, records = step.env.others.scanned()
        scope, select = Scope(), exp.Select()
        for name, count in ((BYTES, size), (RECORDS, records)):
            made = Column(step.source.ident(name), Type.INTEGER)
            select = select.select(alias(cast(number(count), "BIGINT"), made.ident))
            scope = scope.define(name, made)
        return replace(step.then(self.name, select).barrier(scope, ()), last=self.name)
