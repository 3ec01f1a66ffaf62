"""What CloudWatch refuses: an error in strict mode, else a warning where it has no reason.

What LogQ has beyond Insights is said by the registries of commands and functions, and for single
words and signs here. The rules of order are those that people have met at the service itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lark import Token, Tree

from logq.errors import InvalidConfig, NotInInsights, Span
from logq.query import nodes
from logq.query.command import Command, commands
from logq.query.commands.dedup import Dedup
from logq.query.commands.fields import Display, Fields
from logq.query.commands.join import Join
from logq.query.commands.limit import Head, Limit, Tail
from logq.query.commands.parse import Parse
from logq.query.commands.sort import Sort
from logq.query.commands.stats import Stats
from logq.query.expressions import Node, span_of
from logq.query.function import canonical, names_beyond
from logq.query.grammar import parse_tree
from logq.query.nodes import Item

STRICT, LENIENT = "strict", "lenient"
MOST_STATS = 10
_RULES = {
    "presence": "is missing and is present",
    "size": "a size such as 10MB",
    "where": "where inside an aggregate",
    "most": "top in a time series",
    "compared": "compare",
    "named_query": "the name of a query",
    "kv": "parse kv",
    "syslog": "parse syslog",
    "grok": "parse grok",
}
_TERMINALS = {"LIKE_NAMES": "a name with *"}


def is_strict(compat: str) -> bool:
    """Whether the setting says so; raises InvalidConfig for anything else than its two values."""
    if compat not in (STRICT, LENIENT):
        raise InvalidConfig(
            f"setting compat = {compat!r} is neither {STRICT} nor {LENIENT}",
            hint=f"write {LENIENT}, or {STRICT} to be told what CloudWatch would refuse",
        )
    return compat == STRICT


def check(text: str, parsed: Sequence[Command], *, strict: bool) -> tuple[str, ...]:
    """Warnings of what CloudWatch would refuse; in strict mode raises NotInInsights instead."""
    if strict:
        for message, span in _beyond(parse_tree(text)):
            raise NotInInsights(
                f"{message} goes beyond Logs Insights",
                hint="without the setting compat = strict it is allowed",
                span=span,
            )
    found = list(_orders(parsed))
    if strict and found:
        raise NotInInsights(
            found[0].message,
            hint="without the setting compat = strict it is allowed",
            span=found[0].span,
        )
    return tuple(dict.fromkeys(one.message for one in found))


def _beyond(tree: Node) -> Iterator[tuple[str, Span]]:
    """What no Insights query has, with its place."""
    for part in reversed(list(tree.iter_subtrees())):
        data = str(part.data)
        kind = commands().get(data.removesuffix("_command")) if "_command" in data else None
        if kind is not None and kind.beyond:
            yield kind.name, span_of(part)
        if data in _RULES:
            yield _RULES[data], span_of(part)
        yield from ((said, span_of(part)) for said in _details(part))
        for child in part.children:
            if isinstance(child, Token):
                said = _word(child)
                if said is not None:
                    yield said, span_of(child)


def _details(part: Node) -> Iterator[str]:
    children = [child for child in part.children if isinstance(child, Tree)]
    match str(part.data):
        case "fields_command":
            if any(child.data == "star" for child in children):
                yield "fields *"
        case "call":
            if canonical(str(part.children[0])) == "bin" and len(children) > 1:
                yield "a time zone in bin"
        case "compare" | "arithmetic" | "item" | "negation" | "and_expr" | "or_expr":
            if any(child.data == "duration" for child in children):
                yield "a period as a number"
        case "join_command":
            types = {str(t).lower() for option in children for t in option.children[1:]}
            if types & {"semi", "anti"}:
                yield "this type of join"
            if any(isinstance(t, Token) and t.type == "DURATION" for t in part.children):
                yield "within"
            if any(c.data == "subquery" and _has_pipes(c) for c in children):
                yield "a join with more than a SOURCE on the right"
        case "total":
            if len(children) > 1:
                yield "where behind an aggregate"
        case "filterindex_command":
            if len(children) > 1:
                yield "more than one condition of filterIndex"
        case _:
            return


def _has_pipes(subquery: Node) -> bool:
    stages = [child for child in subquery.children if isinstance(child, Tree)]
    return any(stage.data != "source_command" for stage in stages)


def _word(token: Token) -> str | None:
    if token.type == "FUNCTION":
        return str(token) if canonical(token) in names_beyond() else None
    return _TERMINALS.get(token.type)


@dataclass(frozen=True, slots=True)
class _Refused:
    message: str
    span: Span | None


def _orders(parsed: Sequence[Command]) -> Iterator[_Refused]:
    """Rules of which command may follow which."""
    before: list[Command] = []
    named: set[str] = set()
    twice: str | None = None
    for command in parsed:
        if isinstance(command, Stats):
            yield from _before_stats(command, before)
            if twice is not None:
                yield _Refused(
                    f"CloudWatch refuses stats behind two definitions of '{twice}'", command.span
                )
        if any(isinstance(each, Dedup) for each in before) and not isinstance(command, Limit):
            yield _Refused("CloudWatch takes nothing but limit behind dedup", command.span)
        if isinstance(command, Join) and any(isinstance(each, Join) for each in before):
            yield _Refused("CloudWatch takes one join in a query", command.span)
        for name in _names(command):
            twice = name if name in named else twice
            named.add(name)
        before.append(command)


def _before_stats(stats: Stats, before: Sequence[Command]) -> Iterator[_Refused]:
    for command in before:
        if isinstance(command, Sort | Limit | Head | Tail):
            yield _Refused(f"CloudWatch refuses {command.name} before stats", command.span)
    if sum(isinstance(command, Stats) for command in before) >= MOST_STATS:
        yield _Refused(f"CloudWatch takes at most {MOST_STATS} stats", stats.span)
    alone = len(stats.items) == 1 and not stats.by
    if not alone and any(map(_is_topk, stats.items)):
        yield _Refused("CloudWatch takes topk only alone in its stats", stats.span)


def _is_topk(item: Item) -> bool:
    calls = (node for node in nodes.walk(item.expr) if isinstance(node, nodes.Call))
    return any(canonical(call.name) == "topk" for call in calls)


def _names(command: Command) -> tuple[str, ...]:
    """Names that a command gives to expressions or to what it finds."""
    match command:
        case Fields(items=items) | Display(items=items):
            return tuple(item.alias for item in items if item.alias is not None)
        case Parse(names=names):
            return tuple(name.name for name in names)
        case _:
            return ()
