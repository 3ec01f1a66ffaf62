"""Expressions to DuckDB SQL: the only match over expression nodes.

Logic is two-valued (query-language 4.1.4): a condition on something missing is false and its
negation true. ``condition`` yields SQL in which NULL stands for false, which a WHERE takes as it
is and which lets DuckDB push comparisons into the Parquet scan; wherever the difference would
show - below a negation, or as a value - ``definite`` makes it a real false.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from logq.errors import WrongArguments, located
from logq.query import nodes
from logq.query.build import (
    FALSE,
    Sql,
    all_of,
    any_of,
    case,
    cast,
    coalesce,
    fn,
    negate,
    number,
    operate,
    try_cast,
)
from logq.query.compare import contains, equals, is_in, matches, ordered
from logq.query.environment import Environment
from logq.query.function import Function, canonical, find
from logq.query.grid import bucket_ms, clamped
from logq.query.nodes import Expr
from logq.query.once import R, once
from logq.query.regex import compile_pattern, longest
from logq.query.scope import access
from logq.query.subquery import in_query
from logq.query.value import (
    Type,
    Value,
    literal,
    to_number,
    to_text,
    to_timestamp,
    to_whole,
    truth,
)


def normal(node: Expr) -> Expr:
    """The expression with canonical function names, so that spellings compare equal."""
    match node:
        case nodes.Call(name=name, args=args):
            return replace(node, name=canonical(name), args=tuple(normal(a) for a in args))
        case nodes.Not(value=value) | nodes.Negate(value=value):
            return replace(node, value=normal(value))
        case nodes.And(values=values) | nodes.Or(values=values):
            return replace(node, values=tuple(normal(v) for v in values))
        case nodes.Compare(left=left, right=right) | nodes.Arithmetic(left=left, right=right):
            return replace(node, left=normal(left), right=normal(right))
        case nodes.Like(value=value) | nodes.In(value=value):
            return replace(node, value=normal(value))
        case nodes.Access(base=base):
            return replace(node, base=normal(base))
        case nodes.Where(value=value, condition=condition):
            return replace(node, value=normal(value), condition=normal(condition))
        case _:
            return node


def evaluate(node: Expr, env: Environment) -> Value:
    """The typed SQL value of an expression; raises QueryError."""
    with located(node):
        if not isinstance(node, nodes.Field) and (name := env.scope.expressions.get(normal(node))):
            return env.scope.columns[name].value
        if env.aggregating and normal(node) in env.keys:
            return _grouped(evaluate(node, replace(env, aggregating=False)))
        match node:
            case nodes.Field():
                if env.aggregating and not env.windowed:
                    raise WrongArguments(
                        f"'{node.name}' must be aggregated or listed after by",
                        hint=f"write for example 'latest({node.name})', or add it after 'by'",
                    )
                return env.scope.fetch(node)
            case nodes.Literal(value=constant):
                return literal(constant)
            case (
                nodes.Not() | nodes.And() | nodes.Or() | nodes.Compare() | nodes.Like() | nodes.In()
            ):
                return Value(Type.BOOLEAN, definite(condition(node, env)))
            case nodes.Arithmetic():
                return _arithmetic(node, env)
            case nodes.Negate(value=inner):
                return _negative(inner, env)
            case nodes.Call():
                return _call(node, env)
            case nodes.Access():
                keys: list[str | int] = []
                base: Expr = node
                while isinstance(base, nodes.Access):
                    keys.insert(0, base.key)
                    base = base.base
                return _once(env, [evaluate(base, env)], lambda values: access(values[0], keys))
            case nodes.Duration():
                return literal(bucket_ms(node))
            case nodes.Where():
                return _where(node, env)
            case nodes.Star():
                raise WrongArguments("'*' is only allowed in count(*)")
            case nodes.LikeNames():
                raise WrongArguments("names with * are only allowed in fields and display")
            case nodes.Regex() | nodes.ListLiteral():
                raise WrongArguments("this is only allowed on the right of like, =~ or in")


def _grouped(key: Value) -> Value:
    """A grouping key inside an item of stats; a dynamic one is grouped by its text form."""
    return replace(key, sql=fn("max", key.sql), items=None) if key.type is Type.DYNAMIC else key


def condition(node: Expr, env: Environment) -> Sql:
    """The expression as a condition; NULL stands for false."""
    with located(node):
        match node:
            case nodes.And(values=values):
                return all_of(*(condition(v, env) for v in values))
            case nodes.Or(values=values):
                return any_of(*(condition(v, env) for v in values))
            case nodes.Not(value=value):
                return negate(definite(condition(value, env)))
            case nodes.Compare(op="!=", left=left, right=right):
                return negate(definite(condition(replace(node, op="="), env)))
            case nodes.Compare(op=op, left=left, right=right):
                sides = [evaluate(left, env), evaluate(right, env)]
                if op == "=":
                    return _once(env, sides, lambda values: equals(*values))
                return _once(env, sides, lambda values: ordered(op, *values))
            case nodes.Like(value=value, pattern=pattern, negated=negated):
                found = _once(env, [evaluate(value, env)], lambda v: _like(v[0], pattern))
                return negate(definite(found)) if negated else found
            case nodes.In(value=value, items=nodes.Subquery() as query, negated=negated):
                found = in_query(evaluate(value, env), query, env.others)
                return negate(definite(found)) if negated else found
            case nodes.In(value=value, items=nodes.ListLiteral() as items, negated=negated):
                found = _once(env, [evaluate(value, env)], lambda v: _in(v[0], items))
                return negate(definite(found)) if negated else found
            case _:
                return _once(env, [evaluate(node, env)], lambda values: truth(values[0]))


def _once(env: Environment, values: Sequence[Value], build: Callable[[Sequence[Value]], R]) -> R:
    # SQL allows no aggregate inside a lambda: there all values get names, or none.
    return once(values, build, env.fresh, every=env.aggregating)


def definite(value: Sql) -> Sql:
    """The condition with false in place of NULL."""
    return coalesce(value, FALSE.copy())


def _like(value: Value, pattern: nodes.Literal | nodes.Regex) -> Sql:
    if isinstance(pattern, nodes.Literal):
        return contains(value, str(pattern.value))
    with located(pattern):
        checked = compile_pattern(pattern.pattern)
    return matches(value, checked.re2, longest(checked.literals))


def _in(value: Value, items: nodes.ListLiteral) -> Sql:
    return is_in(value, [literal(i.value) for i in items.items])


def _where(node: nodes.Where, env: Environment) -> Value:
    if not env.aggregating:
        raise WrongArguments(
            "'where' stands behind an aggregate in stats",
            hint="to keep some rows write '| where ...'; to choose a value if(condition, a, b)",
        )
    rows = replace(env, aggregating=False)
    counted = condition(node.condition, rows)
    if env.counted is not None:
        counted = all_of(env.counted.copy(), counted)
    return evaluate(node.value, replace(env, counted=counted))


def _arithmetic(node: nodes.Arithmetic, env: Environment) -> Value:
    sides = [evaluate(side, env) for side in (_millis(node), node.right)]
    return _once(env, sides, lambda values: calculation(node.op, *values))


def _millis(node: nodes.Arithmetic) -> Expr:
    """The left side; ``now()`` counts seconds, but beside a period milliseconds are meant."""
    left = node.left
    nows = isinstance(left, nodes.Call) and canonical(left.name) == "now" and not left.args
    if nows and isinstance(node.right, nodes.Duration) and node.op in "+-":
        return nodes.Call("nowMillis", (), span=left.span)
    return left


def calculation(op: str, left: Value, right: Value) -> Value:
    """``left op right`` for ``+ - * / % ^``."""
    a, b = to_number(left), to_number(right)
    exact = {left.type, right.type} <= {Type.INTEGER, Type.BOOLEAN, Type.TIMESTAMP}
    if exact and op in "+-*":
        # 64-bit integers stay exact, whatever the size of the result.
        return Value(Type.INTEGER, fn(_EXACT[op], a, b))
    a, b = cast(a, "DOUBLE"), cast(b, "DOUBLE")
    if op in "+-*" and Type.DYNAMIC in (left.type, right.type):
        wholes = [whole for whole in (to_whole(left), to_whole(right)) if whole is not None]
        if len(wholes) == 2:
            exactly = cast(fn(_EXACT[op], *wholes), "DOUBLE")
            return Value(Type.NUMBER, coalesce(exactly, finite(operate(op, a, b))))
    if op in "/%":
        b = fn("nullif", b, number(0))
    if op == "^":
        return Value(Type.NUMBER, finite(fn("pow", a, b)))
    return Value(Type.NUMBER, finite(operate(op, a, b)))


_EXACT = {"+": "exact_add", "-": "exact_subtract", "*": "exact_multiply"}


def finite(value: Sql) -> Sql:
    """The number, or missing where it is infinite or not a number."""
    return fn("finite", value)


def _negative(inner: Expr, env: Environment) -> Value:
    if isinstance(inner, nodes.Literal) and isinstance(inner.value, (int, float)):
        return literal(-inner.value)
    return _once(env, [evaluate(inner, env)], lambda values: _negated(values[0]))


def _negated(value: Value) -> Value:
    if value.type in (Type.INTEGER, Type.BOOLEAN, Type.TIMESTAMP):
        return Value(Type.INTEGER, fn(_EXACT["-"], number(0), to_number(value)))
    return Value(Type.NUMBER, operate("-", number(0), to_number(value)))


def _call(node: nodes.Call, env: Environment) -> Value:
    function = find(node.name)
    _check_count(function, node.args)
    inner = env
    aggregate = function.aggregate and not (function.key and not env.aggregating)
    if aggregate:
        if not env.aggregating:
            raise WrongArguments(
                f"'{function.name}' is an aggregate; it belongs in stats",
                hint=f"write 'stats {function.name}(...)'",
            )
        if function.window and not env.windowed:
            raise WrongArguments(
                f"'{function.name}' belongs in window",
                hint=f"write 'window {function.name}(...) as x by key order field'",
            )
        inner = replace(env, aggregating=False)
        _refuse_nested(node, env)
    arguments = [_argument(function, n, argument, inner) for n, argument in enumerate(node.args)]
    if aggregate:
        value = _built(function, env, _counted(arguments, env))
        return _scaled(value, env) if function.additive else value
    places = [n for n, argument in enumerate(arguments) if isinstance(argument, Value)]

    def build(values: Sequence[Value]) -> Value:
        given = dict(zip(places, values, strict=True))
        return _built(function, env, [given.get(n, a) for n, a in enumerate(arguments)])

    return _once(env, [a for a in arguments if isinstance(a, Value)], build)


def _counted(arguments: Sequence[object], env: Environment) -> list[object]:
    """The arguments of an aggregate, missing in rows that a ``where`` behind it leaves out."""
    if env.counted is None:
        return list(arguments)
    counted = env.counted
    return [
        replace(a, sql=case((counted.copy(), a.sql)), constant=None, items=None)
        if isinstance(a, Value)
        else a
        for a in [literal(1) if a is None else a for a in arguments or [None]]
    ]


def _built(function: Function, env: Environment, arguments: Sequence[object]) -> Value:
    given = [
        _converted(function.parameter(n).kind, a) if isinstance(a, Value) else a
        for n, a in enumerate(arguments)
    ]
    if function.most is not None:
        given += [None] * (function.most - len(given))
    result = function.build(env, *given) if function.context else function.build(*given)
    if isinstance(result, Value):
        return result
    if function.returns is None:
        raise TypeError(f"function {function.name} returned SQL without a type")
    return Value(function.returns, result)


def _scaled(value: Value, env: Environment) -> Value:
    """What a sum over a sample is an estimate of."""
    if env.sampled is None:
        return value
    whole = operate("/", cast(value.sql, "DOUBLE"), number(env.sampled))
    if value.type is Type.INTEGER:
        return replace(value, sql=try_cast(fn("round", whole), "HUGEINT"))
    return replace(value, sql=whole)


def _converted(kind: str, value: Value) -> object:
    match kind:
        case "text":
            return to_text(value)
        case "number":
            return to_number(value)
        case "time":
            return to_timestamp(value)
        case "truth":
            return definite(truth(value))
        case _:
            return value


def _check_count(function: Function, args: Sequence[Expr]) -> None:
    most = function.most
    if len(args) < function.least or (most is not None and len(args) > most):
        wanted = str(function.least)
        if most is None:
            wanted = f"at least {wanted}"
        elif most != function.least:
            wanted = f"{wanted} to {most}"
        plural = "" if wanted == "1" else "s"
        raise WrongArguments(
            f"'{function.name}' takes {wanted} argument{plural}, found {len(args)}",
            hint=f"it is written {function.signature}",
        )


def _refuse_nested(node: nodes.Call, env: Environment) -> None:
    for argument in node.args:
        for inner in nodes.walk(argument):
            if normal(inner) in env.scope.expressions or not isinstance(inner, nodes.Call):
                continue
            if find(inner.name).aggregate:
                with located(inner):
                    raise WrongArguments(
                        "an aggregate cannot stand inside another aggregate",
                        hint="use two stats: 'stats ... as x by ... | stats max(x)'",
                    )


def _argument(function: Function, index: int, node: Expr, env: Environment) -> object:
    parameter = function.parameter(index)
    with located(node):
        if isinstance(node, nodes.Star):
            if parameter.kind != "any_or_star":
                raise WrongArguments(f"'{function.name}' does not take '*'")
            return None
        if parameter.kind == "period":
            if not isinstance(node, nodes.Duration):
                raise WrongArguments(
                    f"'{function.name}' takes a period here", hint="write for example 5m or 1h"
                )
            if node.amount == 0:
                raise WrongArguments("a period must be longer than zero")
            return _capped(node, env) if env.others.strict else node
        if parameter.kind == "constant":
            return _constant(function, parameter.name, node)
        return evaluate(node, env)


def _capped(period: nodes.Duration, env: Environment) -> nodes.Duration:
    kept = clamped(period)
    if kept != period:
        env.warnings.append(
            f"a period of {period.amount}{period.unit} counts as {kept.amount}{kept.unit}, "
            "as in CloudWatch"
        )
    return kept


def _constant(function: Function, name: str, node: Expr) -> object:
    if isinstance(node, nodes.Literal) and node.value is not None:
        return node.value
    if isinstance(node, nodes.Negate) and isinstance(node.value, nodes.Literal):
        inner = node.value.value
        if isinstance(inner, (int, float)):
            return -inner
    raise WrongArguments(
        f"'{function.name}' takes a constant for '{name}'",
        hint=f"write a number or a text in quotes: {function.signature}",
    )
