"""A query laid out as people like to read it: ``logq fmt``.

One command a line, words in their usual case, blanks around operators; a line that is too long is
broken at commas, ``and``, ``or`` and brackets of queries. Comments stay where they are. The text of
an item of ``fields``, ``stats`` and the like is the name of its column, so of its blanks only the
runs are made one: a query means the same before and after, to the names of its columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, Union

from lark import Token
from lark.exceptions import UnexpectedInput

from logq.errors import Span
from logq.query.expressions import Node, span_of
from logq.query.grammar import parser
from logq.query.spacing import spaced
from logq.query.syntax_error import explain
from logq.query.terminal_words import COMMANDS, KEYWORDS

WIDTH = 100
INLINE = 60
"""The longest query in brackets that stays on the line of its command."""
INDENT = "    "
_BREAKS = frozenset({"_AND", "_OR", "_BY"})
_OPENING, _CLOSING = ("_LPAR", "_LBRACKET", "_LBRACE"), ("_RPAR", "_RBRACKET", "_RBRACE")
_COMMENT = re.compile(r"#[^\n]*")
_WORDS = {**COMMANDS, **KEYWORDS, "TRUE": "true", "FALSE": "false", "NULL": "null"}
_WORDS |= {"_SOURCE": "SOURCE", "START_OPTION": "START=", "END_OPTION": "END="}


@dataclass(frozen=True, slots=True)
class Comment:
    """From ``#`` to the end of its line."""

    text: str
    own_line: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A token and what stood before it."""

    token: Token
    kept: bool
    """Whether it is part of a text that names a column."""
    gap: str | None
    """What stands before it: kept as it was, or None where the rules say."""
    comments: tuple[Comment, ...]


@dataclass(slots=True)
class Stage:
    """One command with its comments."""

    parts: list[Part] = field(default_factory=list)
    before: list[Comment] = field(default_factory=list)
    after: list[Comment] = field(default_factory=list)
    bar: bool = False
    """Whether a bar stands before it."""


Part: TypeAlias = Union[Piece, "list[Stage]"]


def format_query(text: str) -> str:
    """The query laid out anew; raises QuerySyntaxError."""
    try:
        tree = parser().parse(text)
    except UnexpectedInput as error:
        raise explain(error, text) from None
    interactive = parser().parse_interactive(text)
    pieces = list(_pieces(text, tree, list(interactive.iter_parse())))
    # A query inside the text of a column is a part of that text.
    inner = {span_of(each).start for each in tree.find_data("subquery")}
    opened = {piece.token.start_pos for piece in pieces if not piece.kept} & inner
    stages = _stages(iter(pieces), opened)
    last = pieces[-1].token.end_pos if pieces else 0
    rest = _comments(text[last:], first=not pieces)
    (stages[-1].after if stages[-1].parts else stages[-1].before).extend(rest)
    return "\n".join(_lines(stages, ""))


def _pieces(text: str, tree: Node, found: Sequence[Token]) -> Iterator[Piece]:
    named = [span for each in tree.iter_subtrees() if (span := _named(each, found)) is not None]
    last = 0
    for token in found:
        place = span_of(token)
        around = [span for span in named if span.start <= place.start < span.end]
        gap = text[last : place.start]
        # Of a text the gaps are kept, too, but not the one before it.
        keeps_gap = any(span.start < place.start for span in around)
        yield Piece(
            token,
            bool(around),
            (" " if gap else "") if keeps_gap else None,
            tuple(_comments(gap, first=last == 0)),
        )
        last = place.end


def _named(tree: Node, found: Sequence[Token]) -> Span | None:
    """Where the text is that names a column; None if the tree names none."""
    if tree.data == "key":
        return span_of(tree.children[0])
    if tree.data not in ("item", "total"):
        return None
    alias = tree.children[-1]
    if not isinstance(alias, Token):
        return span_of(tree)
    words = (span_of(token).start for token in found if token.type == "_AS")
    return Span(span_of(tree).start, max(at for at in words if at < span_of(alias).start))


def _comments(gap: str, *, first: bool) -> list[Comment]:
    return [
        Comment(match[0].rstrip(), first or "\n" in gap[: match.start()])
        for match in _COMMENT.finditer(gap)
    ]


def _stages(pieces: Iterator[Piece], opened: set[int | None]) -> list[Stage]:
    """The commands up to the bracket that closes their query, or to the end."""
    stages, depth = [Stage()], 0
    for piece in pieces:
        stage, kind = stages[-1], piece.token.type
        if kind == "_BAR" and depth == 0:
            (stage.after if stage.parts else stage.before).extend(piece.comments)
            if stage.parts:
                stages.append(Stage(bar=True))
            continue
        if kind == "_RPAR" and depth == 0:
            stage.after.extend(piece.comments)
            return stages
        if not stage.parts:
            stage.before.extend(piece.comments)
            piece = Piece(piece.token, piece.kept, "", ())
        stage.parts.append(piece)
        if piece.token.start_pos in opened and kind == "_LPAR":
            stage.parts.append(_stages(pieces, opened))
        elif kind == "_SEMICOLON":
            stages.append(Stage())
        elif kind in _OPENING:
            depth += 1
        elif kind in _CLOSING:
            depth -= 1
    return stages


def _lines(stages: Sequence[Stage], indent: str) -> list[str]:
    lines: list[str] = []
    for stage in stages:
        for comment in stage.before:
            if comment.own_line or not lines:
                lines.append(indent + comment.text)
            else:
                lines[-1] += f"  {comment.text}"
        if stage.parts:
            lines += _Broken(stage.parts, indent, "| " if stage.bar else "").lines()
        for place, comment in enumerate(stage.after):
            if place == 0 and not comment.own_line:
                lines[-1] += f"  {comment.text}"
            else:
                lines.append(indent + comment.text)
    return lines


class _Broken:
    """One command over as many lines as it needs."""

    def __init__(self, parts: Sequence[Part], indent: str, bar: str) -> None:
        self._parts = parts
        self._indent = indent
        self._inner = indent + INDENT
        self._done: list[str] = []
        self._line = indent + bar
        self._fresh = True

    def lines(self) -> list[str]:
        """The lines; one if that is short enough and no comment stands within."""
        flat = _flat(self._parts)
        if flat is not None and len(self._line + flat) <= WIDTH:
            return [self._line + flat]
        before: list[str] = []
        depth = 0
        for part in self._parts:
            if isinstance(part, list):
                self._query(part)
                before.append("_RPAR")
                continue
            kind = part.token.type
            self._comments(part.comments)
            may_break = depth == 0 and part.gap != ""
            if kind in _BREAKS and may_break and before:
                self._next()
            leads = self._fresh
            self._put(part, before)
            if kind == "_COMMA" and depth == 0 and not leads:
                self._next()
            depth += (kind in _OPENING) - (kind in _CLOSING)
            before.append(kind)
        if not self._fresh:
            self._done.append(self._line)
        return self._done

    def _put(self, piece: Piece, before: Sequence[str]) -> None:
        self._line += ("" if self._fresh else _gap(piece, before)) + _text(piece)
        self._fresh = False

    def _next(self) -> None:
        if not self._fresh:
            self._done.append(self._line)
        self._line, self._fresh = self._inner, True

    def _comments(self, comments: Sequence[Comment]) -> None:
        for comment in comments:
            self._next()
            if comment.own_line or not self._done:
                self._done.append(self._inner + comment.text)
            else:
                self._done[-1] += f"  {comment.text}"

    def _query(self, stages: list[Stage]) -> None:
        flat = _flat_query(stages)
        if flat is not None and len(flat) <= INLINE:
            self._line += f"{flat})"
            return
        self._next()
        self._done += _lines(stages, self._inner)
        self._line, self._fresh = f"{self._indent})", False


def _flat(parts: Sequence[Part]) -> str | None:
    """A command on one line; None if a comment stands within."""
    line, before = "", list[str]()
    for part in parts:
        if isinstance(part, list):
            inner = _flat_query(part)
            if inner is None:
                return None
            line += f"{inner})"
            before.append("_RPAR")
            continue
        if part.comments:
            return None
        line += _gap(part, before) + _text(part)
        before.append(part.token.type)
    return line


def _flat_query(stages: Sequence[Stage]) -> str | None:
    lines = [None if s.before or s.after else _flat(s.parts) for s in stages]
    return None if None in lines else " | ".join(line for line in lines if line is not None)


def _gap(piece: Piece, before: Sequence[str]) -> str:
    if piece.gap is not None:
        return piece.gap
    return spaced(piece.token.type, before) if before else ""


def _text(piece: Piece) -> str:
    token = piece.token
    if piece.kept:
        return str(token)
    if token.type == "EQUALS":
        return "="
    if token.type in ("_FILTER", "_SORT"):
        return token.lower()
    words = _WORDS.get(token.type, "").split(", ")
    written = re.sub(r"\s+=$", "=", token)
    if words == [""]:
        return str(token)
    return next((word for word in words if word.lower() == written.lower()), written.lower())
