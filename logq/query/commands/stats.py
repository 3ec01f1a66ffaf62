"""``stats``: aggregate rows, by groups or all together."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from logq.errors import QueryError, WrongArguments, located
from logq.query import nodes
from logq.query.build import Sql, alias, cast, coalesce, fn, is_literal
from logq.query.command import Command, behind_keys, command
from logq.query.compare import natural_order
from logq.query.comparing import with_earlier
from logq.query.compiler import OrderKey, Step, missing_last
from logq.query.function import canonical, find
from logq.query.nodes import Expr, Item
from logq.query.scope import Column, Scope
from logq.query.source import SQL_TYPES
from logq.query.sql import evaluate, normal
from logq.query.value import NUMERIC, Type, Value, to_text


@command("stats")
@dataclass(frozen=True)
class Stats(Command):
    """Aggregate; afterwards only the keys and the aggregates exist.

    ``compare 1d`` aggregates the same time a day earlier as well: beside ``x`` stand ``x_1d`` and
    ``x_delta``, which is what is more now. Of several periods the first is subtracted.
    """

    syntax = (
        "stats AGGREGATE [as NAME], ... [by KEY [as NAME], ...] [offset PERIOD] "
        "[compare PERIOD, ...]"
    )
    examples = (
        "stats count(*) by bin(5m)",
        'filter level = "ERROR" | stats count(*) as errors by service | sort errors desc',
        "stats pct(duration_ms, 95) as p95 by http.path | filter p95 > 100",
        "stats count(*) as n by service compare 1d, 7d | sort n_delta desc",
    )

    items: tuple[Item, ...]
    by: tuple[Item, ...] = ()
    offset: nodes.Duration | None = None
    compared: tuple[nodes.Duration, ...] = ()
    """How far the earlier times lie back whose values stand beside those of now."""

    def name_before(self, name: str) -> str | None:
        made = [one.name for item in self.items for one in columns_of(item)]
        return None if self.compared or name in made else behind_keys(name, self.by)

    def apply(self, step: Step) -> Step:
        if self.compared:
            return self._compared(step)
        env = replace(step.env, offset=self.offset)
        if step.limited:
            env.warnings.append("stats after limit counts only the rows that the limit left")
        select, scope = step.select(), Scope()
        order: list[OrderKey] = []
        grouping: list[Sql] = []
        for item in self.by:
            value = evaluate(item.expr, env)
            shown, group = group_key(value)
            definition = Column(step.source.ident(item.name), value.type, value.grid)
            select = select.select(alias(shown, definition.ident))
            grouping.append(group)
            scope = _define(scope, item, definition)
            order += key_order(definition.value)
        inside = replace(
            env, aggregating=True, keys=frozenset(normal(item.expr) for item in self.by)
        )
        items = tuple(one for item in self.items for one in columns_of(item))
        for item, expr in zip(items, spelled_out(items, step.scope), strict=True):
            with located(item):
                value = evaluate(expr, inside)
            definition = Column(step.source.ident(item.name), value.type, value.grid)
            select = select.select(alias(value.sql, definition.ident))
            scope = _define(scope, item, definition)
        if grouping:
            select = select.group_by(*grouping)
        scope = replace(scope, keys=tuple(dict.fromkeys(item.name for item in self.by)))
        return step.then(self.name, select).barrier(scope, tuple(order))

    def _compared(self, step: Step) -> Step:
        now = replace(self, compared=())
        if step.env.moment.start is None:
            raise WrongArguments(
                "compare needs to know which time is compared with an earlier one",
                hint="give the query a time range, as --since 1d",
            )
        earlier = {}
        for period in dict.fromkeys(self.compared):
            again = step.env.others.again(step, (*step.done, now), earlier=period)
            earlier[f"{period.amount}{period.unit}"] = again
        counts = {item.name for item in self.items if _is_count(item.expr)}
        return with_earlier(now.apply(step), self.name, earlier, counts)


def _is_count(expr: Expr) -> bool:
    """Whether an item is 0 where there are no rows."""
    return isinstance(expr, nodes.Call) and find(expr.name).counts


def key_order(value: Value) -> tuple[OrderKey, ...]:
    """What puts the rows of stats in the order of a key."""
    order = missing_last(natural_order(value), value, descending=False)
    # a1 and a01, or two maps, are level: the same order comes out each time.
    return order if value.type in NUMERIC else (*order, OrderKey(value.sql))


def group_key(value: Value) -> tuple[Sql, Sql]:
    """What a key shows, and what rows are grouped by: 200 and "200" are one key."""
    if value.type is Type.DYNAMIC:
        group = coalesce(to_text(value), value.sql.copy())
        return fn("max", value.sql.copy()), group
    if is_literal(value.sql):
        return value.sql.copy(), cast(value.sql.copy(), SQL_TYPES[value.type])
    return value.sql.copy(), value.sql.copy()


def columns_of(item: Item) -> tuple[Item, ...]:
    """The item, but ``pcts(x, 50, 95) as ms`` is a column for each percentile: ms_p50, ms_p95."""
    call = item.expr
    if not isinstance(call, nodes.Call) or canonical(call.name) != "pcts" or len(call.args) < 2:
        return (item,)
    found = []
    for percentile in call.args[1:]:
        given = getattr(percentile, "value", "")
        name = f"{item.alias}_p{given}" if item.alias else f"p{given}"
        one = nodes.Call("pct", (call.args[0], percentile), span=call.span)
        found.append(Item(one, name, name, span=item.span))
    return tuple(found)


def _define(scope: Scope, item: Item, definition: Column) -> Scope:
    scope = scope.define(item.name, definition)
    if item.alias is None:
        return replace(scope, expressions={**scope.expressions, normal(item.expr): item.name})
    return scope


def spelled_out(items: tuple[Item, ...], scope: Scope) -> list[Expr]:
    """The items with aliases of earlier items replaced by what they stand for.

    In ``max(x) as x, min(x) as least`` the second ``x`` is the field, if there is one.
    """
    known: dict[str, Expr] = {}
    fields = {*scope.columns, *(scope.source.known() if scope.source is not None else ())}
    result = []
    for item in items:
        expr = _substitute(item.expr, known, fields)
        result.append(expr)
        if item.alias is not None:
            known[item.alias] = expr
    return result


def _substitute(node: Expr, known: dict[str, Expr], fields: set[str]) -> Expr:
    def inside(below: Expr) -> Expr:
        return _substitute(below, known, fields)

    match node:
        case nodes.Field():
            return known.get(node.name, node)
        case nodes.Call(name=name, args=args):
            if _is_aggregate(name):
                known = {alias: expr for alias, expr in known.items() if alias not in fields}
            return replace(node, args=tuple(inside(a) for a in args))
        case nodes.Not(value=value) | nodes.Negate(value=value):
            return replace(node, value=inside(value))
        case nodes.And(values=values) | nodes.Or(values=values):
            return replace(node, values=tuple(inside(v) for v in values))
        case nodes.Compare(left=a, right=b) | nodes.Arithmetic(left=a, right=b):
            return replace(node, left=inside(a), right=inside(b))
        case nodes.Like(value=value) | nodes.In(value=value):
            return replace(node, value=inside(value))
        case nodes.Where(value=value):
            return replace(node, value=inside(value))
        case _:
            return node


def _is_aggregate(name: str) -> bool:
    with suppress(QueryError):  # told with its place when the item is compiled
        return find(name).aggregate
    return False
