"""``fields`` and ``display``: compute columns and choose what is shown."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

from logq import model
from logq.errors import WrongArguments
from logq.query.command import Command, behind_items, command
from logq.query.compiler import Step
from logq.query.likeness import names_like
from logq.query.nodes import Expr, Field, Item, LikeNames, walk
from logq.query.sql import evaluate
from logq.query.value import Value


def define(step: Step, name: str, items: tuple[Item, ...]) -> Step:
    """Define every item as a column, left to right, so that later ones can use earlier ones.

    Items that use none before them share one SQL step: one each would cost memory by the square.
    """
    values: dict[str, Value] = {}
    for item in items:
        if _uses(item.expr, values) or item.name in values:
            step, values = step.add(name, values), {}
        plain = isinstance(item.expr, Field) and item.alias is None
        if not (plain and step.scope.has(item.name)):
            values[item.name] = evaluate(item.expr, step.env)
    return step.add(name, values)


def _uses(expr: Expr, names: Container[str]) -> bool:
    """Whether an expression reads a field of one of these names, or one below it."""
    fields = (node for node in walk(expr) if isinstance(node, Field))
    return any(".".join(f.path[:n]) in names for f in fields for n in range(1, len(f.path) + 1))


@command("fields")
@dataclass(frozen=True)
class Fields(Command):
    """Add columns to the result and define aliases for later commands.

    A name that begins or ends with a star, as in ``http.*``, means all fields with such names.
    """

    syntax = "fields EXPRESSION [as NAME] | NAME*, ...   or   fields *"
    examples = (
        "fields @timestamp, @message",
        "fields http.path, duration_ms / 1000 as seconds | sort seconds desc | limit 10",
        "fields @timestamp, http.*",
    )

    items: tuple[Item, ...] = ()
    star: bool = False

    @property
    def keeps_rows(self) -> bool:
        return True

    def name_before(self, name: str) -> str | None:
        return behind_items(name, self.items)

    def apply(self, step: Step) -> Step:
        items = _spelled_out(self.items, step)
        if self.star:
            items = tuple(Item(Field((n,), whole=True), None, n) for n in _every(step))
        step = define(step, self.name, items)
        chosen = (*(step.output or ()), *(item.name for item in items))
        return replace(step, output=tuple(dict.fromkeys(chosen)) or None)


def _spelled_out(items: tuple[Item, ...], step: Step) -> tuple[Item, ...]:
    """The items with the fields that names with stars stand for."""
    found: list[Item] = []
    for item in items:
        if not isinstance(item.expr, LikeNames):
            found.append(item)
            continue
        names = names_like(step, item.expr.wildcard)
        if not names:
            step.env.warnings.append(f"no field is named like {item.expr.wildcard}")
        found += [Item(Field((n,), whole=True), None, n, span=item.span) for n in names]
    return tuple(found)


def _every(step: Step) -> tuple[str, ...]:
    source = step.scope.source
    if source is None:
        return tuple(step.scope.columns)
    discovered = [n for n in source.known() if not n.startswith("@") or n.startswith("@@")]
    names = (model.TIMESTAMP, model.MESSAGE, *discovered, *step.scope.columns)
    return tuple(name for name in names if name not in step.scope.hidden)


@command("display")
@dataclass(frozen=True)
class Display(Command):
    """Set the result's columns outright; of several, the last one counts."""

    syntax = "display EXPRESSION [as NAME], ..."
    examples = ('filter level = "ERROR" | display @timestamp, service, message',)

    items: tuple[Item, ...] = ()

    @property
    def keeps_rows(self) -> bool:
        return True

    def name_before(self, name: str) -> str | None:
        return behind_items(name, self.items)

    def apply(self, step: Step) -> Step:
        items = _spelled_out(self.items, step)
        step = define(step, self.name, items)
        names = tuple(dict.fromkeys(item.name for item in items))
        if not names:
            raise WrongArguments(
                "no column would be left", hint="name fields that exist, as in display @message"
            )
        return replace(step, output=names, extra=())
