"""``json``: read paths out of JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from logq import model
from logq.errors import WrongArguments, located
from logq.query.build import alias, case, cast, column, fn, number, text
from logq.query.command import Command, command, unless
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.nodes import Field, Literal
from logq.query.scope import json_pointer
from logq.query.sql import evaluate
from logq.query.value import Type, Value, to_text

_SEGMENT = re.compile(r"(?:^|\.)(?:`([^`]+)`|([^.\[\]`]+))|\[([0-9]{1,9})\]")


@command("json")
@dataclass(frozen=True)
class Json(Command):
    """Read values by path from JSON text, by default ``@message``, or from a map.

    A path has keys behind dots and places in brackets: ``user.roles[0]``; a key that holds dots
    stands in backticks. What is not there is missing.
    """

    syntax = 'json [field=FIELD] "PATH" as NAME, ...'
    examples = (
        'json "user.id" as user, "items[0].sku" as first | stats count(*) by user',
        'json field=payload "error.code" as code | filter code = 7',
    )

    paths: tuple[tuple[Literal, Field], ...]
    field: Field | None = None

    @property
    def keeps_rows(self) -> bool:
        return True

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        given = tokens(stage, "FIELD")
        pairs = (tokens(path) for path in trees(stage, "json_path"))
        return {
            "paths": tuple((expr.pattern(path), expr.name(name)) for path, name in pairs),
            "field": expr.name(given[0]) if given else None,
        }

    def name_before(self, name: str) -> str | None:
        return unless(name, [made.name for _, made in self.paths])

    def apply(self, step: Step) -> Step:
        value = evaluate(self.field or Field((model.MESSAGE,)), step.env)
        document = fn("dynamic_source", value.sql.copy())
        if value.type is not Type.DYNAMIC:
            document = to_text(value)
        wanted = exp.Array(expressions=[text(_pointer(path)) for path, _ in self.paths])
        found = case(
            (fn("json_valid", document), fn("json_extract", document.copy(), wanted)),
        )
        ident = step.source.ident("json")
        step = step.then(self.name, step.select().select(exp.Star(), alias(found, ident)))
        values = {}
        for place, (_, name) in enumerate(self.paths, start=1):
            one = cast(fn("list_extract", column(ident), number(place)), "VARCHAR")
            values[name.name] = Value(Type.DYNAMIC, fn("json_found", one))
        return step.add(self.name, values).showing(*values)


def _pointer(path: Literal) -> str:
    written = str(path.value)
    keys: list[str | int] = []
    position = 0
    rest = written.removeprefix("$").removeprefix(".") if written[:1] == "$" else written
    for match in _SEGMENT.finditer(rest):
        if match.start() != position:
            break
        position = match.end()
        keys.append(int(match[3]) if match[3] is not None else match[1] or match[2])
    if not keys or position != len(rest):
        with located(path):
            raise WrongArguments(
                f"'{written}' is not a path", hint='write for example "user.roles[0]"'
            )
    return json_pointer(keys)
