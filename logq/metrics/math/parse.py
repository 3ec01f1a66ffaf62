"""The text of an expression to its syntax tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lark import Token, Tree
from lark.exceptions import UnexpectedEOF, UnexpectedInput, UnexpectedToken

from logq.errors import QuerySyntaxError, Span
from logq.metrics.math.nodes import Array, Call, Chain, Id, Negative, Node, Number, Text, Word
from logq.query.grammar import parser

FILE = "metric_math.lark"
MOST_CHARACTERS = 2048
MOST_NESTED = 64

_WORDS = {
    "OR": "OR",
    "AND": "AND",
    "COMPARISON": "a comparison",
    "SIGN": "+ or -",
    "TIMES": "* or /",
    "POWER": "^",
    "NUMBER": "a number",
    "TEXT": "a quoted text",
    "ID": "the id of a query",
    "WORD": "a function",
    "_LPAR": "(",
    "_RPAR": ")",
    "_LBRACKET": "[",
    "_RBRACKET": "]",
    "_COMMA": ",",
    "$END": "the end",
}
"""What people call the terminals."""
_ALIASES = {"||": "OR", "&&": "AND"}


@lru_cache(maxsize=1024)
def parse(text: str) -> Node:
    """The tree of an expression; raises QuerySyntaxError with its place."""
    if len(text) > MOST_CHARACTERS:
        raise QuerySyntaxError(
            f"the expression has {len(text):,} characters, {MOST_CHARACTERS:,} are allowed",
            hint="name parts of it as queries of their own",
            span=Span(MOST_CHARACTERS, len(text)),
        )
    try:
        tree = parser(FILE).parse(text)
    except UnexpectedInput as error:
        raise _explain(error, text) from None
    assert isinstance(tree, Tree)
    (root,) = tree.children
    assert isinstance(root, Tree)
    return _build(root, 0)


def _explain(error: UnexpectedInput, text: str) -> QuerySyntaxError:
    if isinstance(error, UnexpectedToken) and error.interactive_parser is not None:
        expected = error.interactive_parser.accepts()  # type: ignore[no-untyped-call]
    else:
        expected = getattr(error, "allowed", None) or set()
    at = error.pos_in_stream
    ended = isinstance(error, UnexpectedEOF) or (
        isinstance(error, UnexpectedToken) and error.token.type == "$END"
    )
    words = tuple(word for name, word in _WORDS.items() if name in expected)
    if ended or at is None or at >= len(text):
        end = len(text.rstrip())
        return QuerySyntaxError(
            "the expression ends too early" if end else "the expression is empty",
            span=Span(end, end),
            expected=words,
        )
    piece = re.compile(r"\w+|\S").match(text, at)
    found = piece[0] if piece else text[at]
    hint = None
    if found in "'\"":
        hint = "the quote is not closed"
    elif found[0].isupper() and not found.isupper():
        hint = "ids begin with a small letter, functions are written in capitals"
    elif found == "=":
        hint = "equal is written =="
    elif found in "&|":
        hint = "write AND or &&, OR or ||"
    span = Span(at, at + len(found))
    return QuerySyntaxError(f"{found!r} cannot stand here", hint=hint, span=span, expected=words)


def _build(tree: Tree[Token], depth: int) -> Node:
    span = Span(tree.meta.start_pos, tree.meta.end_pos)
    if depth > MOST_NESTED:
        raise QuerySyntaxError(
            "the expression is nested too deeply",
            hint="name parts of it as queries of their own",
            span=span,
        )
    tokens = [child for child in tree.children if isinstance(child, Token)]
    nodes = tuple(_below(tree, depth + 1))
    match tree.data:
        case "number":
            return Number(float(tokens[0]), span)
        case "text":
            return Text(_unquoted(tokens[0]), span)
        case "id":
            return Id(str(tokens[0]), span)
        case "word":
            return Word(str(tokens[0]), span)
        case "call":
            return Call(str(tokens[0]), nodes, span)
        case "array":
            return Array(nodes, span)
        case "negative":
            if tokens[0] == "+":
                raise QuerySyntaxError("a number needs no +", hint="leave it out", span=span)
            return Negative(nodes[0], span)
        case _:
            operators = (_ALIASES.get(token, str(token)) for token in tokens)
            return Chain(nodes[0], tuple(zip(operators, nodes[1:], strict=True)), span)


def _below(tree: Tree[Token], depth: int) -> Iterator[Node]:
    for child in tree.children:
        if isinstance(child, Tree):
            yield _build(child, depth)


def _unquoted(token: Token) -> str:
    inner = str(token)[1:-1]
    return re.sub(r"\\(.)", r"\1", inner) if token.startswith('"') else inner
