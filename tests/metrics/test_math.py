"""Metric math: cases of its documentation, every function by its examples, faults with places."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logq.errors import QueryError, draw
from logq.metric import DataQuery, Metric, MetricStat
from logq.metrics.math.evaluate import Sheet
from logq.metrics.math.function import Example, Function, functions
from logq.metrics.math.operators import OPERATORS, apply
from logq.metrics.math.parse import parse
from logq.metrics.math.values import Series
from logq.query.grammar import build

CASES = Path(__file__).parents[2] / "../shared/spec/alarm-cases.json"
NOON = 1_767_268_800
"""2026-01-01T12:00:00Z, a Thursday."""

Row = Sequence[float | None]


def calculate(expression: str, given: Mapping[str, Row]) -> list[float | None]:
    """The points of an expression over series by the minute."""
    length = max(len(row) for row in given.values())
    grid = [NOON + 60 * at for at in range(length)]
    queries = {id: DataQuery(id, MetricStat(Metric("App", id), "Sum", 60)) for id in given}
    queries["e"] = DataQuery("e", expression=expression)
    measured = {
        id: Series({at: float(v) for at, v in zip(grid, row, strict=True) if v is not None}, id)
        for id, row in given.items()
    }
    sheet = Sheet(queries, measured, lambda _: grid, lambda *_: ())
    found = sheet.values()[0]["e"]
    assert isinstance(found, Series), found
    return [found.points.get(at) for at in grid]


def cases() -> list[Any]:
    if not CASES.exists():
        return []
    return list(json.loads(CASES.read_text("utf-8"))["metric_math_cases"])


def test_the_cases_of_the_specification_are_there() -> None:
    if not CASES.exists():
        pytest.skip("../shared is not here: the cases of its specification were not run")
    assert len(cases()) >= 5


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_an_expression_gives_what_the_specification_says(case: Any) -> None:
    assert calculate(case["expression"], case["inputs"]) == case["expected"]


@pytest.mark.parametrize("function", functions().values(), ids=functions().keys())
def test_a_function_says_what_it_does_and_has_examples(function: Function) -> None:
    assert function.summary.endswith(".")
    assert function.examples
    assert all(f"{function.name}(" in each.expression for each in function.examples)
    assert function.signature.startswith(f"{function.name}(")


EXAMPLES = [example for function in functions().values() for example in function.examples]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.expression)
def test_an_example_of_a_function_holds(example: Example) -> None:
    found = calculate(example.expression, {"m": example.m, "n": example.n})

    assert found == pytest.approx(list(example.result) or [None] * 3)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m + n", [11, 20, 3]),
        ("n / m", [10, None, 0]),
        ("-m ^ 2", [-1, None, -9]),
        ("2 ^ 3 ^ 2 + m - m", [512, None, 512]),
        ("m * 2 + 1 > 3 AND 1", [0, None, 1]),
        ("m > 2 || n > 15", [0, 1, 1]),
        ("SUM([m, n] * 2)", [22, 40, 6]),
        ("SUM(METRICS() - m)", [9, 20, -3]),
        ("m - 1 - 1", [-1, None, 1]),
        ("100 * m / SUM([m, n])", [100 / 11, 0, 100]),
        ("IF(AVG(m) == 2, n, m)", [10, 20, None]),
        ("FILL(m / 0, 4)", [4, 4, 4]),
        ("SUM(FILL(METRICS(), 0))", [11, 20, 3]),
        ("(m - 5) ^ 0.5", [None, None, None]),
        ("10 ^ (n * 40)", [None, None, None]),
        ("TIME_SERIES(m == m == 1 OR 3.5e0 > .5)", None),
    ],
)
def test_operators_bind_and_fill_as_documented(expression: str, expected: Row | None) -> None:
    given_rows: dict[str, Row] = {"m": (1, None, 3), "n": (10, 20, None)}
    if expected is None:
        with pytest.raises(QueryError, match="takes a number"):
            calculate(expression, given_rows)
        return
    assert calculate(expression, given_rows) == pytest.approx(list(expected))


ROWS = st.dictionaries(st.integers(0, 5), st.floats(-100, 100), max_size=6)


@given(ROWS, ROWS, st.sampled_from(sorted(OPERATORS)))
def test_a_missing_point_of_one_series_is_zero_where_the_other_has_one(
    left: dict[int, float], right: dict[int, float], operator: str
) -> None:
    found = apply(operator, Series(left), Series(right))

    assert isinstance(found, Series)
    assert found.points.keys() <= left.keys() | right.keys()
    for at, value in found.points.items():
        assert value == OPERATORS[operator](left.get(at, 0.0), right.get(at, 0.0))


@pytest.mark.parametrize(
    ("expression", "message", "place"),
    [
        ("m +", "ends too early", "   ^"),
        ("m = 1", "'=' cannot stand here", "  ^"),
        ("SUM(m", "ends too early", "     ^"),
        ("1 + AVGG(m)", "no function AVGG", "    ^^^^^^^"),
        ("m + x", "no query x", "    ^"),
        ("AVG(m)", "a time series, not a number", "^^^^^^"),
        ("RATE(5)", "RATE takes a time series", "     ^"),
        ("FILL(m)", "does not take 1 arguments", "^^^^^^^"),
        ("FILL(m, REPET)", "no option REPET", "^^^^^^^^^^^^^^"),
        ("FILL(m, 'REPEAT')", "not a text", "        ^^^^^^^^"),
        ("m + REPEAT", "the option REPEAT cannot stand here", "    ^^^^^^"),
        ("[m] + [n]", "two arrays", "^^^^^^^^^"),
        ("[m, 5]", "not of numbers", "    ^"),
        ("SORT([m], AVG, UP)", "the order UP", "^^^^^^^^^^^^^^^^^^"),
        ("", "is empty", "^"),
        ("m + 'abc", '"\'" cannot stand here', "    ^"),
        ("e + 1", "needs itself: e -> e", "^"),
        ("avg(m)", "'(' cannot stand here", "   ^"),
    ],
)
def test_a_fault_is_shown_at_its_place(expression: str, message: str, place: str) -> None:
    with pytest.raises(QueryError) as caught:
        calculate(expression, {"m": (1, 2), "n": (3, 4)})

    error = caught.value
    assert message in error.message
    assert error.message.startswith("e: ")
    assert draw(error, expression).splitlines()[2] == f"  | {place}"


@pytest.mark.parametrize("expression", ["-" * 2000 + "m", "(" * 1000 + "m", "ABS(" * 500 + "m"])
def test_an_expression_that_nobody_wrote_is_refused_in_words(expression: str) -> None:
    with pytest.raises(QueryError):
        parse(expression)


def test_long_sums_are_no_deep_nesting() -> None:
    text = " + ".join(["m"] * 500)

    assert calculate(text, {"m": (1, 2)}) == [500, 1000]


@given(st.text(alphabet="mnMAXSUM()[],+-*/^<>=&|'\" 0.5eFILRT_", max_size=40))
def test_any_text_is_an_expression_or_a_fault_with_a_place(text: str) -> None:
    try:
        calculate(text, {"m": (1, None), "n": (3, 4)})
    except QueryError as error:
        assert error.span is not None
    except AssertionError as error:  # an array is an answer too
        assert "Series(" in str(error)


def test_no_two_terminals_of_the_grammar_compete() -> None:
    build("metric_math.lark", strict=True)
