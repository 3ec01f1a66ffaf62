"""The layout of queries: it changes no meaning, loses no comment, and is settled at once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.errors import QueryError, QuerySyntaxError
from logq.query.formatting import WIDTH, format_query
from logq.query.transform import parse

CASES = Path(__file__).parents[1] / "cases"
EXAMPLES = {
    case["number"]: case["query"]
    for case in tomllib.loads((CASES / "examples.toml").read_text("utf-8"))["case"]
}


def meaning(text: str) -> object:
    return parse(text)


def check(text: str) -> str:
    made = format_query(text)
    assert meaning(made) == meaning(text)
    assert format_query(made) == made
    return made


@pytest.mark.parametrize("number", EXAMPLES)
def test_an_example_means_the_same_when_it_is_laid_out(number: int) -> None:
    check(EXAMPLES[number])


def test_every_query_of_the_cases_means_the_same_when_it_is_laid_out() -> None:
    checked = 0
    for path in sorted(CASES.rglob("*.toml")):
        for case in tomllib.loads(path.read_text("utf-8"))["case"]:
            try:
                meaning(case.get("query", "limit 1"))
            except QueryError:
                continue
            check(case.get("query", "limit 1"))
            checked += 1
    assert checked > 1_000


@pytest.mark.parametrize(
    ("text", "laid_out"),
    [
        ("", ""),
        ("  # only this \n", "# only this"),
        ("|FIELDS a,b|LIMIT 5", "fields a, b\n| limit 5"),
        ("filter a==1AND NOT b>2", "filter a = 1 and not b > 2"),
        ("filter -a*-2< -(b)", "filter -a * -2 < -(b)"),
        ("where !ispresent( x )", "where !ispresent(x)"),
        ("fields a+b,  c -  d as e", "fields a+b, c - d as e"),
        ("stats COUNT( * )  AS n BY bin( 5m )", "stats COUNT( * ) as n by bin( 5m )"),
        ("sort count( * ) DESC, b Asc", "sort count( * ) desc, b asc"),
        ("source app start = -1h|limit 1", "SOURCE app START=-1h\n| limit 1"),
        ("unnest a [0] into b", "unnest a[0] into b"),
        ("unnest a .b into c", "unnest a .b into c"),
        ("autoregress n P = 1 - 3", "autoregress n p=1-3"),
        ("diff previousday", "diff previousDay"),
        ("join TYPE = LEFT left = a where a.x=x(limit 1)",
         "join type=left left=a where a.x = x (limit 1)"),
        ("$`A b`( x=1,y = 'z' )", "$`A b`(x = 1, y = 'z')"),
        (
            "filter a in(source 'x'|fields y #why\n)",
            "filter a in (\n    SOURCE 'x'\n    | fields y  # why\n)",
        ),
        (
            "fields a # one\n,b\n# two\n|limit 5# three",
            "fields a  # one\n    , b\n# two\n| limit 5  # three",
        ),
        (
            "let a=500;let b=(filter x=1|fields y);filter a>1 and y in b|limit 5",
            "let a = 500;\nlet b = (filter x = 1 | fields y);\nfilter a > 1 and y in b\n| limit 5",
        ),
        ("let a=1; # why\nlimit 5", "let a = 1;  # why\nlimit 5"),
        ("| # first\nlimit 5", "# first\nlimit 5"),
        ("filter a = 'x   # y'", "filter a = 'x   # y'"),
    ],
)  # fmt: skip
def test_a_query_is_laid_out(text: str, laid_out: str) -> None:
    made = check(text) if "diff" not in text else format_query(text)

    assert made.replace("#why", "# why").replace("5# ", "5  # ") == laid_out


def test_what_is_too_long_is_broken_where_it_reads_well() -> None:
    text = "stats " + ", ".join(f"sum(value_{n}) as total_{n}" for n in range(8)) + " by a, b"
    text += " | filter " + " and ".join(f"total_{n} > {n}" for n in range(12))

    made = check(text)

    assert max(map(len, made.splitlines())) <= WIDTH
    assert made.startswith("stats sum(value_0) as total_0,\n    sum(value_1) as total_1,\n")
    assert "\n    by a,\n    b\n| filter total_0 > 0\n    and total_1 > 1\n" in made


@pytest.mark.parametrize("text", ["fields |", "limit x", "filter a like b"])
def test_what_is_no_query_is_told_with_its_place(text: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        format_query(text)

    assert caught.value.span is not None


GAPS = st.sampled_from(["", " ", "  ", "\n", "\n\n ", " # why\n", "\n# own line\n", "\t"])


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(sorted(EXAMPLES.values())), st.data())
def test_blanks_and_comments_anywhere_change_nothing(text: str, data: st.DataObject) -> None:
    """Every gap of a query becomes another one; its comments are all there afterwards."""
    from logq.query.grammar import parser

    tokens = list(parser().parse_interactive(text).iter_parse())
    spread = data.draw(GAPS)
    for before, token in zip([None, *tokens], tokens, strict=False):
        gap = data.draw(GAPS)
        together = before is not None and before.end_pos == token.start_pos
        spread += ("" if together else gap or " ") + token
    spread += data.draw(GAPS)
    try:
        same = meaning(spread) is not None
    except QueryError:
        same = False  # a blank too many for the grammar
    if same:
        made = check(spread)
        comments = re.compile(r"# why|# own line")
        assert comments.findall(made) == comments.findall(spread)
