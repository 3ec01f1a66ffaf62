"""Saved queries: their text in the place of ``$Name(parameter = "value")``.

Replacement is textual, so every place of a fault has to be found again in what was written.
A value becomes one literal, or a part of one: the tree of the whole text is the proof that none
has become more than that, so no value can bring commands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from logq.arns import group_name
from logq.errors import LimitExceeded, QueryError, QuerySyntaxError, Span, WrongArguments
from logq.query import literals
from logq.query.expressions import Node, span_of, tokens, trees
from logq.query.grammar import parse_tree
from logq.query.known import Define
from logq.query.syntax_error import explain

KIND = "query"
MOST_PARAMETERS = 20
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)

_CALL = re.compile(r"\$(?:[^\W\d]|`)")
PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}", re.ASCII)
_TEXT = r'"(?:[^"\\]|\\[\s\S])*"|' r"'(?:[^'\\]|\\[\s\S])*'"
_WHOLE_TEXT = re.compile(_TEXT)
_NUMBER = re.compile(r"-?(?:[0-9]*\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?")
_QUOTED = re.compile(rf"{_TEXT}|`(?:[^`\\]|\\[\s\S])*`|#[^\n]*")


@dataclass(frozen=True, slots=True)
class Inserted:
    """The text of a saved query, in the place of its call."""

    name: str
    span: Span
    """Where it is in the whole text."""
    call: Span
    """Where it was called."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """A query with the texts of the saved queries that it calls."""

    text: str
    groups: tuple[str, ...] = ()
    """The log groups that these are meant for."""
    inserted: tuple[Inserted, ...] = ()

    @contextmanager
    def as_written(self) -> Iterator[None]:
        """Faults in this text point into the one that was written."""
        try:
            yield
        except QueryError as error:
            if error.span is not None and self.inserted:
                within = self._within(error.span)
                error.span = Span(self._place(error.span.start), self._place(error.span.end, 1))
                if within is not None:
                    error.message = f"in the saved query {within!r}: {error.message}"
                    error.args = (error.message,)
            raise

    def _within(self, span: Span) -> str | None:
        for one in self.inserted:
            if one.span.start <= span.start < max(one.span.end, one.span.start + 1):
                return one.name
        return None

    def _place(self, place: int, end: int = 0) -> int:
        shift = 0
        for one in self.inserted:
            if place < one.span.start + end:
                break
            if place < one.span.end + end:
                return one.call.end if end else one.call.start
            shift = one.call.end - one.span.end
        return place + shift


def called(text: str) -> frozenset[str]:
    """The names of the saved queries that a text calls; none where it is at fault."""
    if not _CALL.search(text):
        return frozenset()
    try:
        return frozenset(called_name(call) for call in _calls(parse_tree(text)))
    except UnexpectedInput:
        return frozenset()


def placeholders(text: str) -> tuple[str, ...]:
    """The names of the parameters that stand in a text, in order."""
    return tuple(dict.fromkeys(match[1] for match in PLACEHOLDER.finditer(text)))


def value(text: str) -> str:
    """A value as a literal of the language: numbers and quoted texts as they are, else a text."""
    if _NUMBER.fullmatch(text) or _WHOLE_TEXT.fullmatch(text):
        return text
    return literals.quote(text)


def call(name: str, arguments: Mapping[str, str]) -> str:
    """The query that runs a saved query."""
    given = ", ".join(f"{parameter} = {value(text)}" for parameter, text in arguments.items())
    quoted = literals.quote_name(name)
    quoted = quoted if NAME.fullmatch(quoted) or quoted.startswith("`") else f"`{quoted}`"
    return f"${quoted}({given})"


def expand(text: str, define: Define, most: int) -> Expanded:
    """The query with the texts of the saved queries that it calls.

    Raises QueryError with its place in the text as written, and LimitExceeded over ``most``
    characters.
    """
    if not _CALL.search(text):
        return Expanded(text)
    try:
        tree = parse_tree(text)
    except UnexpectedInput as error:
        raise explain(error, text) from None
    calls = _calls(tree)
    if not calls:
        return Expanded(text)
    whole, groups = "", list[str]()
    inserted: list[Inserted] = []
    values: list[tuple[Span, str, Span]] = []
    last = 0
    for each in calls:
        place = span_of(each)
        definition = define(KIND, called_name(each))
        if definition is None:
            raise QueryError(
                f"there is no saved query {called_name(each)!r}",
                hint="'logq queries list' lists them",
                span=place,
            )
        whole += text[last : place.start]
        body, places = _fill(definition, each)
        start = len(whole)
        values += [(Span(start + s.start, start + s.end), name, place) for name, s in places]
        whole += body
        inserted.append(Inserted(called_name(each), Span(start, len(whole)), place))
        if any(each is child for child in tree.children):
            groups += map(group_name, definition["groups"])
        last = place.end
    expanded = Expanded(whole + text[last:], tuple(dict.fromkeys(groups)), tuple(inserted))
    if len(expanded.text) > most:
        raise LimitExceeded(
            f"with its saved queries the query has {len(expanded.text):,} characters, "
            f"{most:,} are allowed",
            hint="shorten it, or raise the setting query_max_chars",
        )
    _check(expanded, values)
    return expanded


def _calls(tree: Tree[Token]) -> list[Node]:
    return sorted(
        (each for each in tree.iter_subtrees() if each.data == "saved_command"),
        key=lambda each: span_of(each).start,
    )


def called_name(call: Node) -> str:
    """The name of the saved query that is called."""
    name = str(tokens(call, "SAVED")[0])[1:]
    return literals.field_path(name)[0][0] if name.startswith("`") else name


def _fill(definition: Mapping[str, Any], call: Node) -> tuple[str, list[tuple[str, Span]]]:
    """The text of a saved query with its values, and where these are in it."""
    given = _arguments(call)
    text = str(definition["query"]).strip().removeprefix("|")
    known = {one["name"]: one["default"] for one in definition["parameters"]}
    known = {**dict.fromkeys(placeholders(text)), **known}
    for name, token in given.items():
        if name not in known:
            having = f"it has {', '.join(known)}" if known else "it has none"
            raise WrongArguments(
                f"the saved query {called_name(call)!r} has no parameter {name!r}",
                hint=having,
                span=span_of(token),
            )
    filled, places, last = "", list[tuple[str, Span]](), 0
    texts = [match.span() for match in _QUOTED.finditer(text)]
    for match in PLACEHOLDER.finditer(text):
        name = match[1]
        default = known[name]
        if name not in given and default is None:
            raise WrongArguments(
                f"the parameter {name!r} of the saved query {called_name(call)!r} has no value",
                hint=f"give it: {name} = ...",
                span=span_of(call),
            )
        literal = _literal(given[name]) if name in given else value(str(default))
        if any(start < match.start() < end for start, end in texts):
            literal = _inner(literal)
        filled += text[last : match.start()]
        places.append((name, Span(len(filled), len(filled) + len(literal))))
        filled, last = filled + literal, match.end()
    filled += text[last:]
    # A comment at its end must not swallow what stands behind the call.
    return filled + ("\n" if "#" in filled else ""), places


def arguments_of(call: Node) -> Iterator[tuple[str, str]]:
    """The parameters of a call and their literals, as written."""
    for argument in trees(call, "saved_argument"):
        name, _, signed = argument.children
        assert isinstance(signed, Tree)
        parts = signed.scan_values(lambda part: isinstance(part, Token))
        yield str(name), "".join(map(str, parts))


def _arguments(call: Node) -> dict[str, Node]:
    given: dict[str, Node] = {}
    for argument in trees(call, "saved_argument"):
        name = str(tokens(argument, "FIELD")[0])
        if name in given:
            raise WrongArguments(
                f"the parameter {name!r} is given twice",
                hint="leave out one",
                span=span_of(argument),
            )
        given[name] = argument
    return given


def _literal(argument: Node) -> str:
    signed = trees(argument, "signed")[0]
    parts = list(signed.scan_values(lambda part: isinstance(part, Token)))
    if parts[-1].type not in ("STRING", "INT", "DECIMAL"):
        raise WrongArguments(
            f"{parts[-1]} is no value of a parameter",
            hint="give a text in quotes, or a number",
            span=span_of(argument),
        )
    return "".join(map(str, parts))


def _inner(literal: str) -> str:
    """A value inside of a text: without its own quotes, and without ending that text."""
    plain = literals.string_value(literal) if literal[0] in "\"'" else literal
    for sign in ("\\", '"', "'"):
        plain = plain.replace(sign, "\\" + sign)
    return plain


def _check(expanded: Expanded, values: Sequence[tuple[Span, str, Span]]) -> None:
    """Raise unless every value is a literal or part of one, and no saved query calls another."""
    with expanded.as_written():
        try:
            tree = parse_tree(expanded.text)
        except UnexpectedInput as error:
            raise explain(error, expanded.text) from None
        for nested in _calls(tree):
            raise QuerySyntaxError(
                f"it calls the saved query {called_name(nested)!r}",
                hint="a saved query cannot call another; put its text in",
                span=span_of(nested),
            )
    found = list(tree.scan_values(lambda part: isinstance(part, Token)))
    for span, name, place in values:
        piece = expanded.text[span.start : span.end]
        if not any(_holds(token, span, piece) for token in found):
            raise QuerySyntaxError(
                f"the parameter {name!r} stands where no value can stand",
                hint="put {{" + name + "}} in the place of a text or a number, or inside of quotes",
                span=place,
            )


def _holds(token: Token, span: Span, piece: str) -> bool:
    """Whether a value is this literal, or lies inside of it."""
    start, end = span_of(token).start, span_of(token).end
    if piece[:1] in ('"', "'"):
        return token.type == "STRING" and (start, end) == (span.start, span.end)
    if token.type == "STRING":
        return start < span.start and span.end < end
    if token.type not in ("INT", "DECIMAL", "DURATION", "SIZE", "TIME"):
        return False
    # The sign of a number is a token of its own.
    return start <= span.start + piece.startswith("-") and span.end <= end
