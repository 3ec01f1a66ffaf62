"""Query text becomes the commands and nodes that the compiler works on."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logq.errors import QuerySyntaxError, Span, WrongArguments
from logq.query.command import Command
from logq.query.commands.fields import Fields
from logq.query.commands.source import Source
from logq.query.expressions import source_text
from logq.query.lets import MAX_DEPTH
from logq.query.literals import quote, quote_name, quote_regex
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
    ListLiteral,
    Literal,
    Negate,
    Not,
    Or,
    Regex,
    SortKey,
    Star,
    Subquery,
    walk,
)
from logq.query.selection import LogGroups
from logq.query.transform import parse

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = tomllib.loads((ROOT / "tests/cases/examples.toml").read_text("utf-8"))["case"]

A, B, C = Field(("a",)), Field(("b",)), Field(("c",))
ONE, TWO = Literal(1), Literal(2)


def only(query: str) -> Command:
    (command,) = parse(query)
    return command


def values(query: str) -> dict[str, Any]:
    """The fields of the only command of a query, except its place."""
    command = only(query)
    return {k: v for k, v in vars(command).items() if k != "span"}


def expression(text: str) -> Expr:
    """The node of an expression."""
    condition: Expr = values(f"filter {text}")["condition"]
    return condition


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: str(e["number"]))
def test_an_example_becomes_commands(example: dict[str, str]) -> None:
    made = parse(example["query"])

    assert made
    assert all(isinstance(command, Command) for command in made)


@pytest.mark.parametrize("text", ["", "  \n", "# nothing"])
def test_a_text_without_commands_gives_none(text: str) -> None:
    assert parse(text) == ()


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a", A),
        ("@@a.b.0", Field(("@@a", "b", "0"))),
        ("`a.b`", Field(("a.b",), whole=True)),
        ("@`aws.tag.x:y`", Field(("@aws.tag.x:y",), whole=True)),
        ("a.`b.c`.d", Field(("a", "b.c", "d"))),
        ("`a b`.c", Field(("a b", "c"))),
        (r"`a\`b\\c\d`", Field((r"a`b\c\d",), whole=True)),
        ("f(a).b.`c d`", Access(Access(Call("f", (A,)), "b"), "c d")),
        ("a[1].b", Access(Access(A, 1), "b")),
        ("(a).b", Access(A, "b")),
        ("12", Literal(12)),
        ("0.5", Literal(0.5)),
        (".5", Literal(0.5)),
        ("1e3", Literal(1000.0)),
        ("9007199254740993", Literal(9007199254740993)),
        ("-1", Negate(ONE)),
        ("true", Literal(True)),
        ("FALSE", Literal(False)),
        ("null", Literal(None)),
        ('"x"', Literal("x")),
        ("a == 1", Compare("=", A, ONE)),
        ("a <= 1", Compare("<=", A, ONE)),
        ("a + b * c", Arithmetic("+", A, Arithmetic("*", B, C))),
        ("a - b - c", Arithmetic("-", Arithmetic("-", A, B), C)),
        ("(a + b) * c", Arithmetic("*", Arithmetic("+", A, B), C)),
        ("-a ^ b ^ c", Negate(Arithmetic("^", A, Arithmetic("^", B, C)))),
        ("a ^ -b", Arithmetic("^", A, Negate(B))),
        ("a % 2", Arithmetic("%", A, TWO)),
        ("a or b or c", Or((A, B, C))),
        ("a or b and c", Or((A, And((B, C))))),
        ("(a or b) and c", And((Or((A, B)), C))),
        ("not a and b", And((Not(A), B))),
        ("not not !a", Not(Not(Not(A)))),
        ("not a = 1", Not(Compare("=", A, ONE))),
        ("a = 1 and b = 2", And((Compare("=", A, ONE), Compare("=", B, TWO)))),
        ('a like "x"', Like(A, Literal("x"))),
        (r"a not like /\d\/x/", Like(A, Regex(r"\d/x"), negated=True)),
        ("a =~ /x/", Like(A, Regex("x"))),
        (r'a =~ "\d+"', Like(A, Regex(r"\d+"))),
        (
            "a in [1, -2.5, 'x', null]",
            In(A, ListLiteral((ONE, Literal(-2.5), Literal("x"), Literal(None)))),
        ),
        ("a not in []", In(A, ListLiteral(()), negated=True)),
        (
            "a in ( source 'x' | fields b )",
            In(
                A,
                Subquery(
                    (
                        Source(Span(14, 24), ("x",)),
                        Fields(Span(27, 35), (Item(Field(("b",)), None, "b"),)),
                    )
                ),
            ),
        ),
        ("count_Distinct(a)", Call("count_Distinct", (A,))),
        ("count(*)", Call("count", (Star(),))),
        ("now()", Call("now", ())),
        ("bin(5m)", Call("bin", (Duration(5, "m"),))),
        ("ago(30m)", Call("ago", (Duration(30, "m"),))),
    ],
)
def test_an_expression_becomes_nodes(text: str, node: Expr) -> None:
    assert expression(text) == node


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("1ms", 1, "ms"),
        ("2msecs", 2, "ms"),
        ("3 milliseconds", 3, "ms"),
        ("30s", 30, "s"),
        ("30 SECONDS", 30, "s"),
        ("5m", 5, "m"),
        ("5mins", 5, "m"),
        ("5mo", 5, "mo"),
        ("5mos", 5, "mo"),
        ("5mon", 5, "mo"),
        ("1 month", 1, "mo"),
        ("2hrs", 2, "h"),
        ("7d", 7, "d"),
        ("2 weeks", 2, "w"),
        ("1qtr", 1, "q"),
        ("1q", 1, "q"),
        ("10yrs", 10, "y"),
    ],
)
def test_a_period_has_an_amount_and_one_of_nine_units(text: str, amount: int, unit: str) -> None:
    assert expression(f"bin({text})") == Call("bin", (Duration(amount, unit),))


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (r'"a\\b\"c\'d\n\t\r\u00e9"', "a\\b\"c'd\n\t\r\u00e9"),
        (r'"\d\*\u12"', r"\d\*\u12"),
        (r"'\'\"'", "'\""),
        (r'"\ud83d\ude00 \ud83d"', "\U0001f600 \ufffd"),
        ('"a\nb # c"', "a\nb # c"),
        ('""', ""),
        (r'"\\n"', r"\n"),
    ],
)
def test_a_text_literal_reads_its_escapes(literal: str, value: str) -> None:
    assert expression(f"a = {literal}") == Compare("=", A, Literal(value))


@pytest.mark.parametrize(
    ("literal", "glob"),
    [
        (r'"a * b"', "a * b"),
        (r'"a \* b *"', r"a \* b *"),
        (r'"C:\\*"', r"C:\\*"),
        (r'"\"*\"\t\d"', '"*"\t\\d'),
        (r'"\u002a * \u005c"', r"\* * \\"),
    ],
)
def test_a_glob_keeps_its_own_escapes(literal: str, glob: str) -> None:
    assert values(f"parse {literal} as a")["pattern"] == Literal(glob)


def test_a_whole_number_may_have_any_size() -> None:
    assert expression("a = " + "9" * 5000) == Compare("=", A, Literal(10**5000 - 1))


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("filter a = 1e999", "1e999"),
        ("stats count(*) by bin(0m)", "0m"),
        ("stats count(*) by bin(1d) offset 0h", "0h"),
        ("filter a in [1, 2e400]", "2e400"),
    ],
)
def test_a_value_without_meaning_is_refused_with_its_place(query: str, fault: str) -> None:
    with pytest.raises((QuerySyntaxError, WrongArguments)) as caught:
        parse(query)

    assert caught.value.span is not None
    assert query[caught.value.span.start : caught.value.span.end] == fault
    assert caught.value.hint


@pytest.mark.parametrize(
    "nested",
    [
        "filter " + "not " * MAX_DEPTH + "a",
        "filter " + "-" * MAX_DEPTH + "a",
        "filter " + "f(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH,
        "filter a" + " + a" * MAX_DEPTH,
        "filter a" + "[0]" * MAX_DEPTH,
        "filter " + "(a = 1 and not " * MAX_DEPTH + "b" + ")" * MAX_DEPTH,
    ],
)
def test_an_expression_nested_too_deeply_is_refused(nested: str) -> None:
    with pytest.raises(QuerySyntaxError, match="more than 100 levels"):
        parse(nested)


@pytest.mark.parametrize(
    "wide",
    [
        "filter " + "(" * 4000 + "a" + ")" * 4000,
        "filter " + " or ".join(["a = 1"] * 900),
        "filter a" + " + a" * (MAX_DEPTH - 1),
        "fields " + ", ".join(["a"] * 2000),
        "filter a in [" + ", ".join(["1"] * 3000) + "]",
        " | ".join(["limit 1"] * 900),
    ],
)
def test_a_long_query_is_no_deep_one(wide: str) -> None:
    assert parse(wide)


@pytest.mark.parametrize("sign", ["(", "-", "not ", "f(", "[", "a[", "{", "!", "a in ("])
def test_a_query_of_open_ends_is_a_syntax_error(sign: str) -> None:
    with pytest.raises(QuerySyntaxError):
        parse("filter " + sign * (9000 // len(sign)))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("a", "a"),
        ("`a b`", "a b"),
        ("a.`b c`", "a.b c"),
        ("count(*)", "count(*)"),
        ("count( * )", "count( * )"),
        ("a   +\n\tb", "a + b"),
        ("a + # why\n b", "a + b"),
        ('concat("x  y #",  b)', 'concat("x  y #", b)'),
        ("(a like /x  y #/)", "(a like /x  y #/)"),
        ("(a   =~   /  /)", "(a =~ /  /)"),
        ("(a  /  b  /  c)", "(a / b / c)"),
        ("(a.like  /  b / c)", "(a.like / b / c)"),
        ("f(a) as b", "b"),
        ("f(a) as `b c`", "b c"),
        ("f(a) AS b.c", "b.c"),
    ],
)
def test_a_column_is_named_by_its_alias_or_its_text(written: str, name: str) -> None:
    for query in (f"fields {written}", f"display  {written} # x", f"stats {written} by d"):
        (item,) = values(query)["items"]
        assert item.name == name


def test_the_text_of_an_item_leaves_its_alias_out() -> None:
    (item,) = values("fields  abs( a )  as  b ")["items"]

    assert item == Item(Call("abs", (A,)), "b", "abs( a )")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("fields *", {"items": (), "star": True}),
        ("fields a", {"items": (Item(A, None, "a"),), "star": False}),
        ("display a, b as c", {"items": (Item(A, None, "a"), Item(B, "c", "b"))}),
        ("where a", {"condition": A}),
        (
            "stats a by b, c offset 9h",
            {
                "items": (Item(A, None, "a"),),
                "by": (Item(B, None, "b"), Item(C, None, "c")),
                "offset": Duration(9, "h"),
                "compared": (),
            },
        ),
        (
            "stats a offset 1d",
            {"items": (Item(A, None, "a"),), "by": (), "offset": Duration(1, "d"), "compared": ()},
        ),
        (
            "sort a, b desc, c ASC",
            {
                "keys": (
                    SortKey(A, False, "a"),
                    SortKey(B, True, "b"),
                    SortKey(C, False, "c"),
                )
            },
        ),
        (
            "order by count( * )  desc",
            {"keys": (SortKey(Call("count", (Star(),)), True, "count( * )"),)},
        ),
        ("limit 5", {"rows": 5, "any": False}),
        ("limit any 5", {"rows": 5, "any": True}),
        ("head 5", {"rows": 5}),
        ("tail 5", {"rows": 5}),
        ("search 'x'", {"pattern": Literal("x")}),
        ("'x'", {"pattern": Literal("x")}),
        ("/x/", {"pattern": Regex("x")}),
        ("dedup a, `b c`", {"fields": (A, Field(("b c",), whole=True))}),
        (
            "source 'x' end=now start=-1d",
            {"groups": ("x",), "start": "-1d", "end": "now", "functions": ()},
        ),
        (
            "source /a/b-1",
            {"groups": ("/a/b-1",), "start": None, "end": None, "functions": ()},
        ),
        (
            "source logGroups(namePrefix: ['a']) END=5",
            {"groups": (), "start": None, "end": "5", "functions": (LogGroups(("a",)),)},
        ),
    ],
)
def test_a_command_is_built_with_its_values(query: str, expected: dict[str, Any]) -> None:
    assert values(query) == expected


@pytest.mark.parametrize(
    ("query", "changed"),
    [
        ("parse 'x *' as a", {"pattern": Literal("x *"), "names": (A,)}),
        (
            "parse c.d 'x * *' a, b",
            {"field": Field(("c", "d")), "pattern": Literal("x * *"), "names": (A, B)},
        ),
        ("parse c[0] /x/", {"field": Access(C, 0), "pattern": Regex("x"), "mode": "regex"}),
        (
            "parse /(x)/ as a multi",
            {"pattern": Regex("(x)"), "names": (A,), "mode": "regex", "multi": True},
        ),
        ("parse c logfmt as a", {"field": C, "names": (A,), "mode": "logfmt"}),
        ("parse csv as a, b", {"names": (A, B), "mode": "csv"}),
        ("parse xml '/x/y' as a", {"names": (A,), "mode": "xml", "path": "/x/y"}),
        ("parse syslog as a", {"names": (A,), "mode": "syslog"}),
        ("parse kv as a", {"names": (A,), "mode": "kv"}),
        (
            "parse c kv sep ':' pair ';' as a",
            {"field": C, "names": (A,), "mode": "kv", "separator": ":", "pair": ";"},
        ),
        (
            "parse c grok 'x%{INT:n}'",
            {"field": C, "pattern": Regex("x(?<n>[+-]?[0-9]+)"), "mode": "grok"},
        ),
    ],
)
def test_parse_is_built_in_all_its_modes(query: str, changed: dict[str, Any]) -> None:
    plain = {
        "field": None,
        "pattern": None,
        "names": (),
        "multi": False,
        "mode": "glob",
        "path": None,
        "separator": "=",
        "pair": None,
    }

    assert values(query) == plain | changed


def test_every_node_knows_its_place() -> None:
    query = 'fields x | filter (a + 1) * b.c >= 2 and not d like "e" or f(g, 5m)[1].h in [1, -2]'
    made = parse(query)
    condition: Expr = vars(made[1])["condition"]

    places = {query[n.span.start : n.span.end] for n in walk(condition) if n.span is not None}

    assert places == {
        '(a + 1) * b.c >= 2 and not d like "e" or f(g, 5m)[1].h in [1, -2]',
        '(a + 1) * b.c >= 2 and not d like "e"',
        "(a + 1) * b.c >= 2",
        "(a + 1) * b.c",
        "a + 1",
        "a",
        "1",
        "b.c",
        "2",
        'not d like "e"',
        'd like "e"',
        "d",
        '"e"',
        "f(g, 5m)[1].h in [1, -2]",
        "f(g, 5m)[1].h",
        "f(g, 5m)[1]",
        "f(g, 5m)",
        "g",
        "5m",
        "[1, -2]",
    }
    spans = [command.span for command in made if command.span is not None]
    assert [query[s.start : s.end] for s in spans] == ["fields x", query[11:]]


@given(st.text())
def test_any_text_survives_quoting(text: str) -> None:
    assert expression(f"a = {quote(text)}") == Compare("=", A, Literal(text))


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_name_survives_quoting(first: str, second: str) -> None:
    name = quote_name(first)
    segments = f"x.`{_ticked(first)}`.`{_ticked(second)}`"

    assert expression(name).span
    assert isinstance(expression(name), Field)
    assert getattr(expression(name), "name", None) == first
    assert expression(segments) == Field(("x", first, second))


@given(st.text(min_size=1).filter(lambda t: not _ends_open(t) and "\\/" not in t))
def test_any_regex_survives_quoting(pattern: str) -> None:
    assert expression(f"a like {quote_regex(pattern)}") == Like(A, Regex(pattern))


@given(st.text(alphabet="ab \n\t#'\"`/\\|()=~", max_size=40))
def test_tidying_a_text_twice_is_tidying_it_once(text: str) -> None:
    assert source_text(source_text(text)) == source_text(text)


def _ticked(name: str) -> str:
    return name.replace("\\", "\\\\").replace("`", "\\`")


def _ends_open(pattern: str) -> bool:
    return (len(pattern) - len(pattern.rstrip("\\"))) % 2 == 1
