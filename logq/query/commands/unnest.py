"""``unnest`` and ``expand``: one row for each element of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lark import Token
from sqlglot import exp

from logq.errors import WrongArguments, located
from logq.query.build import Sql, case, cast, eq, fn, is_null, not_null, text
from logq.query.command import Command, command, unless
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node
from logq.query.functions.documents import document
from logq.query.nodes import Expr, Field
from logq.query.sql import evaluate
from logq.query.unnesting import unnested
from logq.query.value import Type, Value, to_dynamic


def _elements(items: Sql) -> Sql:
    """The elements of a JSON array as a list of JSON texts; NULL for anything else."""
    return exp.Cast(
        this=fn("json_items", items),
        to=exp.DataType.build("VARCHAR[]", dialect="duckdb"),
    )


def _element(found: Sql) -> Value:
    """An element as a value; a JSON null is missing."""
    return Value(Type.DYNAMIC, fn("nullif", found, text("null")))


@command("unnest")
@dataclass(frozen=True)
class Unnest(Command):
    """One row for each element of a list, with the other fields copied.

    Anything that is no list counts as a list of one; an empty or missing list gives no row.
    """

    syntax = "unnest LIST into NAME"
    examples = (
        "fields jsonParse(@message) as m | unnest m.items into item | stats count(*) by item.sku",
        'fields split(tags, ",") as tag_list | unnest tag_list into tag | stats count(*) by tag',
    )

    list: Expr
    into: Field

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        target, name = stage.children
        assert isinstance(name, Token)
        return {"list": expr(target), "into": expr.name(name)}

    def name_before(self, name: str) -> str | None:
        return unless(name, [self.into.name])

    def apply(self, step: Step) -> Step:
        value = evaluate(self.list, step.env)
        if value.items is not None:
            step, found = unnested(step, self.name, {self.into.name: value.items.copy()})
            texts = {label: Value(Type.TEXT, element) for label, element in found.items()}
            return step.add(self.name, texts).showing(self.into.name)
        whole = to_dynamic(value)
        single = case((not_null(whole), exp.Array(expressions=[whole.copy()])))
        items = single
        if value.type is Type.DYNAMIC:
            is_list = eq(fn("left", whole.copy(), exp.Literal.number("1")), text("["))
            items = case((is_list, _elements(whole.copy())), otherwise=single)
        step, found = unnested(step, self.name, {self.into.name: items})
        made = {label: _element(element) for label, element in found.items()}
        return step.add(self.name, made).showing(self.into.name)


@command("expand")
@dataclass(frozen=True)
class Expand(Command):
    """One row for each element of a list or of JSON text that holds one, in place of the list.

    Anything else stays as it is; an empty list gives no row.
    """

    syntax = "expand FIELD"
    examples = ("expand tags | stats count(*) as n by tags | sort n desc",)

    field: Expr

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        return {"field": expr(stage.children[0])}

    def name_before(self, name: str) -> str | None:
        return unless(name, [self.field.name]) if isinstance(self.field, Field) else None

    def apply(self, step: Step) -> Step:
        if not isinstance(self.field, Field):
            with located(self.field):
                raise WrongArguments(
                    "expand takes a field",
                    hint="name the element first: fields m.users[0] as u | expand u",
                )
        value = evaluate(self.field, step.env)
        found = document(value) if value.type in (Type.DYNAMIC, Type.TEXT) else None
        if found is None:
            return step.showing(self.field.name)
        items = _elements(found)
        single = exp.Array(expressions=[cast(to_dynamic(value), "VARCHAR")])
        lists = case((is_null(items), single), otherwise=items.copy())
        step, columns = unnested(step, self.name, {self.field.name: lists})
        made = {label: _element(element) for label, element in columns.items()}
        return step.add(self.name, made).showing(self.field.name)
