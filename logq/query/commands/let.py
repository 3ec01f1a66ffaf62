"""``let``: a name for an expression or a query, to be used in what follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from logq.query.command import Command, command
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.nodes import Expr


@command("let")
@dataclass(frozen=True)
class Let(Command):
    """Name an expression or a query, before all commands; a semicolon ends it.

    The name stands for the expression wherever a field may stand in an expression, also before a
    field of that name. That of a query stands in place of a query in brackets: in ``join``,
    ``union``, ``appendcols`` and behind ``in``.
    """

    beyond = True
    syntax = "let NAME = EXPRESSION;   or   let NAME = (QUERY);"
    examples = (
        "let slow = duration_ms > 500; filter slow | stats count(*) as n by service",
        'let errors = (filter level = "ERROR" | fields request_id); '
        "filter request_id in errors | stats count(*) as n by service",
    )

    label: str
    value: Expr | None = None
    query: tuple[Any, ...] = ()

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        name = expr.name(tokens(stage, "FIELD")[0]).name
        (content,) = trees(stage)
        expr.lets.begin()
        made: dict[str, Any] = {}
        if content.data == "subquery":
            made["query"] = expr.query(content)
        else:
            made["value"] = expr(content)
        expr.lets.define(name, made.get("value"), made.get("query", ()))
        return {"label": name, **made}

    def apply(self, step: Step) -> Step:
        """What was named has been put in where it is used."""
        return step
