"""Every function of the registry: its examples, missing arguments, arguments of every type."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logq.errors import QueryError, WrongArguments
from logq.query.engine import Queries
from logq.query.function import Function, Parameter, functions
from logq.units import format_time
from tests.query.layouts import ask, lay_out, lines, over, same

ROW_WISE = [f for f in functions() if not f.aggregate]
AGGREGATES = [f for f in functions() if f.aggregate and not f.window]

MISSING_GIVES: dict[str, Any] = {
    # 4.5 and 4.6: what is not missing when the first argument is.
    "ispresent": False,
    "isnull": True,
    "isNumeric": False,
    "isempty": 1,
    "isblank": 1,
    "isValidIp": False,
    "isValidIpV4": False,
    "isValidIpV6": False,
    "isIpInSubnet": False,
    "isIpv4InSubnet": False,
    "isIpv6InSubnet": False,
    "isPrivateIP": False,
    "isPublicIP": False,
    "isReservedIP": False,
    "jsonArrayContains": False,
    "strcontains": 0,
    "startsWith": 0,
    "endsWith": 0,
    "concat": "t",
    "coalesce": "t",
    "greatest": 2,
    "least": 2,
    "if": "u",
    "case": "u",
}

CONSTANTS = {
    "pattern": '"yyyy"',
    "tz": '"Europe/Berlin"',
    "regex": '"a(.)"',
    "with_": '"$1"',
}

FIELDS = ("text", "i", "half", "yes", "map", "list", "any", "big", "edge", "empty", "odd")
ARGUMENTS = (
    *FIELDS,
    *("absent", "@timestamp", "null", "true", "-0.5", "1e308", "fromMillis(-1)"),
    *("9223372036854775807", "-9223372036854775808", "123456789012345678901234567890123456789012"),
    *('""', '"\\u0000"', '"😀"', '"nan"', "i = 7", "big * 4"),
)
DOCUMENTS = (
    {"text": "text", "i": 7, "half": 2.5, "yes": True, "map": {"x": 1}, "list": [1], "any": "abc"},
    {
        "big": 2**53 - 1,
        "edge": 1.7e308,
        "empty": "",
        "odd": "ä😀\0'\"\\%_",
        "any": 12345678901234567,
    },
    {"big": 1 - 2**53, "edge": -1.7e308, "empty": " ", "odd": "1e400", "any": {"a": [1]}},
    {"i": 0, "half": -0.0, "any": [1], "edge": 5e-324, "list": [], "map": {}, "odd": "-"},
    {"any": True},
    {"any": "\0"},
)


@pytest.fixture(scope="module")
def one_event(tmp_path_factory: pytest.TempPathFactory) -> Queries:
    return over(lay_out(tmp_path_factory.mktemp("one"), "journal", lines([{"id": 1}])))


@pytest.fixture(scope="module")
def every_type(tmp_path_factory: pytest.TempPathFactory) -> Queries:
    return over(lay_out(tmp_path_factory.mktemp("types"), "segments", lines(DOCUMENTS)))


def shown(value: Any, type_: str) -> Any:
    return format_time(value) if type_ == "timestamp" and value is not None else value


def evaluate(queries: Queries, query: str) -> Any:
    result = queries.run(query, groups=["app"])
    ((value,),) = result.rows()
    return shown(value, result.columns[0].type)


@pytest.mark.parametrize("function", ROW_WISE, ids=lambda f: f.name)
def test_the_examples_of_a_function_hold(function: Function, one_event: Queries) -> None:
    assert function.examples
    for example in function.examples:
        found = evaluate(one_event, f"display {example.expression} as r")
        assert same(found, example.result), f"{example.expression} is {found!r}"


@pytest.mark.parametrize("function", AGGREGATES, ids=lambda f: f.name)
def test_the_examples_of_an_aggregate_hold(function: Function, tmp_path: Path) -> None:
    assert function.examples
    for number, example in enumerate(function.examples):
        documents = [{} if value is None else {"x": value} for value in example.values]
        queries = over(lay_out(tmp_path / str(number), "segments", lines(documents)))
        found = evaluate(queries, f"stats {example.expression} as r")
        assert same(found, example.result), f"{example.expression} is {found!r}"


def test_an_aggregate_of_nothing_is_missing_and_a_count_0(one_event: Queries) -> None:
    for function in AGGREGATES:
        places = [usual(function, p, n) for n, p in enumerate(function.parameters)]
        arguments = ", ".join(
            "absent" if p.kind in ("any", "any_or_star", "number", "truth") else place
            for p, place in zip(function.parameters, places, strict=True)
        )
        for event in ("", "filter id = 2 | "):
            found = evaluate(one_event, f"{event}stats {function.name}({arguments}) as r")
            assert found == (0 if function.name.startswith("count") else None), function.name


def usual(function: Function, parameter: Parameter, index: int) -> str:
    """An argument that suits a parameter."""
    if parameter.kind == "constant":
        network = '"::/8"' if "6" in function.name else '"10.0.0.0/8"'
        return network if "Subnet" in function.name else CONSTANTS.get(parameter.name, "50")
    if parameter.kind in ("text", "any_or_star", "any") and function.area != "numbers":
        return ('"t"', '"t"', '"u"')[min(index, 2)]
    return {"period": "5m", "truth": "1 = 1", "time": "@timestamp"}.get(parameter.kind, "2")


def calls(function: Function, arguments: tuple[str, ...]) -> Iterator[str]:
    """Calls with each of the arguments at each place, the other places as usual."""
    most = len(function.parameters)
    for count in range(function.least, most + 1):
        places = [usual(function, function.parameter(n), n) for n in range(count)]
        for place in range(count):
            if function.parameter(place).kind in ("period", "constant"):
                continue
            for argument in arguments:
                given = [*places[:place], argument, *places[place + 1 :]]
                yield f"{function.name}({', '.join(given)})"


def test_a_missing_argument_gives_what_the_language_says(one_event: Queries) -> None:
    for function in ROW_WISE:
        if not function.parameters or function.parameters[0].kind == "period":
            continue
        places = [usual(function, p, n) for n, p in enumerate(function.parameters)]
        call = f"{function.name}({', '.join(['absent', *places[1:]])})"
        found = evaluate(one_event, f"display {call} as r")
        assert same(found, MISSING_GIVES.get(function.name)), f"{call} is {found!r}"


@pytest.mark.parametrize("function", ROW_WISE, ids=lambda f: f.name)
def test_no_argument_of_any_type_fails_a_function(function: Function, every_type: Queries) -> None:
    expressions = list(dict.fromkeys(calls(function, ARGUMENTS)))
    if not expressions:
        return
    for start in range(0, len(expressions), 100):
        items = (f"{e} as r{n}" for n, e in enumerate(expressions[start : start + 100]))
        assert len(ask(every_type, f"display {', '.join(items)}")) == len(DOCUMENTS)


@pytest.mark.parametrize("function", AGGREGATES, ids=lambda f: f.name)
def test_no_argument_of_any_type_fails_an_aggregate(
    function: Function, every_type: Queries
) -> None:
    items = [f"{call} as r{n}" for n, call in enumerate(calls(function, ARGUMENTS))]
    assert len(ask(every_type, f"stats {', '.join(items)}")) == 1
    assert len(ask(every_type, f"stats {', '.join(items[:10])} by any, i")) == len(DOCUMENTS)


@pytest.mark.parametrize(
    "call",
    [
        "substr(text, 1e300, -1e300)",
        "substr(text, -3, 99999999999)",
        "substr(text, 1.9, 1.9)",
        "round(half, 400)",
        "round(half, -1e300)",
        "round(half, 1.9)",
        "fromMillis(253402300800000)",
        "fromMillis(-1e300)",
        "bin(10000y)",
        "bin(1ms)",
        "dateceil(fromMillis(253402300799999), 10000y)",
        "datefloor(fromMillis(-62135596800000), 7w)",
        "1e308 * 10",
        "-1e308 - 1e308 * 5",
        "big * big * big * big",
        "0 ^ -1",
        "log(5e-324)",
        "edge * edge % 0",
        "-(-9223372036854775808)",
        "toMillis(dateceil(@timestamp, 9999y))",
    ],
)
def test_numbers_at_the_edge_never_fail(call: str, every_type: Queries) -> None:
    assert len(ask(every_type, f"display {call} as r, concat(r), r + 1")) == len(DOCUMENTS)


@pytest.mark.parametrize("query", ["stats count(*) by bin(10001y)", "stats pct(i, 100.1)"])
def test_what_has_no_meaning_is_refused_with_its_place(query: str, every_type: Queries) -> None:
    with pytest.raises(WrongArguments) as caught:
        every_type.run(query, groups=["app"])
    assert caught.value.span is not None
    assert caught.value.hint


@pytest.mark.parametrize("function", [f for f in functions() if f.parameters], ids=lambda f: f.name)
def test_a_wrong_number_of_arguments_is_refused(function: Function, one_event: Queries) -> None:
    stage = "stats" if function.aggregate else "display"
    counts = [] if function.least == 0 else [function.least - 1]
    counts += [] if function.most is None else [function.most + 1]
    for count in counts:
        with pytest.raises(QueryError) as caught:
            one_event.run(f"{stage} {function.name}({', '.join('1' * count)})", groups=["app"])
        assert caught.value.code == "WrongArguments"
        assert function.signature in (caught.value.hint or "")
