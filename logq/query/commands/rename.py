"""``rename`` and ``drop``: other names for columns, and fewer columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lark import Token

from logq.errors import WrongArguments, located
from logq.query.command import Command, command, unless
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.likeness import is_like, names_like
from logq.query.nodes import Field
from logq.query.sql import evaluate


@command("rename")
@dataclass(frozen=True)
class Rename(Command):
    """Give columns other names; the old names are gone."""

    beyond = True
    syntax = "rename NAME as NAME, ..."
    examples = ("stats count(*) by service | rename `count(*)` as events, service as name",)

    pairs: tuple[tuple[Field, Field], ...]

    @property
    def keeps_rows(self) -> bool:
        return True

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        found = (tokens(pair) for pair in trees(stage, "renaming"))
        return {"pairs": tuple((expr.name(old), expr.name(new)) for old, new in found)}

    def name_before(self, name: str) -> str | None:
        found: str | None = name
        for old, new in reversed(self.pairs):
            if found == new.name:
                found = old.name
            elif found is not None:
                found = unless(found, [old.name, new.name])
        return found

    def apply(self, step: Step) -> Step:
        for old, new in self.pairs:
            with located(old):
                value = evaluate(old, step.env)
            keys = step.scope.keys
            step = step.add(self.name, {new.name: value})
            if old.name == new.name:
                continue
            scope = step.scope.without(old.name)
            names = {old.name: new.name}
            if scope.source is None:
                # The column keeps its place.
                order = [names.get(n, n) for n in step.scope.columns]
                kept = {n: scope.columns[n] for n in dict.fromkeys(order)}
                kept_keys = tuple(names.get(key, key) for key in keys)
                scope = replace(scope, columns=kept, keys=kept_keys)
            step = replace(
                step,
                env=replace(step.env, scope=scope),
                output=_renamed(step.output, names),
                extra=_renamed(step.extra, names) or (),
            )
        return step


def _renamed(shown: tuple[str, ...] | None, names: dict[str, str]) -> tuple[str, ...] | None:
    return None if shown is None else tuple(names.get(name, name) for name in shown)


@command("drop")
@dataclass(frozen=True)
class Drop(Command):
    """Remove columns; ``http.*`` names several. Afterwards they are missing."""

    beyond = True
    syntax = "drop NAME | WILDCARD, ..."
    examples = ("fields @timestamp, user, password | drop password",)

    names: tuple[Field | str, ...]
    """Names, and wildcards as text."""

    @property
    def keeps_rows(self) -> bool:
        return True

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        found = [child for tree in trees(stage, "dropped") for child in tree.children]
        return {
            "names": tuple(
                expr.name(token) if token.type == "FIELD" else str(token)
                for token in found
                if isinstance(token, Token)
            )
        }

    def name_before(self, name: str) -> str | None:
        dropped = (n.name if isinstance(n, Field) else n for n in self.names)
        return None if any(is_like(name, one) for one in dropped) else name

    def apply(self, step: Step) -> Step:
        gone: dict[str, None] = {}
        for name in self.names:
            if isinstance(name, Field):
                with located(name):
                    evaluate(name, step.env)
                gone[name.name] = None
            else:
                gone |= dict.fromkeys(_some_like(step, name))
        shown = tuple(name for name in step.shown() if name not in gone)
        if not shown:
            raise WrongArguments("no column would be left", hint="drop fewer of them")
        scope = step.scope.without(*gone)
        output = None if scope.source is None and step.output is None else shown
        return replace(step, env=replace(step.env, scope=scope), output=output, extra=())


def _some_like(step: Step, wildcard: str) -> tuple[str, ...]:
    found = names_like(step, wildcard)
    if not found:
        raise WrongArguments(
            f"no field is named like {wildcard}",
            hint=f"what exists here: {', '.join(names_like(step, '*')[:12])}",
        )
    return found
