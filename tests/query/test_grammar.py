"""The grammar takes the whole language, and reads each sign by its place."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from lark import Token
from lark.exceptions import UnexpectedInput

from logq.query import grammar
from logq.query.grammar import build, folder, parse_tree, parser
from logq.query.literals import RESERVED
from logq.query.terminal_words import COMMANDS, KEYWORDS

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = tomllib.loads((ROOT / "tests/cases/examples.toml").read_text("utf-8"))["case"]
SPECIFICATION = ROOT / "../shared/spec/query-language.md"


def shape(query: str) -> str:
    """The tree of a query in small letters, without blanks."""
    return re.sub(r"\s+", "", parse_tree(query).pretty().lower())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: str(e["number"]))
def test_an_example_of_the_language_parses(example: dict[str, str]) -> None:
    stages = parse_tree(example["query"]).children

    assert stages


def test_the_examples_are_those_of_the_specification() -> None:
    if not SPECIFICATION.exists():
        pytest.skip(f"{SPECIFICATION} is not here")
    written = {}
    for line in SPECIFICATION.read_text("utf-8").splitlines():
        row = re.fullmatch(r"\| (\d+) \| [CNRX] \| (`+) ?(.*?) ?\2 \| [^|]*\|", line)
        if row:
            written[int(row[1])] = row[3].replace("\\|", "|").replace(" ⏎ ", "\n")

    assert {e["number"]: e["query"] for e in EXAMPLES} == written
    assert len(written) == 153


@pytest.mark.parametrize("file", ["logq.lark", "filter_pattern.lark"])
def test_no_two_terminals_compete_and_no_two_rules_either(file: str) -> None:
    pytest.importorskip("interegular")

    assert build(file, strict=True).terminals


def test_tables_are_kept_in_a_file_and_used_from_it(tmp_path: Path) -> None:
    tables = tmp_path / "logq.lark"
    query = "fields a | filter b like /c/ | limit 5"

    first = build(tables=tables).parse(query)
    written = tables.read_bytes()
    second = build(tables=tables).parse(query)

    assert first == second == parse_tree(query)
    assert tables.read_bytes() == written


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x80\x04\x95rubbish"])
def test_damaged_tables_are_made_anew(tmp_path: Path, content: bytes) -> None:
    tables = tmp_path / "logq.lark"
    tables.write_bytes(content)

    assert build(tables=tables).parse("limit 5") == parse_tree("limit 5")
    assert len(tables.read_bytes()) > 10_000


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    assert build(tables=tmp_path / "absent" / "logq.lark").parse("limit 5") == parse_tree("limit 5")


@pytest.mark.parametrize("place", ["logq/grammar", "grammar"])
def test_the_grammar_is_found_in_a_wheel_and_in_a_checkout(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logq/query").mkdir(parents=True)
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "logq.lark").write_text("start:")
    monkeypatch.setattr(grammar, "__file__", str(tmp_path / "logq/query/grammar.py"))

    assert folder() == tmp_path / place


def test_a_missing_grammar_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "__file__", str(tmp_path / "logq/query/grammar.py"))

    with pytest.raises(FileNotFoundError, match="not part of this installation"):
        folder()


def test_every_command_has_one_rule_and_one_word() -> None:
    rules = {rule.origin.name for rule in parser().rules}
    named = {r.removesuffix("_command") for r in rules if r.endswith("_command")}

    assert {word.lower() for word in COMMANDS.values()} | {"saved"} == named


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("FIELDS @message AS m", "fields @message as m"),
        ("Stats Count(*) By Bin(5m) Offset 1h", "stats Count(*) by Bin(5m) offset 1h"),
        ("FILTER a LIKE 'x' AND NOT b IN [TRUE]", "filter a like 'x' and not b in [true]"),
        ("Order BY a DESC, b Asc", "sort a desc, b asc"),
        ("where a not IN [1]", "filter a not in [1]"),
        ("LIMIT Any 5", "limit any 5"),
        ("Count_Frequent a", "countfrequent a"),
        ("SOURCE lg Start=-1d END = Now", "source lg start=-1d end=now"),
        ("JOIN TYPE=LEFT WHERE a.x=b.x(LIMIT 1)", "join type=left where a.x = b.x ( limit 1 )"),
        ("| fields a", "fields a"),
        ("fields@timestamp|filter!x", "fields @timestamp | filter !x"),
    ],
)
def test_case_and_blanks_do_not_matter(written: str, meant: str) -> None:
    assert shape(written) == shape(meant)


@pytest.mark.parametrize(
    "word",
    [*COMMANDS.values(), "where", "order", "desc", "asc", "any", "type", "max", "offset", "into"]
    + ["start", "end", "field", "row", "p", "multi", "logfmt", "count", "now", "bin", "limit"],
)
def test_a_word_of_one_place_is_a_field_in_all_others(word: str) -> None:
    for query in (
        f"fields {word}, a.{word}, {word}.b | filter {word} = 1 | sort {word} desc",
        f"stats count({word}) as {word} by {word} | dedup {word}, {word}",
        f"fields a, {word} as b",
        f'parse {word} "x *" as {word}',
        f"unnest {word} into {word} | expand {word}",
    ):
        assert parse_tree(query).children


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_reserved_word_needs_backticks(word: str) -> None:
    assert parse_tree(f"dedup `{word}`, {word}x, {word}.x, a.{word}").children
    for wrong in (f"dedup {word}", f"dedup a, {word.upper()}", f"fields a as {word}"):
        with pytest.raises(UnexpectedInput):
            parse_tree(wrong)


@pytest.mark.parametrize(
    ("query", "regexes"),
    [
        ("stats sum(len)/1024/1024 as mb", 0),
        ("fields a / b, c /d/ e", 0),
        ("filter a like /b/ and c/d/e > 1", 1),
        ("filter a/b/c =~ /d/", 1),
        ("parse a /(?<b>c)/ | fields a/b/c", 1),
        ("parse /(?<b>c)/", 1),
        ("/a b/ | fields a", 1),
        ("search /a/", 1),
        ("filter a like /b\\/c|d # e\n f/ # g", 1),
        (r"filter a like /\\/ and b/c > 2", 1),
        ("expand a[0].b | parse a[0].b /c/", 1),
        ("stats max(a) by b/c/d", 0),
        ("sort a/b/c", 0),
    ],
)
def test_a_slash_opens_a_regex_only_where_one_is_expected(query: str, regexes: int) -> None:
    found = [t for t in parse_tree(query).scan_values(lambda v: isinstance(v, Token))]

    assert [token.type for token in found].count("REGEX") == regexes


@pytest.mark.parametrize(
    "query",
    [
        "fields a # b | c\n, d",
        "# only\nfields a, d",
        "fields a,#\nd#",
        "fields\u00a0a,\u200bd",
        "\ufefffields a, d",
        "fields a,\r\n\td\n\n",
    ],
)
def test_comments_and_blanks_stand_between_any_two_words(query: str) -> None:
    assert parse_tree(query) == parse_tree("fields a, d")


@pytest.mark.parametrize("query", ["", " ", "\n\t", "# nothing", "# a\n# b\n"])
def test_a_text_without_commands_is_a_query(query: str) -> None:
    assert parse_tree(query).children == []


@pytest.mark.parametrize("sign", ["#", "|", ")", "]", "/", "\n", "\\\\", "as b", "é"])
def test_quotes_keep_every_sign(sign: str) -> None:
    for query in (f'filter a = "{sign}"', f"filter a = '{sign}'", f"fields `{sign}`, a.`{sign}`.b"):
        assert len(parse_tree(query).children) == 1


@pytest.mark.parametrize(
    "query",
    [
        "filter @timestamp > ago(30m)",
        "stats count(*) by bin(30 seconds), bin(1hr), bin(2mos), bin(3 Weeks), bin(10 MINUTES)",
        "stats count_distinct(a), countDistinct ( b ), count (*)",
        "filter x = .5 or x = 1e6 or x = 1.5E-3 or x = -7 or x - -1 = -x",
        "filter x in [] or x in [-1, -.5, 'a', true, NULL] or x not in (source 'a' | fields b)",
        "filter x in (filter y = 1 | fields x) and z in (| source 'a' | source 'b' | fields c)",
        "fields `a\\`b`, ``",
        "fields größe, _x, @x, @@x, x@y, a.0.b, a.@b",
        "filldown cpu* * | filldown",
        "outlier cpu | outlier param=2 mark=false cpu memory",
        "autoregress x as y p=1-4 | autoregress x p=3 | accum x",
        "addtotals row=false col=true | addtotals fieldname=f a, b",
        "appendcols max=5 override=false (stats count(*))",
        "fillmissing | fillmissing with -1 for a, 'x' for b",
        "source lg-1.b/c#d end=now | source 'b' start=1700000000 | 'text' | fields a",
        "source logGroups() start=-1h | filter a = 1",
        "$a() | $b(x = -1, y = 'z', limit = true)",
        "filter not not a and !(!b) or - - c ^ -2 ^ 3 > 0",
        "parse logfmt as m | parse logfmt logfmt as m",
        "parse csv 'a=*' as b | parse csv # c\n as d | parse xml '/a' as e",
        "parse /(a)/ as b multi | parse c /(?<a>x)/ multi",
        "fields f(a)[0].b.`c d`[12], (a).b, m.x[1][2]",
    ],
)
def test_a_corner_of_the_language_parses(query: str) -> None:
    assert parse_tree(query).children


@pytest.mark.parametrize(
    "query",
    [
        "fieldsa",
        "fields a sortb",
        "limit5",
        "fields 1.2.3",
        "fields 'a'.b",
        "fields 1[0]",
        "fields @@@a",
        "fields a as f(b)",
        "filter a = 1 = 2",
        "filter x in ('a')",
        "filter x in (1)",
        "fields a | source b",
        "stats count(*, a)",
        "bin(5m)",
        "fields bin(5 m)",
        "join left=a right=b where a.x > b.x (source 'c')",
        "relevantfields a",
        "$a",
        "outlier param=2.5",
    ],
)
def test_what_is_not_of_the_language_is_refused(query: str) -> None:
    with pytest.raises(UnexpectedInput):
        parse_tree(query)


def test_every_keyword_is_a_terminal_of_the_grammar() -> None:
    assert KEYWORDS.keys() <= {terminal.name for terminal in parser().terminals}
