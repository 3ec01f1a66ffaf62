"""Properties of queries over any text, name, value and condition, against plain Python."""

from __future__ import annotations

import ipaddress
import json
import math
import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from logq.query.engine import Queries
from logq.query.literals import quote, quote_name, quote_regex
from tests.query.layouts import ask, engines, lay_out, line, lines, over

SOAK = int(os.environ.get("LOGQ_SOAK", "1"))
"""How many times more examples than usual."""


def bounded(examples: int) -> settings:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples * SOAK, deadline=None, suppress_health_check=checks)


PIECES = ["'", '"', "\\", "%", "_", "*", "\n", "\t", "\0", "ä", "😀", "é", "a", "B", ".", "`", "|"]
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.lists(
        st.sampled_from([*PIECES, "\u2028", "--", "$$", "{}", "/", "#", "\u202e"]), max_size=6
    ).map("".join),
)


# ---- any text ----


def escaped(text: str) -> str:
    """A regular expression that finds a text: RE2 takes a backslash before ASCII signs only."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text) or "()"


@bounded(10)
@given(texts=st.lists(TEXT, min_size=8, max_size=8), extra=TEXT)
def test_a_filter_for_a_text_finds_exactly_the_events_that_contain_it(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], extra: str
) -> None:
    documents = [{"i": n, "f": t, "o": {"k": [t, n]}} for n, t in enumerate([*texts, extra + "x"])]
    raw = lines(documents)
    every = engines(tmp_path_factory.mktemp("texts"), raw)
    for text in {texts[0], extra, json.dumps(texts[1])[1:-1]}:
        quoted, pattern = quote(text), quote_regex(escaped(text))
        equal = [d["f"] == text for d in documents]
        contained = [text in str(d["f"]) for d in documents]
        in_message = [text in message for message in raw]
        checks = {
            f"f = {quoted}": equal,
            f"f in [{quoted}, 'no such']": equal,
            f"not f != {quoted}": equal,
            f"o.k.0 = {quoted}": equal,
            f"f like {quoted}": contained,
            f"strcontains(f, {quoted}) = 1": contained,
            f"f like {pattern}": contained,
            f"o.k.0 =~ {pattern}": contained,
            f"@message like {quoted}": in_message,
            f"@message like {pattern}": in_message,
            f"not @message not like {quoted}": in_message,
        }
        items = ", ".join(f"{check} as c{n}" for n, check in enumerate(checks))
        for queries in every:
            rows = ask(queries, f"sort i | display {items}")
            for n, (check, wanted) in enumerate(checks.items()):
                assert [row[f"c{n}"] for row in rows] == wanted, check
            for check in list(checks)[::4]:
                rows = ask(queries, f"filter {check} | sort i | display i")
                assert [row["i"] for row in rows] == [n for n in range(9) if checks[check][n]], (
                    check
                )


@bounded(25)
@given(text=TEXT)
def test_a_text_comes_back_as_it_was(one: Queries, text: str) -> None:
    (row,) = ask(
        one, f"display {quote(text)} as a, concat({quote(text)}, 'x') as b, strlen(a) as n"
    )
    assert row == {"a": text, "b": text + "x", "n": len(text)}


@bounded(10)
@given(names=st.lists(TEXT, min_size=1, max_size=5, unique=True))
def test_any_key_is_a_field_by_its_name_in_backticks(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    names = [n for n in names if n not in ("timestamp", "time", "ts", "date") and len(n) < 64]
    # A dotted key is also a path; a time under a usual name would become the event's own.
    assume(names and not any("." in n for n in names))
    known = {("@" + n if n.startswith("@") else n): v for v, n in enumerate(names)}
    raw = [line({n: v for v, n in enumerate(names)}, 0), line({names[0]: "text"}, 1)]
    every = engines(tmp_path_factory.mktemp("names"), raw)
    ticked = ["`" + n.replace("\\", "\\\\").replace("`", "\\`") + "`" for n in known]
    query = "sort @timestamp | limit 1 | display " + ", ".join(ticked)
    for queries in every:
        assert ask(queries, query) == [known]
        for name, value in known.items():
            if value and quote_name(name) not in ("@message", "@timestamp"):
                (row,) = ask(queries, f"filter {quote_name(name)} = {value} | stats count(*) as n")
                assert row == {"n": 1}


@bounded(25)
@given(names=st.lists(TEXT.filter(lambda t: t.strip()), min_size=1, max_size=6, unique=True))
def test_any_alias_names_its_column(one: Queries, names: list[str]) -> None:
    ticked = ["`" + n.replace("\\", "\\\\").replace("`", "\\`") + "`" for n in names]
    items = ", ".join(f"{v} as {name}" for v, name in enumerate(ticked))
    wanted = {name: v for v, name in enumerate(names)}
    assert ask(one, f"display {items}") == [wanted]
    assert ask(one, f"fields {items} | display {', '.join(ticked)}") == [wanted]
    sums = ", ".join(f"count(*) + {v} - 1 as {name}" for v, name in enumerate(ticked))
    assert ask(one, f"stats {sums} | fields {', '.join(ticked)}") == [wanted]


# ---- two-valued logic ----

MISSING = object()
VALUES: list[Any] = [
    *(0, 1, -3, 2.5, 200, "200", "0200", " 200 ", "", "abc", "ABC", "b", True, False, None),
    *({"x": 1}, [1], "true", "2e2", 9007199254740993, "1_0", "nan"),
]
LITERALS: list[Any] = [0, 1, 200, 2.5, -3, "200", "abc", "b", "", "0200", True, False, "true"]


def as_number(value: Any) -> float | int | None:
    """Rule 4.1.2, written for Python."""
    if isinstance(value, (bool, int, float)):
        return int(value) if isinstance(value, bool) else value
    if isinstance(value, str) and re.fullmatch(
        r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", value, re.ASCII
    ):
        return float(value)
    return None


def as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (int, float)):
        return str(int(value)) if value == int(value) else repr(value)
    return value if isinstance(value, str) else None


def equal(left: Any, right: Any) -> bool:
    """Rule 4.1.3; maps and lists equal nothing."""
    if (
        MISSING in (left, right)
        or isinstance(left, (dict, list))
        or isinstance(right, (dict, list))
    ):
        return False
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    numbers = as_number(left), as_number(right)
    if None in numbers:
        return False
    if isinstance(left, str) or isinstance(right, str):
        text, number = (left, right) if isinstance(left, str) else (right, left)
        if isinstance(number, int) and abs(number) >= 2**53:
            return text == str(int(number))
    return numbers[0] == numbers[1]


def less(left: Any, right: Any, op: Callable[[Any, Any], bool]) -> bool:
    if (
        MISSING in (left, right)
        or isinstance(left, (dict, list))
        or isinstance(right, (dict, list))
    ):
        return False
    numbers = as_number(left), as_number(right)
    if None not in numbers:
        return op(*numbers)
    return isinstance(left, str) and isinstance(right, str) and op(left, right)


ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
Condition = tuple[str, Callable[[dict[str, Any]], bool]]


def written(value: Any) -> str:
    return quote(value) if isinstance(value, str) else json.dumps(value)


def operand(draw: Any) -> tuple[str, Callable[[dict[str, Any]], Any]]:
    if draw(st.integers(0, 2)):
        name = draw(st.sampled_from(["a", "b", "c", "no"]))
        return name, lambda event: event.get(name, MISSING)
    value = draw(st.sampled_from(LITERALS))
    return written(value), lambda event: value


@st.composite
def comparisons(draw: Any) -> Condition:
    kind = draw(st.sampled_from(["=", "!=", "order", "in", "like", "present"]))
    if kind == "present":
        name = draw(st.sampled_from(["a", "b", "no"]))
        return f"ispresent({name})", lambda event: name in event
    text, left = operand(draw)
    if kind == "in":
        chosen = draw(st.lists(st.sampled_from(LITERALS), max_size=3))
        negated = draw(st.booleans())
        items = ", ".join(map(written, chosen))
        return (
            f"{text} {'not ' * negated}in [{items}]",
            lambda event: any(equal(left(event), item) for item in chosen) != negated,
        )
    if kind == "like":
        part = draw(st.sampled_from(["2", "b", "", "00", "A", "%"]))
        negated = draw(st.booleans())
        return (
            f"{text} {'not ' * negated}like {quote(part)}",
            lambda event: (part in (as_text(left(event)) or "")
                           and as_text(left(event)) is not None) != negated,
        )  # fmt: skip
    other, right = operand(draw)
    if kind == "order":
        sign = draw(st.sampled_from(list(ORDERS)))
        return f"{text} {sign} {other}", lambda e: less(left(e), right(e), ORDERS[sign])
    return f"{text} {kind} {other}", lambda e: equal(left(e), right(e)) == (kind == "=")


def combined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def pair(word: str, a: Condition, b: Condition) -> Condition:
        both = all if word == "and" else any
        return f"({a[0]} {word} {b[0]})", lambda e: both([a[1](e), b[1](e)])

    return st.one_of(
        st.builds(pair, st.sampled_from(["and", "or"]), inner, inner),
        st.builds(lambda a: (f"not ({a[0]})", lambda e: not a[1](e)), inner),
    )


CONDITIONS = st.recursive(comparisons(), combined, max_leaves=6)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Queries], list[dict[str, Any]]]:
    """Events whose fields differ in type from event to event (a), or hold one type (b, c)."""
    chance = random.Random(5)
    events = []
    for n in range(66):
        event: dict[str, Any] = {"i": n, "a": VALUES[n % len(VALUES)]}
        if n % 3:
            event["b"] = chance.choice([0, 1, 5, 200])
        if n % 4:
            event["c"] = chance.choice(["", "200", "abc", "b", "0200", " 200 ", "true"])
        events.append({k: v for k, v in event.items() if v is not None})
    return engines(tmp_path_factory.mktemp("mixed"), lines(events)), events


@bounded(80)
@given(condition=CONDITIONS)
def test_conditions_are_true_or_false_as_the_rules_say(
    mixed: tuple[list[Queries], list[dict[str, Any]]], condition: Condition
) -> None:
    every, events = mixed
    text, holds = condition
    wanted = [event["i"] for event in events if holds(event)]
    for queries in every:
        rows = ask(queries, f"filter {text} | sort i | display i")
        assert [row["i"] for row in rows] == wanted, text
    rows = ask(every[0], f"sort i | display if({text}, 1, 0) as r, {text} as v")
    assert [row["r"] for row in rows] == [int(holds(event)) for event in events]
    assert [row["v"] for row in rows] == [holds(event) for event in events]


# ---- natural order ----


def natural_key(text: str) -> tuple[int, Any, str]:
    """The key function of rule 3.5."""
    number = as_number(text)
    if number is not None and math.isfinite(number):
        return 1, number, text

    def run(match: re.Match[str]) -> str:
        digits = match[0].lstrip("0")
        return "0" + chr(0x100 + len(digits)) + digits

    return 0, re.sub("[0-9]+", run, text), text


@bounded(30)
@given(
    texts=st.lists(
        st.one_of(
            st.lists(st.sampled_from([*"aA019.-eä_😀", "10", "007"]), max_size=5).map("".join),
            st.integers(-50, 50).map(str),
            TEXT,
        ),
        min_size=2, max_size=12,
    )
)  # fmt: skip
def test_sort_orders_texts_as_people_do(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = lay_out(
        tmp_path_factory.mktemp("sort") / "data", "journal", lines({"t": t} for t in texts)
    )
    queries = over(path)
    wanted = sorted(texts, key=natural_key)
    rows = ask(queries, "sort t, t = '' | display t")
    keys = [natural_key(row["t"])[:2] for row in rows]
    assert keys == [natural_key(t)[:2] for t in wanted]
    rows = ask(queries, "sort t desc | display t")
    assert [natural_key(row["t"])[:2] for row in rows] == keys[::-1]
    (row,) = ask(queries, "stats sortsFirst(t) as a, sortsLast(t) as b")
    assert (natural_key(row["a"])[:2], natural_key(row["b"])[:2]) == (keys[0], keys[-1])
    grouped = [row["t"] for row in ask(queries, "stats count(*) by t")]
    assert [natural_key(t)[:2] for t in grouped] == sorted(natural_key(t)[:2] for t in set(texts))


# ---- arithmetic ----

NUMBER = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-100, 100),
    st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
    st.sampled_from([0, 0.5, 1e15, -1e-7, 2**53 + 1]),
)


def written_number(number: float) -> str:
    return f"({number!r})" if number < 0 else repr(number)


def calculated(op: str, a: float, b: float) -> float | None:
    try:
        match op:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return float(a) / float(b)
            case "%":
                return math.fmod(a, b)
            case _:
                power = float(a) ** float(b)
                return power if isinstance(power, float) and math.isfinite(power) else None
    except (ZeroDivisionError, OverflowError, ValueError):
        return None


@bounded(40)
@given(
    pairs=st.lists(st.tuples(NUMBER, st.sampled_from("+-*/%^"), NUMBER), min_size=5, max_size=20)
)
def test_arithmetic_is_that_of_python(one: Queries, pairs: list[tuple[Any, str, Any]]) -> None:
    items = [
        f"{written_number(a)} {op} {written_number(b)} as r{n}"
        for n, (a, op, b) in enumerate(pairs)
    ]
    (row,) = ask(one, f"display {', '.join(items)}")
    for n, (a, op, b) in enumerate(pairs):
        wanted, found = calculated(op, a, b), row.get(f"r{n}")
        if wanted is None or found is None:
            assert wanted is found, (a, op, b, found)
        elif op in "+-*" and isinstance(a, int) and isinstance(b, int):
            assert found == wanted, (a, op, b)
        else:
            assert math.isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-300), (a, op, b, found)


@bounded(15)
@given(numbers=st.lists(st.integers(-(2**62), 2**62), min_size=2, max_size=8))
def test_whole_numbers_of_any_size_are_exact_in_every_layout(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int]
) -> None:
    documents = [{"i": n, "n": number, "m": numbers[0]} for n, number in enumerate(numbers)]
    wanted = [(n, n - numbers[0], n > numbers[0], n == numbers[0]) for n in numbers]
    for queries in engines(tmp_path_factory.mktemp("whole"), lines(documents)):
        rows = ask(queries, "sort i | display n, n - m as d, n > m as g, n = m as e")
        for row, (number, difference, greater, same) in zip(rows, wanted, strict=True):
            assert row["n"] == number
            assert row["d"] == difference or row["d"] == float(difference)
            assert (row["g"], row["e"]) == (greater, same)
        equal_to = ask(queries, f"filter n = {numbers[-1]} | stats count(*) as c")
        assert equal_to == [{"c": numbers.count(numbers[-1])}]


# ---- addresses ----

ADDRESSES = (
    ":: ::1 1:: 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1::2::3 ::ffff:1.2.3.4 1.2.3.4:: "
    "1:2:3:4:5:6:1.2.3.4 ::1.2.3.256 01.2.3.4 1.2.3.4 1.2.3.4. x : 12345:: g:: ABCD::ef 1: 1:::2"
)


def is_address(text: str, kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return "%" not in text


def test_addresses_are_those_of_python(tmp_path: Path) -> None:
    chance = random.Random(1)
    texts = [*ADDRESSES.split(), "", " ::1", "::1 "]
    texts += [str(ipaddress.IPv6Address(chance.getrandbits(128))) for _ in range(20)]
    texts += [str(ipaddress.IPv4Address(chance.getrandbits(32))) for _ in range(20)]
    texts += [t[: chance.randrange(len(t))] + chance.choice(":.0f") + t[2:] for t in texts[2:] if t]
    queries = over(lay_out(tmp_path / "data", "journal", lines({"a": t} for t in texts)))
    network = ipaddress.ip_network("::/2")
    for row in ask(queries, "display a, isValidIpV4(a) as v4, isValidIpV6(a) as v6, "
                            "isValidIp(a) as ip, isIpInSubnet(a, '::/2') as inside"):  # fmt: skip
        text = row["a"]
        v4, v6 = is_address(text, ipaddress.IPv4Address), is_address(text, ipaddress.IPv6Address)
        inside = v6 and ipaddress.IPv6Address(text) in network
        assert (row["v4"], row["v6"], row["ip"], row["inside"]) == (v4, v6, v4 or v6, inside), text


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Queries:
    return over(lay_out(tmp_path_factory.mktemp("one") / "data", "journal", lines([{"n": 1}])))
