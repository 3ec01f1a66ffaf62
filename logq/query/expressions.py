"""Trees of expressions, items and names to nodes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from lark import Token, Tree

from logq.errors import QuerySyntaxError, Span, located
from logq.query import literals
from logq.query.lets import MAX_DEPTH, Lets
from logq.query.nodes import (
    Access,
    And,
    Arithmetic,
    Call,
    Compare,
    Duration,
    Expr,
    Field,
    In,
    Item,
    Like,
    LikeNames,
    ListLiteral,
    Literal,
    Negate,
    Not,
    Or,
    Regex,
    SortKey,
    Star,
    Subquery,
    Where,
)

Node: TypeAlias = Tree[Token]
Part: TypeAlias = Node | Token | None

_CONSTANTS: dict[str, bool | None] = {"TRUE": True, "FALSE": False, "NULL": None}

_GAP = r"(?:[\s\uFEFF\u200B]|#[^\n]*)+"
_QUOTED = r'"(?:[^"\\]|\\[\s\S])*"|' r"'(?:[^'\\]|\\[\s\S])*'|" r"`(?:[^`\\]|\\[\s\S])*`"
_SOURCE = re.compile(
    rf"(?P<quoted>{_QUOTED})"
    rf"|(?P<like>=~|(?<![\w@.])like(?![\w@.]))(?P<between>{_GAP})?(?P<regex>/(?:[^/\\]|\\[\s\S])+/)"
    rf"|(?P<gap>{_GAP})",
    re.IGNORECASE,
)


def span_of(part: Node | Token) -> Span:
    """The place of a tree or a token in the query text."""
    place = part if isinstance(part, Token) else part.meta
    assert place.start_pos is not None
    assert place.end_pos is not None
    return Span(place.start_pos, place.end_pos)


def source_text(text: str) -> str:
    """The text on one line: comments and runs of blanks become one blank, quoted parts stay."""

    def tidy(match: re.Match[str]) -> str:
        if match["gap"]:
            return " "
        if match["quoted"]:
            return match[0]
        return f"{match['like']}{' ' if match['between'] else ''}{match['regex']}"

    return _SOURCE.sub(tidy, text).strip()


class Expressions:
    """Makes nodes from the trees of one query text; one method a rule of the grammar."""

    def __init__(self, text: str, query: Callable[[Node], tuple[Any, ...]]) -> None:
        self._text = text
        self.query = query
        """The commands of a query inside an expression."""
        self.lets = Lets()
        self._depth = 0

    def __call__(self, tree: Part) -> Expr:
        """The node of an expression; raises QuerySyntaxError when it is nested too deeply."""
        assert isinstance(tree, Tree)
        make: Callable[[Node], Expr] = getattr(self, f"_{tree.data}")
        with located(Star(span=span_of(tree))):
            if self._depth == MAX_DEPTH:
                raise QuerySyntaxError(
                    f"this expression has more than {MAX_DEPTH} levels",
                    hint="split it over several fields commands",
                )
            self._depth += 1
            self.lets.note(self._depth)
            try:
                return make(tree)
            finally:
                self._depth -= 1

    def items(self, tree: Node) -> tuple[Item, ...]:
        """The expressions of a comma list, with aliases."""
        return tuple(self.item(item) for item in trees(tree))

    def shown(self, tree: Node) -> tuple[Item, ...]:
        """The same, where names with stars may stand among them."""
        return tuple(
            self.item(part) if isinstance(part, Tree) else self._names(part)
            for part in tree.children
            if part is not None
        )

    def _names(self, token: Token) -> Item:
        name = str(token)
        return Item(LikeNames(name, span=span_of(token)), None, name, span=span_of(token))

    def key(self, tree: Node) -> SortKey:
        """One key of sort."""
        expr, direction = tree.children
        descending = isinstance(direction, Token) and direction.type == "DESC"
        assert isinstance(expr, Tree)
        text = source_text(self.source(expr))
        return SortKey(self(expr), descending, text, span=span_of(tree))

    def names(self, tree: Part) -> tuple[Field, ...]:
        """The plain field names of a comma list; none for an absent list."""
        return () if tree is None else tuple(self.name(t) for t in tokens(tree, "FIELD"))

    def name(self, token: Token) -> Field:
        """One plain field name."""
        path, whole = literals.field_path(token)
        return Field(path, whole, span=span_of(token))

    def pattern(self, token: Token) -> Literal | Regex:
        """A text or regex literal."""
        if token.type == "REGEX":
            return Regex(literals.regex_pattern(token), span=span_of(token))
        return Literal(literals.string_value(token), span=span_of(token))

    def glob(self, token: Token) -> Literal:
        r"""A text literal as a glob: ``\\`` and ``\*`` are still escaped."""
        return Literal(literals.glob_text(token), span=span_of(token))

    def integer(self, token: Token) -> int:
        """A whole number."""
        return literals.integer(token)

    def duration(self, token: Token) -> Duration:
        """A period; raises WrongArguments for zero."""
        with located(Star(span=span_of(token))):
            amount, unit = literals.duration(token)
        return Duration(amount, unit, span=span_of(token))

    def source(self, part: Node | Token) -> str:
        """The query text under a tree, as written."""
        span = span_of(part)
        return self._text[span.start : span.end]

    def item(self, tree: Node) -> Item:
        """An expression with its alias."""
        expr, *condition, alias = tree.children
        assert isinstance(expr, Tree)
        end = span_of(alias).start if isinstance(alias, Token) else span_of(tree).end
        text = source_text(self._text[span_of(tree).start : end])
        if isinstance(alias, Token):
            text = text[: -len("as")].rstrip()
        name = self.name(alias).name if isinstance(alias, Token) else None
        value = self(expr)
        if any(condition):
            value = Where(value, self(condition[0]), span=span_of(tree))
        return Item(value, name, text, span=span_of(tree))

    def _or_expr(self, tree: Node) -> Expr:
        return Or(tuple(map(self, tree.children)), span=span_of(tree))

    def _and_expr(self, tree: Node) -> Expr:
        return And(tuple(map(self, tree.children)), span=span_of(tree))

    def _negation(self, tree: Node) -> Expr:
        return Not(self(tree.children[-1]), span=span_of(tree))

    def _compare(self, tree: Node) -> Expr:
        left, sign, right = tree.children
        op = "=" if sign == "==" else str(sign)
        return Compare(op, self(left), self(right), span=span_of(tree))

    def _like(self, tree: Node) -> Expr:
        value, negated, pattern = tree.children
        assert isinstance(pattern, Token)
        return Like(self(value), self.pattern(pattern), negated is not None, span=span_of(tree))

    def _matches(self, tree: Node) -> Expr:
        value, token = tree.children
        assert isinstance(token, Token)
        pattern = self.pattern(token)
        if isinstance(pattern, Literal):
            pattern = Regex(str(pattern.value), span=pattern.span)
        return Like(self(value), pattern, span=span_of(tree))

    def inner(self, tree: Node) -> tuple[Any, ...]:
        """The commands of a query in brackets, or of one that a let has named."""
        if tree.data == "named_query":
            (name,) = tokens(tree)
            return self.lets.query(self.name(name))
        return self.query(tree)

    def _membership(self, tree: Node) -> Expr:
        value, negated, choice = tree.children
        assert isinstance(choice, Tree)
        if choice.data == "list":
            items: ListLiteral | Subquery = self._list(choice)
        else:
            name = choice.children[0]
            if isinstance(name, Token) and not self.lets.has_query(self.name(name)):
                raise QuerySyntaxError(
                    "a list in square brackets, or a subquery, is expected after in",
                    hint=f"write in [{literals.quote(str(name))}]",
                    span=span_of(name),
                )
            items = Subquery(self.inner(choice), span=span_of(choice))
        return In(self(value), items, negated is not None, span=span_of(tree))

    def _arithmetic(self, tree: Node) -> Expr:
        left, sign, right = tree.children
        return Arithmetic(str(sign), self(left), self(right), span=span_of(tree))

    def _where(self, tree: Node) -> Expr:
        value, condition = tree.children
        return Where(self(value), self(condition), span=span_of(tree))

    def _minus(self, tree: Node) -> Expr:
        return Negate(self(tree.children[-1]), span=span_of(tree))

    def _field(self, tree: Node) -> Expr:
        name = self.name(tokens(tree, "FIELD")[0])
        return self.lets.value(name, self._depth) or name

    def _call(self, tree: Node) -> Expr:
        name, *args = tree.children
        return Call(str(name), tuple(map(self, args)), span=span_of(tree))

    def _access(self, tree: Node) -> Expr:
        base, key = tree.children
        assert isinstance(key, Token)
        if key.type == "INT":
            return Access(self(base), literals.integer(key), span=span_of(tree))
        (segment,), _ = literals.field_path(key[1:])
        return Access(self(base), segment, span=span_of(tree))

    def _duration(self, tree: Node) -> Expr:
        return self.duration(tokens(tree, "DURATION")[0])

    def _size(self, tree: Node) -> Expr:
        return Literal(literals.size(tokens(tree, "SIZE")[0]), span=span_of(tree))

    def _presence(self, tree: Node) -> Expr:
        value, negated, word = tree.children
        found: Expr = Call("ispresent", (self(value),), span=span_of(tree))
        missing = isinstance(word, Token) and word.type in ("MISSING", "NULL")
        return Not(found, span=span_of(tree)) if missing != bool(negated) else found

    def _star(self, tree: Node) -> Expr:
        return Star(span=span_of(tree))

    def _list(self, tree: Node) -> ListLiteral:
        return ListLiteral(tuple(self.signed(t) for t in trees(tree)), span=span_of(tree))

    def signed(self, tree: Node) -> Literal:
        """A constant that may have a sign."""
        first = tree.children[0]
        if isinstance(first, Tree):
            return self._literal(first)
        number = self._constant(tokens(tree, "INT", "DECIMAL")[0]).value
        assert isinstance(number, int | float)
        return Literal(-number, span=span_of(tree))

    def _literal(self, tree: Node) -> Literal:
        (token,) = tokens(tree)
        return self._constant(token)

    def _constant(self, token: Token) -> Literal:
        span = span_of(token)
        match token.type:
            case "STRING":
                return Literal(literals.string_value(token), span=span)
            case "INT":
                return Literal(literals.integer(token), span=span)
            case "DECIMAL":
                with located(Star(span=span)):
                    return Literal(literals.decimal(token), span=span)
            case _:
                return Literal(_CONSTANTS[token.type], span=span)


def trees(tree: Node, data: str | None = None) -> tuple[Node, ...]:
    """The children that are trees, of one rule if named."""
    found = (c for c in tree.children if isinstance(c, Tree))
    return tuple(c for c in found if data is None or c.data == data)


def tokens(tree: Part, *types: str) -> tuple[Token, ...]:
    """The children that are tokens, of some types if named."""
    assert isinstance(tree, Tree)
    found = (c for c in tree.children if isinstance(c, Token))
    return tuple(c for c in found if not types or c.type in types)
