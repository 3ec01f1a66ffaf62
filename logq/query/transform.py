"""Query text to commands: the tree of the grammar becomes frozen values with their places.

``parse`` is the whole front of the query engine. A text without any command asks for everything
and gives no commands. Nothing here knows what a command does; classes come from the registry.
"""

from __future__ import annotations

from typing import Any

from lark.exceptions import UnexpectedInput

from logq.errors import located
from logq.query.command import Command, commands
from logq.query.expressions import Expressions, Node, span_of, tokens, trees
from logq.query.grammar import parse_tree
from logq.query.nodes import Field, Star
from logq.query.syntax_error import explain

Values = dict[str, Any]


def parse(text: str) -> tuple[Command, ...]:
    """The commands of a query; raises QuerySyntaxError and WrongArguments with a place."""
    try:
        tree = parse_tree(text)
    except UnexpectedInput as error:
        raise explain(error, text) from None
    return _Commands(text).all(tree)


class _Commands:
    """From the trees of commands to commands; one without a method here reads its own tree."""

    def __init__(self, text: str) -> None:
        self.expr = Expressions(text, self.all)

    def all(self, tree: Node) -> tuple[Command, ...]:
        """The commands in order."""
        made: list[Command] = []
        for stage in trees(tree):
            name = stage.data.removesuffix("_command")
            kind = commands()[name]
            self.expr.lets.note_stage()
            read = getattr(self, name, None)
            with located(Star(span=span_of(stage))):
                values: Values = read(stage) if read else kind.read(self.expr, stage)
                made.append(kind(span=span_of(stage), **values))
        return tuple(made)

    def search(self, stage: Node) -> Values:
        return {"pattern": self.expr.pattern(tokens(stage)[0])}

    def fields(self, stage: Node) -> Values:
        star = bool(trees(stage, "star"))
        return {"items": () if star else self.expr.shown(trees(stage)[0]), "star": star}

    def display(self, stage: Node) -> Values:
        return {"items": self.expr.shown(trees(stage)[0])}

    def filter(self, stage: Node) -> Values:
        return {"condition": self.expr(stage.children[0])}

    def stats(self, stage: Node) -> Values:
        by, offset, compared = (trees(stage, rule) for rule in ("items", "offset", "compared"))
        return {
            "items": self.expr.items(trees(stage, "totals")[0]),
            "by": self.expr.items(by[0]) if by else (),
            "offset": self.expr.duration(tokens(offset[0])[0]) if offset else None,
            "compared": tuple(map(self.expr.duration, tokens(compared[0]))) if compared else (),
        }

    def sort(self, stage: Node) -> Values:
        return {"keys": tuple(self.expr.key(key) for key in trees(stage))}

    def limit(self, stage: Node) -> Values:
        return {"rows": self._rows(stage), "any": bool(tokens(stage, "ANY"))}

    def head(self, stage: Node) -> Values:
        return {"rows": self._rows(stage)}

    def tail(self, stage: Node) -> Values:
        return {"rows": self._rows(stage)}

    def join(self, stage: Node) -> Values:
        values: Values = {"kind": "inner", "left": None, "right": None, "within": None}
        for option in trees(stage, "join_option"):
            word, value = tokens(option)
            name = {"TYPE_OPTION": "kind", "LEFT_OPTION": "left", "RIGHT_OPTION": "right"}[
                word.type
            ]
            values[name] = str(value).lower() if name == "kind" else self.expr.name(value).name
        for token in tokens(stage, "DURATION"):
            values["within"] = self.expr.duration(token)
        pairs = (self.expr.names(tree) for tree in trees(stage, "join_condition"))
        values["on"] = tuple((left, right) for left, right in pairs)
        return {**values, "query": self.expr.inner(trees(stage)[-1])}

    def lookup(self, stage: Node) -> Values:
        table, *rest = stage.children
        word = rest.index(tokens(stage, "OUTPUT", "OUTPUTNEW")[0])
        keys, outputs = (tuple(map(self._match, part)) for part in (rest[:word], rest[word + 1 :]))
        only_new = str(rest[word]).lower() == "outputnew"
        return {"table": str(table), "keys": keys, "outputs": outputs, "only_new": only_new}

    def cidrlookup(self, stage: Node) -> Values:
        values = self.lookup(stage)
        field, cidr = values.pop("keys")[0]
        return {**values, "field": field, "cidr": None if cidr is field else cidr}

    def _match(self, tree: Any) -> tuple[Field, Field]:
        """A column and what stands behind its ``as``, or the same again."""
        first, *other = self.expr.names(tree)
        return first, other[0] if other else first

    def union(self, stage: Node) -> Values:
        return {"query": self.expr.inner(trees(stage)[-1])}

    def appendcols(self, stage: Node) -> Values:
        values: Values = {}
        for option in trees(stage, "appendcols_option"):
            word, value = tokens(option)
            if word.type == "MAX_OPTION":
                values["most"] = self.expr.integer(value)
            else:
                values["override"] = value.type == "TRUE"
        return {**values, "query": self.expr.inner(trees(stage)[-1])}

    def dedup(self, stage: Node) -> Values:
        return {"fields": self.expr.names(stage.children[0])}

    def _rows(self, stage: Node) -> int:
        return self.expr.integer(tokens(stage, "INT")[0])
