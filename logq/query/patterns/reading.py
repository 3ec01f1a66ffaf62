"""The text of a filter pattern to its syntax tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from logq.errors import InvalidPattern, Span
from logq.query.grammar import parser
from logq.query.patterns.expression import read_regex
from logq.query.patterns.faults import explain, unquoted
from logq.query.patterns.nodes import (
    AllOf,
    AnyOf,
    Column,
    Columns,
    Comparison,
    Condition,
    FilterPattern,
    Kind,
    Number,
    Regex,
    Selector,
    Term,
    Test,
    Wildcard,
    leaves,
    selectors,
)
from logq.query.value import text_number

FILE = "filter_pattern.lark"
MOST_CHARACTERS = 1024
MOST_WILDCARDS = 3
MOST_REGEXES = 2
MOST_NESTED = 32
"""Combinations within combinations; nobody writes a tenth of it."""

_STEP = re.compile(r"\.?\['([^']*)'\]|\.([A-Za-z0-9_-]+)|\[([0-9]+)\]|(\.\*|\[\*\])")
_WORDS = {"NULL": "null", "TRUE": "true", "FALSE": "false"}

Node = Tree[Token]


def read_pattern(text: str, *, strict: bool) -> FilterPattern:
    """The pattern that a text is; raises InvalidPattern with its place."""
    if len(text) > MOST_CHARACTERS:
        raise InvalidPattern(
            f"the pattern has {len(text):,} characters, {MOST_CHARACTERS:,} are allowed",
            hint="shorten it",
            span=Span(MOST_CHARACTERS, len(text)),
        )
    try:
        (root,) = parser(FILE).parse(text).children
    except UnexpectedInput as error:
        raise explain(error, text) from None
    assert isinstance(root, Tree)
    match root.data:
        case "terms":
            return _of_terms(text, root)
        case "document":
            return _of_document(text, root, strict)
        case _:
            return _of_columns(text, root, strict)


def _of_terms(text: str, root: Node) -> FilterPattern:
    terms: list[Term] = []
    for part in _trees(root):
        sign, token = part.children
        assert isinstance(token, Token)
        span = _span(token)
        if isinstance(sign, Token):
            span = Span(_span(sign).start, span.end)
            if len(sign) + len(token) != span.end - span.start:
                raise InvalidPattern(
                    f"{str(sign)!r} belongs directly before its term",
                    hint=f"write {sign}{token}",
                    span=span,
                )
        if terms and terms[-1].span.end == span.start:
            raise unquoted(text, terms[-1].span.start)
        terms.append(Term(str(sign or ""), _term_value(token), span))
    counted = [term for term in terms if term.sign != "?"] or terms
    if any(is_blank(term.value) for term in counted if term.sign == "?"):
        counted = []
    counted = [term for term in counted if term.sign == "-" or not is_blank(term.value)]
    return FilterPattern(text, Kind.TEXT if counted else Kind.ALL, tuple(counted))


def is_blank(value: str | Regex) -> bool:
    """Whether a term is nothing but white space, which every message is taken to contain."""
    return isinstance(value, str) and not value.strip()


def _term_value(token: Token) -> str | Regex:
    if token.type == "REGEX":
        return read_regex(token[1:-1], _span(token))
    return _phrase(token) if token.type == "PHRASE" else str(token)


def _of_document(text: str, root: Node, strict: bool) -> FilterPattern:
    test = _test(root.children[0], 0)
    pattern = FilterPattern(text, Kind.JSON, test=test)
    wild = [s for s in selectors(pattern) if s.wildcard is not None]
    if len(wild) > MOST_WILDCARDS:
        raise InvalidPattern(
            f"more than {MOST_WILDCARDS} selectors of a pattern have a wildcard",
            hint="use two patterns",
            span=wild[MOST_WILDCARDS].span,
        )
    _check_regexes([test], strict)
    return pattern


def _of_columns(text: str, root: Node, strict: bool) -> FilterPattern:
    columns: list[Column | None] = [Column()]
    rest = None
    names: set[str] = set()
    for child in root.children:
        if isinstance(child, Token):
            columns.append(Column())
            continue
        first = child.children[0]
        if isinstance(first, Token) and first.type == "REST":
            if rest is not None:
                raise InvalidPattern(
                    "'...' may stand once in a pattern",
                    hint="leave one of them out",
                    span=_span(first),
                )
            rest = len(columns) - 1
            columns[-1] = None
            continue
        columns[-1] = column = _column(first)
        if column.name in names:
            raise InvalidPattern(
                f"two columns are named {column.name!r}",
                hint="give each column a name of its own",
                span=column.span,
            )
        names.add(column.name or "")
    named = [column for column in columns if column is not None]
    _check_regexes([column.test for column in named if column.test is not None], strict)
    if not root.children:
        return FilterPattern(text, Kind.SPACE)
    behind = None if rest is None else tuple(named[rest:])
    return FilterPattern(text, Kind.SPACE, columns=Columns(tuple(named[:rest]), behind))


def _column(first: Tree[Token] | Token) -> Column:
    """The column of a name or of a test, which repeats the name."""
    if isinstance(first, Token):
        return Column(str(first), None, _span(first))
    tokens = list(_names(first))
    for token in tokens[1:]:
        if token.lower() != tokens[0].lower():
            raise InvalidPattern(
                f"{str(token)!r} is another column than {str(tokens[0])!r}",
                hint=f"a comma separates columns; within one write {tokens[0]} again",
                span=_span(token),
            )
    return Column(str(tokens[0]), _test(first, 0), _span(tokens[0]))


def _names(node: Node) -> Iterator[Token]:
    """The names of columns in a test, in order."""
    for child in node.children:
        if isinstance(child, Tree):
            yield from _names(child)
        elif child.type == "NAME":
            yield child


def _test(node: Tree[Token] | Token, depth: int) -> Test:
    assert isinstance(node, Tree)
    if depth > MOST_NESTED:
        raise InvalidPattern(
            f"conditions are nested more than {MOST_NESTED} deep",
            hint="write fewer parentheses",
            span=_span(node),
        )
    match node.data:
        case "any_of":
            return AnyOf(tuple(_test(child, depth + 1) for child in node.children))
        case "all_of":
            return AllOf(tuple(_test(child, depth + 1) for child in node.children))
        case "comparison":
            return _comparison(node.children[1:], _span(node))
        case _:
            selector, *rest = node.children
            assert isinstance(selector, Token)
            return Condition(_selector(selector), _comparison(rest, _span(node)), _span(node))


def _comparison(parts: Sequence[Tree[Token] | Token], span: Span) -> Comparison:
    first, second = (part for part in parts if isinstance(part, Token))
    if first.type == "NOT":
        return Comparison("absent", None, span)
    if first.type == "IS":
        return Comparison(_WORDS[second.type], None, span)
    return Comparison(str(first), _value(second), span)


def _value(token: Token) -> Wildcard | Number | Regex:
    span = _span(token)
    if token.type == "REGEX":
        return read_regex(token[1:-1], span)
    if token.type == "NUMBER":
        value = text_number(token.removeprefix("+"))
        if value is None:
            raise InvalidPattern(
                f"the number {token} is too large",
                hint="the largest number is about 1.8e308",
                span=span,
            )
        return Number(str(token), value, span)
    text = _phrase(token) if token.type == "PHRASE" else str(token)
    before = text.startswith("*")
    rest = text.removeprefix("*")
    after = rest.endswith("*")
    return Wildcard(rest.removesuffix("*"), before, after, span)


def read_selector(text: str) -> Selector | None:
    """The selector that a text is, or None; raises InvalidPattern for two wildcards."""
    try:
        (root,) = parser(FILE).parse(f"{{{text}=*}}").children
    except UnexpectedInput:
        return None
    assert isinstance(root, Tree)
    test = _test(root.children[0], 0)
    if not isinstance(test, Condition) or test.selector.text != text:
        return None
    return test.selector


def _selector(token: Token) -> Selector:
    steps: list[str | int | None] = []
    wildcard = None
    for match in _STEP.finditer(token):
        if match[4]:
            if wildcard is not None:
                raise InvalidPattern(
                    "a selector may have one wildcard",
                    hint="name the member or the index",
                    span=_part(token, match),
                )
            wildcard = match[4]
            steps.append(None)
        elif match[3]:
            if len(match[3]) > 9:
                raise InvalidPattern(
                    f"no array has an element {match[3]}",
                    hint="indexes begin at 0",
                    span=_part(token, match),
                )
            steps.append(int(match[3]))
        else:
            steps.append(match[1] if match[2] is None else match[2])
    return Selector(str(token), tuple(steps), wildcard, _span(token))


def _check_regexes(tests: Sequence[Test], strict: bool) -> None:
    if not strict:
        return
    parts = [part for test in tests for part in leaves(test)]
    comparisons = [p.comparison if isinstance(p, Condition) else p for p in parts]
    found = [c.value for c in comparisons if isinstance(c.value, Regex)]
    if len(found) > MOST_REGEXES:
        raise InvalidPattern(
            f"a pattern has at most {MOST_REGEXES} regular expressions",
            hint="use * at the ends of a text, or two patterns",
            span=found[MOST_REGEXES].span,
        )


def _phrase(token: str) -> str:
    """The text in quotes; the escapes are a backslash before a quote or a backslash."""
    return re.sub(r'\\(["\\])', r"\1", token[1:-1])


def _trees(node: Node) -> list[Node]:
    return [child for child in node.children if isinstance(child, Tree)]


def _span(part: Tree[Token] | Token) -> Span:
    if isinstance(part, Token):
        return Span(part.start_pos or 0, part.end_pos or 0)
    return Span(part.meta.start_pos, part.meta.end_pos)


def _part(token: Token, match: re.Match[str]) -> Span:
    start = token.start_pos or 0
    return Span(start + match.start(), start + match.end())
