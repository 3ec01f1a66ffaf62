"""The expression tree: closed, frozen, and positioned.

Commands own their behaviour (``commands/``); expressions are a closed set and every pass over
them is one ``match`` in one file. ``span`` never takes part in equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from logq.errors import Span


def _span() -> Span | None:
    return field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Field:
    """A field name. ``path`` holds its segments: ``a.`b.c` `` is ``("a", "b.c")``.

    A name in backticks as a whole (``whole``) may be a flattened path; its only segment is the
    text between the backticks. A leading ``@`` or ``@@`` belongs to the first segment.
    """

    path: tuple[str, ...]
    whole: bool = False
    span: Span | None = _span()

    @property
    def name(self) -> str:
        """The dotted name without backticks."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. None is ``null``."""

    value: str | int | float | bool | None
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Regex:
    """The text between the slashes, with ``\\/`` already made ``/``."""

    pattern: str
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Duration:
    """``5m``: a positive amount of one of ms s m h d w mo q y (normalised unit names)."""

    amount: int
    unit: str
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """``[1, "a", true]``."""

    items: tuple[Literal, ...]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Subquery:
    """``( SOURCE ... | ... )`` on the right of ``in``."""

    commands: tuple[Any, ...]
    """As ``transform.parse`` gives them."""
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Star:
    """The ``*`` of ``count(*)``."""

    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class LikeNames:
    """``http.*`` as an item of ``fields``: all fields whose names look so."""

    wildcard: str
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Not:
    value: Expr
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class And:
    values: tuple[Expr, ...]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Or:
    values: tuple[Expr, ...]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Compare:
    """``op`` is one of ``= != < <= > >=`` (``==`` arrives as ``=``)."""

    op: str
    left: Expr
    right: Expr
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Like:
    """``like``, ``not like`` and ``=~``; a text pattern of ``=~`` arrives as ``Regex``."""

    value: Expr
    pattern: Literal | Regex
    negated: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class In:
    value: Expr
    items: ListLiteral | Subquery
    negated: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``op`` is one of ``+ - * / % ^``."""

    op: str
    left: Expr
    right: Expr
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Negate:
    value: Expr
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Call:
    """``name`` is as written; functions are looked up by ``function.canonical(name)``."""

    name: str
    args: tuple[Expr, ...]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Access:
    """``base.key`` or ``base[0]`` on a map or list value."""

    base: Expr
    key: str | int
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Where:
    """``count(*) where status >= 500``: an aggregate over some of the rows."""

    value: Expr
    condition: Expr
    span: Span | None = _span()


Expr: TypeAlias = (
    Field
    | Literal
    | Regex
    | Duration
    | ListLiteral
    | Star
    | LikeNames
    | Not
    | And
    | Or
    | Compare
    | Like
    | In
    | Arithmetic
    | Negate
    | Call
    | Access
    | Where
)


@dataclass(frozen=True, slots=True)
class Item:
    """An expression with its alias; ``text`` is its source, inner blanks made one."""

    expr: Expr
    alias: str | None
    text: str
    span: Span | None = _span()

    @property
    def name(self) -> str:
        """The column's name: the alias, a field's name without backticks, or the source text."""
        if self.alias is not None:
            return self.alias
        if isinstance(self.expr, Field):
            return self.expr.name
        return self.text


@dataclass(frozen=True, slots=True)
class SortKey:
    expr: Expr
    descending: bool
    text: str
    span: Span | None = _span()


def walk(node: Expr) -> tuple[Expr, ...]:
    """The node and everything below it, parents first."""
    match node:
        case Not(value=value) | Negate(value=value):
            below = walk(value)
        case And(values=values) | Or(values=values):
            below = tuple(n for v in values for n in walk(v))
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            below = walk(left) + walk(right)
        case Like(value=value, pattern=pattern):
            below = walk(value) + (pattern,)
        case In(value=value, items=items):
            below = walk(value) + ((items,) if isinstance(items, ListLiteral) else ())
        case Call(args=args):
            below = tuple(n for a in args for n in walk(a))
        case Access(base=base):
            below = walk(base)
        case Where(value=value, condition=condition):
            below = walk(value) + walk(condition)
        case _:
            below = ()
    return (node, *below)
