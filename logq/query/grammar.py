"""The parser made from ``grammar/logq.lark``: query text to a Lark tree."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lark import Lark, ParseTree

FILE = "logq.lark"


def folder() -> Path:
    """The folder of the grammar: ``logq/grammar`` in a wheel, ``grammar`` in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "grammar", package.parent / "grammar"):
        if (place / FILE).is_file():
            return place
    raise FileNotFoundError(f"{FILE} is not part of this installation")


def build(*, strict: bool = False) -> Lark:
    """A new parser; ``strict`` also proves that no two terminals compete in any state."""
    return Lark(
        (folder() / FILE).read_text(encoding="utf-8"),
        parser="lalr",
        lexer="contextual",
        propagate_positions=True,
        strict=strict,
    )


@cache
def parser() -> Lark:
    """The parser of this process, built once."""
    return build()


def parse_tree(text: str) -> ParseTree:
    """The syntax tree of a query; raises Lark's own errors."""
    return parser().parse(text)
