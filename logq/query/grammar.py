"""The parsers made from ``grammar/*.lark``: the text of a query or filter pattern to a Lark tree.

Building the parser's tables takes 125 ms, loading them 15 ms. So they are kept where Python keeps
the bytecode of this file, under the same conditions: whoever could alter them could alter the
bytecode as well, and a folder that cannot be written costs time, never an error.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path

from lark import Lark, ParseTree, lexer

FILE = "logq.lark"
"""The grammar of queries; filter patterns have one of their own."""


def folder() -> Path:
    """The folder of the grammar: ``logq/grammar`` in a wheel, ``grammar`` in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "grammar", package.parent / "grammar"):
        if (place / FILE).is_file():
            return place
    raise FileNotFoundError(f"{FILE} is not part of this installation")


def build(file: str = FILE, *, strict: bool = False, tables: Path | None = None) -> Lark:
    """A new parser; ``strict`` also proves that no two terminals compete in any state.

    ``tables`` is a file to load the parser's tables from, and to write them to if it does not
    hold those of this grammar, this Lark and this Python.
    """
    # Where interegular is installed, Lark repeats the proof on every build: 0.9 s.
    installed, lexer.has_interegular = lexer.has_interegular, strict
    try:
        return Lark(
            (folder() / file).read_text(encoding="utf-8"),
            parser="lalr",
            lexer="contextual",
            propagate_positions=True,
            strict=strict,
            cache=str(tables) if tables else False,
        )
    finally:
        lexer.has_interegular = installed


@cache
def parser(file: str = FILE) -> Lark:
    """The parser of this process for a grammar, made once."""
    bytecode = None if sys.dont_write_bytecode else Path(cache_from_source(__file__))
    return build(file, tables=bytecode and bytecode.with_suffix(f".{file}"))


def parse_tree(text: str) -> ParseTree:
    """The syntax tree of a query; raises Lark's own errors."""
    return parser().parse(text)
