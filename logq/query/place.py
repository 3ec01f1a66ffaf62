"""Where in a query a cursor stands: what was begun there, what may follow, what it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from lark import Token
from lark.exceptions import UnexpectedInput

from logq.errors import LogQError
from logq.query.commands.source import Source as SourceCommand
from logq.query.compiler import fold, start
from logq.query.environment import Moment
from logq.query.fault import accepted, stage_of
from logq.query.grammar import parser
from logq.query.inputs import over_nothing
from logq.query.literals import field_path
from logq.query.scope import Scope
from logq.query.transform import parse

_WORD = re.compile(r"[\w@.]*\Z")
_REST = re.compile(r"[\w@.]*")
_OPEN = re.compile(r"""(["'`])((?:(?!\1)[^\\]|\\[\s\S])*)\Z""")
_COMMENT = re.compile(r"#[^\n]*\Z")
_COMPARISONS = frozenset({"EQUALS", "COMPARISON", "_LIKE", "_MATCHES"})


@dataclass(frozen=True)
class Place:
    """The cursor in a query text."""

    start: int
    end: int
    """What a completion replaces."""
    piece: str
    """What was begun: a part of a word, or of a text between quotes."""
    quote: str
    """``"``, ``'`` or a backtick if the piece is inside one, else empty."""
    before: tuple[Token, ...]
    """All tokens before the piece."""
    accepts: frozenset[str]
    """The terminals that may stand here; empty inside comments and after a fault."""
    scope: Scope
    """The names that the commands before this one leave."""

    @cached_property
    def stage(self) -> tuple[Token, ...]:
        """The tokens of the command that the cursor is in."""
        return stage_of(self.before)

    @property
    def command(self) -> str:
        """The terminal of its command word, empty before it."""
        return self.stage[0].type if self.stage else ""

    def had(self, terminal: str) -> bool:
        """Whether the command has this word already."""
        return any(token.type == terminal for token in self.stage)

    @property
    def last(self) -> str:
        """The terminal of the token before the piece, empty at the start."""
        return self.before[-1].type if self.before else ""

    @cached_property
    def calls(self) -> tuple[tuple[str, int], ...]:
        """The functions inside whose brackets the cursor is, outermost first, and which argument.

        Round brackets without a function count with an empty name.
        """
        found: list[tuple[str, int]] = []
        for before, token in pairwise((Token("$START", ""), *self.before)):
            if token.type in ("_LPAR", "_LBRACKET"):
                called = token.type == "_LPAR" and before.type == "FUNCTION"
                found.append((str(before) if called else "", 0))
            elif token.type in ("_RPAR", "_RBRACKET") and found:
                found.pop()
            elif token.type == "_COMMA" and found:
                found[-1] = (found[-1][0], found[-1][1] + 1)
        return tuple(found)

    @property
    def names_something(self) -> bool:
        """Whether a new name stands here, which nobody can know."""
        if self.last in ("_AS", "_LET"):
            return True
        return self.command == "_PARSE" and self.had("_AS") and self.last == "_COMMA"

    @cached_property
    def compared(self) -> str | None:
        """The field that the value begun here is compared with."""
        tokens = list(self.before)
        if tokens and tokens[-1].type in _COMPARISONS:
            tokens.pop()
        else:
            while tokens and tokens[-1].type in ("STRING", "INT", "DECIMAL", "_COMMA"):
                tokens.pop()
            if [token.type for token in tokens[-2:]] != ["_IN", "_LBRACKET"]:
                return None
            del tokens[-2:]
        while tokens and tokens[-1].type == "NOT":
            tokens.pop()
        if not tokens or tokens[-1].type != "FIELD":
            return None
        path, _ = field_path(tokens[-1])
        return ".".join(path)

    @property
    def aliases(self) -> tuple[str, ...]:
        """Names that this command, or a let before it, has given already."""
        named = [after for word, after in pairwise(self.stage) if word.type == "_AS"]
        named += [after for word, after in pairwise(self.before) if word.type == "_LET"]
        named = [token for token in named if token.type == "FIELD"]
        return tuple(".".join(field_path(token)[0]) for token in named)


def place_of(text: str, cursor: int) -> Place:
    """What is known of a place in a query; never fails, whatever the text."""
    head = text[: max(0, min(cursor, len(text)))]
    word = _WORD.search(head)
    assert word is not None
    base = 0
    before, accepts, fault = _read(head, base, word.start())
    opened = None if fault is None else _OPEN.match(head, fault)
    if fault is not None and not opened and (bar := head.rfind("|", fault)) >= 0:
        # A fault in an earlier command must not spoil this one.
        base = bar + 1
        before, accepts, fault = _read(head, base, word.start())
        accepts -= {"_SOURCE"}
        opened = None if fault is None else _OPEN.match(head, fault)
    scope = _scope(head, base, before)
    if opened:
        before, accepts, _ = _read(head, base, opened.start())
        closed = re.compile(rf"[^{opened[1]}\n|]*{opened[1]}").match(text, len(head))
        end = closed.end() if closed else len(head)
        return Place(opened.start(), end, opened[2], opened[1], before, accepts, scope)
    gap = head[base + ((before[-1].end_pos or 0) if before else 0) :]
    if fault is not None or _COMMENT.search(gap):
        accepts = frozenset()
    rest = _REST.match(text, len(head))
    end = rest.end() if rest else len(head)
    return Place(word.start(), end, word[0], "", before, accepts, scope)


def _read(text: str, begin: int, end: int) -> tuple[tuple[Token, ...], frozenset[str], int | None]:
    """The tokens of a part, what may follow them, and where it leaves the grammar, if it does."""
    lexing = parser().parse_interactive(text[begin:end])
    before: list[Token] = []
    try:
        for token in lexing.iter_parse():
            before.append(token)
    except UnexpectedInput as error:
        return tuple(before), frozenset(), begin + (error.pos_in_stream or 0)
    return tuple(before), accepted(lexing), None


def _scope(head: str, base: int, before: tuple[Token, ...]) -> Scope:
    """What finished commands leave; those that are at fault count for nothing."""
    bars = [base + (token.start_pos or 0) for token in before if token.type == "_BAR"]
    stages = [] if base == 0 else head[: base - 1].split("|")
    stages += [head[a:b].removeprefix("|") for a, b in pairwise([base, *bars])]
    inputs = over_nothing(Moment(0))
    step = start(inputs.own, Moment(0), inputs)
    for stage in stages:
        try:
            commands = parse(stage)
            step = fold(step, [c for c in commands if not isinstance(c, SourceCommand)])
        except LogQError:
            continue
    return step.env.scope
