"""Where and with what a query text leaves the grammar, and the rules that explain it.

One rule is one function in ``faults/``: it looks at the ``Fault`` and explains it, or passes. Its
error needs a span only where another place than the fault itself tells more.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from lark import Token
from lark.exceptions import UnexpectedInput, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from logq.errors import QuerySyntaxError, Span
from logq.query.grammar import parser

_LEXEME = re.compile(
    r'"(?:[^"\\]|\\[\s\S])*"|'
    r"'(?:[^'\\]|\\[\s\S])*'|"
    r"`(?:[^`\\]|\\[\s\S])*`|"
    r"[\w@][\w@.]*|"
    r"\|\||&&|<>|:=|=~|!~|<=>|===?|=>|=<|[<>!]=|//|/\*|--|\{\{|\}\}|"
    r"[\s\S]"
)
_SHOWN = 60
_PAIRS = {"_RPAR": "_LPAR", "_RBRACKET": "_LBRACKET", "_RBRACE": "_LBRACE"}


@dataclass(frozen=True)
class Fault:
    """The first piece of a text that the grammar cannot take."""

    text: str
    span: Span
    """Of the piece; empty, after the last token, at the end of the text."""
    before: tuple[Token, ...]
    """All tokens up to it."""
    accepts: frozenset[str]
    """The terminals that could stand in its place; ``$END`` for the end."""

    @property
    def found(self) -> str:
        """The piece, empty at the end of the text."""
        return self.text[self.span.start : self.span.end]

    @property
    def word(self) -> str:
        """The piece in small letters if it is a word or a number, else empty."""
        return self.found.lower() if re.match(r"[\w@]", self.found) else ""

    @property
    def at_end(self) -> bool:
        return not self.found

    @property
    def rest(self) -> str:
        """The text after the piece."""
        return self.text[self.span.end :]

    def last(self, back: int = 1) -> Token:
        """A token before the piece, counted backwards; an empty ``$START`` before the first."""
        return self.before[-back] if len(self.before) >= back else Token("$START", "")

    def follows(self, *types: str) -> bool:
        """Whether these were the last tokens."""
        return tuple(t.type for t in self.before[-len(types) :]) == types

    @property
    def touches(self) -> bool:
        """Whether nothing stands between the piece and the token before it."""
        return bool(self.before) and self.last().end_pos == self.span.start

    @cached_property
    def stage(self) -> tuple[Token, ...]:
        """The tokens of the stage that the piece is in."""
        return stage_of(self.before)

    @cached_property
    def open_brackets(self) -> tuple[Token, ...]:
        """The brackets that are open at the piece, outermost first."""
        stack: list[Token] = []
        for token in self.before:
            if token.type in _PAIRS.values():
                stack.append(token)
            elif token.type in _PAIRS and stack:
                stack.pop()
        return tuple(stack)

    @property
    def wants_command(self) -> bool:
        return "_FIELDS" in self.accepts

    @property
    def wants_operand(self) -> bool:
        return "FUNCTION" in self.accepts

    @property
    def wants_operator(self) -> bool:
        return "PLUS" in self.accepts

    @property
    def command(self) -> str:
        """The terminal of the command word of this stage, empty before it."""
        return self.stage[0].type if self.stage else ""

    @property
    def shown(self) -> str:
        """The piece for a message: short, and invisible characters by their number."""
        if len(self.found) == 1 and not self.found.isprintable():
            return f"the character U+{ord(self.found):04X}"
        return short(self.found) or "the end"

    @property
    def to_bar(self) -> str:
        """The text from the piece to the end of its stage, shortened."""
        return short(self.text[self.span.start :].split("|", 1)[0])

    def since(self, token: Token) -> Span:
        """The place from a token to the end of the piece."""
        return Span(start_of(token), self.span.end)


Rule: TypeAlias = Callable[[Fault], QuerySyntaxError | None]


def stage_of(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The tokens after the last bar, or the end of a let."""
    starts = [i for i, token in enumerate(tokens) if token.type in ("_BAR", "_SEMICOLON")]
    return tokens[starts[-1] + 1 :] if starts else tokens


def start_of(token: Token) -> int:
    """The position of a token's first character."""
    return token.start_pos or 0


def span_of(token: Token) -> Span:
    """The place of a token."""
    return Span(start_of(token), token.end_pos or 0)


def short(text: str) -> str:
    """The text on one line, cut to what a message can carry."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."


def closest(word: str, words: Iterable[str]) -> str | None:
    """The word most like ``word``, which is in small letters, if any is like it at all."""
    by_lower = {w.lower(): w for w in words}
    found = difflib.get_close_matches(word, by_lower, n=1, cutoff=0.7)
    return by_lower[found[0]] if found else None


def locate(error: UnexpectedInput, text: str) -> Fault:
    """The facts about a text that Lark refused."""
    lexing = parser().parse_interactive(text)
    before: list[Token] = []
    try:
        for token in lexing.iter_parse():
            before.append(token)
    except UnexpectedToken as stopped:
        if before and before[-1] is stopped.token:
            before.pop()
    except UnexpectedInput:
        pass
    replay = parser().parse_interactive("")
    for token in before:
        replay.feed_token(token)
    return Fault(text, _place(error, text, before), tuple(before), accepted(replay))


def accepted(parser: InteractiveParser) -> frozenset[str]:
    """The terminals that may come next."""
    return frozenset(parser.accepts())  # type: ignore[no-untyped-call]  # Lark leaves it untyped


def _place(error: UnexpectedInput, text: str, before: list[Token]) -> Span:
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    if ended or error.pos_in_stream is None:
        end = (before[-1].end_pos if before else None) or 0
        return Span(end, end)
    piece = _LEXEME.match(text, error.pos_in_stream)
    return Span(error.pos_in_stream, piece.end() if piece else error.pos_in_stream)
