"""Event patterns: every alternative, arrays, $or, faults, and a slow oracle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.errors import InvalidEventPattern
from logq.events.pattern import MAX_WILDCARDS, parse_event_pattern

CASES = Path(__file__).parents[2] / "../shared/spec/alarm-cases.json"


def specified() -> list[Any]:
    if not CASES.exists():
        reason = "the specification's cases are not beside this checkout"
        return [pytest.param(None, None, None, marks=pytest.mark.skip(reason=reason), id="none")]
    document = json.loads(CASES.read_text())
    usual = document["event_pattern_event"]
    return [
        pytest.param(case["pattern"], case.get("event", usual), case["expected"], id=case["id"])
        for case in document["event_pattern_cases"]
    ]


@pytest.mark.parametrize(("pattern", "event", "expected"), specified())
def test_the_cases_of_the_specification(pattern: Any, event: Any, expected: Any) -> None:
    assert parse_event_pattern(json.dumps(pattern)).matches(event) == expected


MATCHES = [
    ("prefix", {"a": [{"prefix": "ab"}]}, {"a": "abc"}, True),
    ("prefix-of-a-number", {"a": [{"prefix": "1"}]}, {"a": 12}, False),
    ("prefix-any-case", {"a": [{"prefix": {"equals-ignore-case": "AB"}}]}, {"a": "abc"}, True),
    ("suffix-any-case", {"a": [{"suffix": {"equals-ignore-case": "BC"}}]}, {"a": "abc"}, True),
    ("true-is-not-one", {"a": [1]}, {"a": True}, False),
    ("one-is-one-point-nought", {"a": [1]}, {"a": 1.0}, True),
    ("a-missing-field-is-not-null", {"a": [None]}, {}, False),
    ("wildcard-middle", {"a": [{"wildcard": "a*c*e"}]}, {"a": "abcde"}, True),
    ("wildcard-parts-do-not-overlap", {"a": [{"wildcard": "ab*ba"}]}, {"a": "aba"}, False),
    ("wildcard-alone", {"a": [{"wildcard": "*"}]}, {"a": ""}, True),
    ("wildcard-escaped", {"a": [{"wildcard": r"a\*b\\"}]}, {"a": "a*b\\"}, True),
    ("wildcard-escaped-is-no-star", {"a": [{"wildcard": r"a\*b"}]}, {"a": "axb"}, False),
    ("anything-but-list", {"a": [{"anything-but": ["x", "y"]}]}, {"a": "y"}, False),
    ("anything-but-other-type", {"a": [{"anything-but": ["x"]}]}, {"a": 5}, True),
    ("anything-but-null", {"a": [{"anything-but": "x"}]}, {"a": None}, True),
    ("anything-but-suffix", {"a": [{"anything-but": {"suffix": [".a", ".b"]}}]}, {"a": "x.b"}, 0),
    ("anything-but-wildcard", {"a": [{"anything-but": {"wildcard": "*/b/*"}}]}, {"a": "/c/"}, 1),
    (
        "anything-but-any-case",
        {"a": [{"anything-but": {"equals-ignore-case": ["ON", "off"]}}]},
        {"a": "Off"},
        False,
    ),
    ("numeric-edge", {"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 5}, True),
    ("numeric-outside", {"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 0}, False),
    ("numeric-of-text", {"a": [{"numeric": ["=", 5]}]}, {"a": "5"}, False),
    ("cidr-version-6", {"a": [{"cidr": "2001:db8::/32"}]}, {"a": "2001:db8::1"}, True),
    ("cidr-of-no-address", {"a": [{"cidr": "10.0.0.0/8"}]}, {"a": "ten"}, False),
    ("an-object-counts-as-absent", {"a": [{"exists": False}]}, {"a": {"b": 1}}, True),
    ("an-empty-list-is-absent", {"a": [{"exists": True}]}, {"a": []}, False),
    ("null-is-there", {"a": [{"exists": True}]}, {"a": None}, True),
    ("absent-below-what-is-absent", {"a": {"b": [{"exists": False}]}}, {}, True),
    ("absent-or-a-value", {"a": [{"exists": False}, "x"]}, {"a": "x"}, True),
    ("any-element", {"a": ["x"]}, {"a": ["y", ["x"]]}, True),
    ("no-element", {"a": [{"exists": False}]}, {"a": ["y"]}, False),
    ("or-at-the-top", {"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, True),
    ("or-and-a-field", {"c": [3], "$or": [{"a": [1]}, {"b": [2]}]}, {"a": 1}, False),
    (
        "or-picks-the-same-element",
        {"a": {"x": [1]}, "$or": [{"a": {"y": [2]}}, {"b": [1]}]},
        {"a": [{"x": 1, "y": 0}, {"x": 0, "y": 2}]},
        False,
    ),
    ("the-last-of-two-keys", None, {"a": 2}, True),
]


@pytest.mark.parametrize(
    ("pattern", "event", "expected"), [pytest.param(*c[1:], id=c[0]) for c in MATCHES]
)
def test_alternatives(pattern: Any, event: Any, expected: Any) -> None:
    text = '{"a": [1], "a": [2]}' if pattern is None else json.dumps(pattern)

    assert parse_event_pattern(text).matches(event) is bool(expected)


FAULTS = [
    ("not-json", "{'a': 1}", "line 1, column 2"),
    ("no-object", "[1]", "is a JSON object"),
    ("empty", "{}", "the pattern: an empty object"),
    ("empty-below", '{"a": {"b": {}}}', "a.b: an empty object"),
    ("empty-list", '{"a": []}', "a: an empty list"),
    ("bare-value", '{"a": {"b": "x"}}', "a.b: a field has a list"),
    ("list-in-list", '{"a": [["x"]]}', "a[0]: an alternative is a value"),
    ("unknown-operator", '{"a": ["x", {"like": "y"}]}', "a[1]: 'like' is no operator"),
    ("two-operators", '{"a": [{"prefix": "x", "suffix": "y"}]}', "exactly one operator"),
    ("prefix-number", '{"a": [{"prefix": 1}]}', "prefix takes a string"),
    ("prefix-object", '{"a": [{"prefix": {"x": "y"}}]}', "equals-ignore-case"),
    ("double-star", '{"a": [{"wildcard": "a**b"}]}', "'**' in the wildcard"),
    ("bad-escape", '{"a": [{"wildcard": "a\\\\b"}]}', "a lone \\"),
    ("escape-at-end", '{"a": [{"wildcard": "a\\\\"}]}', "a lone \\"),
    ("exists-text", '{"a": [{"exists": "yes"}]}', "exists takes true or false"),
    ("numeric-operator", '{"a": [{"numeric": ["!=", 1]}]}', "'!=' is no operator"),
    ("numeric-short", '{"a": [{"numeric": [">"]}]}', "numeric takes"),
    ("numeric-text", '{"a": [{"numeric": [">", "1"]}]}', "'1' is no number"),
    ("numeric-order", '{"a": [{"numeric": ["<", 5, ">", 1]}]}', "lower bound first"),
    ("numeric-empty", '{"a": [{"numeric": [">", 5, "<", 5]}]}', "nothing is above"),
    ("numeric-nan", '{"a": [{"numeric": [">", NaN]}]}', "is not JSON"),
    ("cidr", '{"a": [{"cidr": "10.0.0.0/33"}]}', "no block of addresses"),
    ("anything-but-mixed", '{"a": [{"anything-but": ["x", 1]}]}', "all of one kind"),
    ("anything-but-nothing", '{"a": [{"anything-but": []}]}', "nothing in it"),
    ("anything-but-unknown", '{"a": [{"anything-but": {"cidr": "x"}}]}', "takes values or one of"),
    ("anything-but-empty", '{"a": [{"anything-but": {"prefix": ""}}]}', "an empty prefix"),
    ("or-alone", '{"$or": [{"a": [1]}]}', "two or more objects"),
    ("or-below", '{"$or": [{"a": [1]}, {"b": {"c": 1}}]}', "$or[1].b.c"),
]


@pytest.mark.parametrize(("text", "says"), [pytest.param(*c[1:], id=c[0]) for c in FAULTS])
def test_faults_say_where_they_are(text: str, says: str) -> None:
    with pytest.raises(InvalidEventPattern) as caught:
        parse_event_pattern(text)

    assert says in caught.value.message


def test_limits() -> None:
    too_long = json.dumps({"a": ["x" * 4096]})
    branches = [{"a": [at]} for at in range(11)]
    too_many = {"x": {"$or": branches}, "y": {"$or": branches}, "z": {"$or": branches}}
    stars = {"a": [{"wildcard": "a*"} for _ in range(MAX_WILDCARDS + 1)]}
    deep = '{"a":' * 400 + "[1]" + "}" * 400

    for text, says in [
        (too_long, "at most 4096 characters"),
        (json.dumps(too_many), "more than 1000 combinations"),
        (json.dumps(stars), "6 wildcards"),
        (deep, "too deeply"),
    ]:
        with pytest.raises(InvalidEventPattern, match=says):
            parse_event_pattern(text)


def test_literals_of_a_field_are_known_only_if_nothing_else_matches() -> None:
    pattern = parse_event_pattern(
        '{"source": ["a", "b"], "detail-type": ["x", {"prefix": "y"}], "account": [1]}'
    )

    assert pattern.literals == {"source": frozenset({"a", "b"})}


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["", "a", "ab"]))
NAMES = st.sampled_from(["a", "b"])
EVENTS = st.dictionaries(
    NAMES,
    st.recursive(
        SCALARS,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=2),
        max_leaves=6,
    ),
    max_size=2,
)
ALTERNATIVES = st.one_of(
    SCALARS,
    st.builds(lambda v: {"exists": v}, st.booleans()),
    st.builds(lambda v: {"prefix": v}, st.sampled_from(["a", "ab"])),
    st.builds(lambda v: {"anything-but": v}, st.sampled_from(["a", 1, ["a", "ab"]])),
    st.builds(lambda v: {"numeric": [">", v]}, st.integers(0, 3)),
)
PATTERNS = st.recursive(
    st.dictionaries(NAMES, st.lists(ALTERNATIVES, min_size=1, max_size=2), min_size=1, max_size=2),
    lambda below: st.one_of(
        st.dictionaries(NAMES, below, min_size=1, max_size=2),
        st.builds(lambda one, two: {"$or": [one, two]}, below, below),
        st.builds(lambda one, two, three: {"$or": [one, two], **three}, below, below, below),
    ),
    max_leaves=4,
)


def views(value: Any) -> Iterator[Any]:
    """Every way to take one element of each array; None in a list for nothing."""
    if isinstance(value, list):
        if not any(True for _ in views_of_all(value)):
            yield ...
        yield from views_of_all(value)
    elif isinstance(value, dict):
        yield from objects(list(value.items()))
    else:
        yield value


def views_of_all(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if value != []:
            yield from views(value)


def objects(items: list[tuple[str, Any]]) -> Iterator[dict[str, Any]]:
    if not items:
        yield {}
        return
    (name, value), *rest = items
    for view in views(value):
        for others in objects(rest):
            yield others if view is ... else {name: view, **others}


def naive(pattern: Any, view: Any) -> bool:
    """Whether an event without arrays matches."""
    there = view if isinstance(view, dict) else {}
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(naive(one, there) for one in wanted):
                return False
        elif isinstance(wanted, dict):
            if not naive(wanted, there.get(name)):
                return False
        elif not any(one_holds(one, there.get(name, ...)) for one in wanted):
            return False
    return True


def one_holds(alternative: Any, value: Any) -> bool:
    absent = value is ... or isinstance(value, dict)
    if not isinstance(alternative, dict):
        return not absent and repr(alternative) == repr(value)
    ((kind, wanted),) = alternative.items()
    if kind == "exists":
        return bool(wanted) != absent
    if absent:
        return False
    if kind == "prefix":
        return isinstance(value, str) and value.startswith(wanted)
    if kind == "numeric":
        return type(value) is int and value > wanted[1]
    return repr(value) not in map(repr, wanted if isinstance(wanted, list) else [wanted])


@settings(max_examples=60)
@given(PATTERNS, EVENTS)
def test_matching_is_as_a_slow_reading_of_the_rules_says(pattern: Any, event: Any) -> None:
    expected = any(naive(pattern, view) for view in views(event))

    assert parse_event_pattern(json.dumps(pattern)).matches(event) is expected
