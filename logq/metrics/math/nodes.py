"""The syntax tree of an expression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from logq.errors import Span


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted text, without its quotes."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Id:
    """The result of another query."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Word:
    """An option of a function, like ``REPEAT``."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    name: str
    arguments: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Array:
    """Several series."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Negative:
    """Minus something."""

    operand: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one rank, carried out from left to right."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    span: Span


Node: TypeAlias = Number | Text | Id | Word | Call | Array | Negative | Chain


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below one."""
    match node:
        case Call():
            yield from node.arguments
        case Array():
            yield from node.items
        case Negative():
            yield node.operand
        case Chain():
            yield node.first
            yield from (operand for _, operand in node.rest)


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)
