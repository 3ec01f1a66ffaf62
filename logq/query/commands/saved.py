"""``$Name(...)``: the commands of a saved query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from logq.errors import WrongArguments
from logq.query.command import Command, command
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node
from logq.query.saved import arguments_of, called_name


@command("saved")
@dataclass(frozen=True)
class Saved(Command):
    """Run the commands of a saved query here; more may follow it.

    Its parameters, ``{{name}}`` in its text, become texts or numbers; those that are not given
    have their defaults. A name with other characters than letters, digits and ``_`` stands in
    backticks. ``logq queries`` saves, lists, runs and deletes saved queries.
    """

    syntax = '$Name(parameter = "value", ...)'
    examples = (
        '$ErrorsByLevel(logLevel = "WARN", maxResults = 100) | stats count(*) by service',
        "$`Errors By Level`()",
    )

    title: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    """Names and literals."""

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        """The values of a new one from its tree."""
        return {"title": called_name(stage), "arguments": tuple(arguments_of(stage))}

    def apply(self, step: Step) -> Step:
        """Its text was put in before the query was compiled; here nobody could."""
        raise WrongArguments(f"the saved query {self.title!r} cannot be called here")
