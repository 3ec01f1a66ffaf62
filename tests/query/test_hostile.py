"""Hostile texts wherever a query takes text, and queries of unusual size."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from logq.errors import LogQError, QueryError
from logq.model import Snapshot
from logq.query.build import render
from logq.query.compiler import compile_query
from logq.query.engine import Queries
from logq.query.environment import Moment
from logq.query.inputs import Inputs
from logq.query.literals import quote
from logq.query.planner import plan
from logq.query.request import Request
from logq.query.source import EVENTS
from logq.query.transform import parse
from logq.settings import Settings
from logq.storage import Storage
from tests.query.layouts import NOW, ask, lay_out, line, lines, over

TEXTS = 5_000
PARTS = (
    *(
        "'",
        '"',
        "''",
        '""',
        "\\",
        "\\'",
        "`",
        ";",
        "; DROP TABLE events; --",
        "--",
        "/*",
        "*/",
        "/**/",
    ),
    *("$$", "$tag$", "E'\\n'", "\0", "\n", "\r", "\t", "\x1b[31m", "\u2018", "\u2019", "\u201c"),
    *(
        "\uff07",
        "\u02bc",
        "ä",
        "😀",
        "\u202e",
        "\ufeff",
        "%",
        "_",
        "*",
        "{}",
        "{{x}}",
        "${x}",
        "$(id)",
    ),
    *("|", "#", "//", " UNION SELECT 1", ") OR 1=1", "' OR ''='", '" FROM "x', "PRAGMA", "COPY"),
    *("read_csv('/etc/passwd')", "install httpfs", "?", "$1", ":a", "@x", ".", "..", "[", "]", "("),
    *(
        ")",
        ",",
        "=",
        "x" * 50,
        "null",
        "events",
        "filter_1",
        "NaN",
        "1e999",
        "\ue000",
        "\x7f",
        "\x80",
    ),
    *("a\u0301", "\U000e0001", "<", "&", "~"),
)


def corpus() -> Iterator[str]:
    chance = random.Random(4)
    yield from PARTS
    for _ in range(TEXTS - len(PARTS)):
        yield "".join(chance.choices(PARTS, k=chance.randrange(1, 6)))


def ticked(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Queries:
    return over(lay_out(tmp_path_factory.mktemp("one") / "data", "journal", lines([{"n": 1}])))


def sql_of(text: str, snapshot: Snapshot) -> str:
    request = Request(text, parse(text), ("app",), Moment(NOW), None)
    inputs = Inputs(request, lambda _: snapshot, {})
    program = compile_query(request.commands, inputs.own, request.moment, inputs, None, 10_000)
    reads = plan(snapshot, inputs.needs[EVENTS], None)
    return render(program.sql({EVENTS: inputs.own.events(reads.readings, (None, None))}))


def test_no_text_ever_makes_another_statement(one: Queries) -> None:
    # 4 places a query, 1,250 queries: names, aliases, texts and regular expressions.
    snapshot = one._store.snapshot(["app"])
    texts = list(corpus())
    for start in range(0, len(texts), 4):
        name, alias, text, other = texts[start : start + 4]
        query = (
            f"filter {ticked(name)} != {quote(text)} and @message not like {quote(other)} "
            f"| fields {ticked(text)} as {ticked(alias)}, {quote(alias)} as {ticked(other)} "
            f"| stats count(*) as {ticked(name)} by concat({quote(name)}, {ticked(alias)}) as k"
        )
        (statement,) = duckdb.extract_statements(sql_of(query, snapshot))
        assert statement.type == duckdb.StatementType.SELECT


def test_hostile_texts_are_only_texts_when_they_run(one: Queries) -> None:
    texts = list(corpus())[:600]
    for start in range(0, len(texts), 100):
        part = texts[start : start + 100]
        items = (f"{quote(text)} as {ticked(f'{n} {text}')}" for n, text in enumerate(part))
        (row,) = ask(Queries(one._store, Settings(query_max_chars=10**6), lambda: NOW),
                     f"display {', '.join(items)}")  # fmt: skip
        assert row == {f"{n} {text}": text for n, text in enumerate(part)}


def test_hostile_names_of_groups_are_refused_or_unknown(tmp_path: Path) -> None:
    with Storage.open(tmp_path, lambda: NOW, Settings()) as storage:
        queries = Queries(storage, Settings(), lambda: NOW, directory=str(tmp_path))
        for text in list(corpus())[:150]:
            with pytest.raises(LogQError):
                storage.groups.create(text + "'\"")
            for query, groups in (("stats count(*)", [text]), (f"SOURCE {quote(text)}", [])):
                try:
                    assert list(queries.run(query, groups=groups).rows()) in ([], [(0,)])
                except LogQError as error:
                    assert text.strip("*") == "" or repr(text) or error.message


def test_a_data_directory_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / 'it\'s a "dir"; -- ä $$ [x] {y}'
    path.mkdir()
    queries = over(lay_out(path, "mixed", lines({"i": n} for n in range(8))))
    assert ask(queries, "stats count(*) as n, sum(i) as s") == [{"n": 8, "s": 28}]


def test_a_query_cannot_read_files_or_change_settings(one: Queries) -> None:
    session = one.session(one.prepare(one._request("fields n", ["app"], None, None, None)))
    for sql in (
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "COPY (SELECT 1) TO '/tmp/logq-test-out.csv'",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "ATTACH '/tmp/logq-test.db'",
        "INSTALL httpfs",
        "SELECT * FROM snapshot",
    ):
        with pytest.raises((duckdb.Error, LogQError)):
            session.execute(sql).fetchall()
    session.close()
    assert not Path("/tmp/logq-test-out.csv").exists()


# ---- size ----


def test_a_query_of_ten_thousand_characters_runs_and_a_longer_one_is_refused(one: Queries) -> None:
    for part, joint in (("n = 1", " or "), ("n = 1", " and "), ("n in [1, 2]", " or ")):
        count = (10_000 - len("filter ") - 10) // (len(part) + len(joint))
        query = "filter " + joint.join([part] * count)
        assert len(ask(one, f"{query} | fields n")) == 1
    query = "fields " + ", ".join(f"n + {n} as a{n}" for n in range(600))
    assert len(ask(one, query[:9_990].rpartition(",")[0])[0]) > 500
    with pytest.raises(LogQError, match="10,000 are allowed"):
        one.run("filter " + "n = 1 or " * 1200 + "n = 1", groups=["app"])


def test_deep_expressions_run_or_say_that_they_are_too_deep(one: Queries) -> None:
    for depth in (10, 50):
        assert ask(one, f"display {'(' * depth}n{')' * depth} as r") == [{"r": 1}]
        assert ask(one, f"filter {'not (' * depth}n = 1{')' * depth} | display n") == [{"n": 1}]
        assert ask(one, f"display {'abs(' * depth}-n{')' * depth} as r") == [{"r": 1}]
        assert ask(one, f"display n{' + 1' * depth} as r") == [{"r": depth + 1}]
        assert len(ask(one, f"display {'concat(' * depth}n{', 1)' * depth} as r")[0]["r"]) > depth
        assert (
            len(ask(one, f"display {'(1 + n) * (' * (depth // 2)}n{')' * (depth // 2)} as r")) == 1
        )
        chain = f"{'coalesce(if(n = 1, ' * (depth // 5)}n{', 2), absent)' * (depth // 5)}"
        assert ask(one, f"display {chain} as r") == [{"r": 1}]
    for text in ("not " * 2400 + "n", "(" * 3000 + "n" + ")" * 3000, "-" * 3000 + "n"):
        try:
            rows = ask(one, f"filter {text} | display n")
        except QueryError as error:
            assert "nested too deeply" in error.message or "levels" in error.message
        else:
            assert rows == [{"n": 1}]
    deep = f"display {'concat(if(n = 1, n, 2), ' * 40}n{')' * 40} as r"
    try:
        assert ask(one, deep) == [{"r": "1" * 41}]
    except QueryError as error:
        assert "nested too deeply" in error.message or "levels" in error.message


def test_long_chains_of_commands_run(one: Queries) -> None:
    assert ask(one, " | ".join(["fields n + 1 as n"] * 150)) == [{"n": 151}]
    assert ask(one, " | ".join(["filter n > 0"] * 300) + " | fields n") == [{"n": 1}]
    chain = " | ".join(["stats max(m) as m by n"] * 40)
    assert ask(one, f"stats max(n) as m by n | {chain}") == [{"n": 1, "m": 1}]


def test_hundreds_of_fields_are_read_from_columns_and_documents(tmp_path: Path) -> None:
    document = {f"f{n}": n for n in range(200)} | {"o": {f"k{n}": n for n in range(200)}}
    for layout in ("journal", "compacted"):
        queries = over(lay_out(tmp_path / layout, layout, [line(document), line({"f7": "x"}, 1)]))
        names = [*(f"f{n}" for n in range(200)), *(f"o.k{n}" for n in range(200))]
        newest, oldest = ask(queries, f"display {', '.join(names)}")
        assert newest == {"f7": "x"}
        assert oldest == dict(zip(names, [*range(200), *range(200)], strict=True))
        assert len(ask(queries, "fields *")[1]) == 403


# ---- names that get in each other's way ----


@pytest.mark.parametrize("layout", ["journal", "segments"])
def test_keys_that_look_alike_stay_apart(layout: str, tmp_path: Path) -> None:
    documents = [
        {"a.b": 1, "a": {"c": 2}, "": 3, "Key": 4, "key": 5, "KEY": "six", "key_2": 7, "events": 8},
        {"a": {"b": 9, "": 10}, "@message": 11, "@@x": 12, "0": 13, "a/b": 14, "a~b": 15},
    ]
    queries = over(lay_out(tmp_path / "data", layout, lines(documents), pieces=2))
    newest, oldest = ask(
        queries,
        "display a.b, a.c, ``, Key, key, KEY, key_2, events, @@message, `@@@x`, `0`, `a/b`, `a~b`"
        ", a",
    )
    assert oldest == {"a.b": 1, "a.c": 2, "": 3, "Key": 4, "key": 5, "KEY": "six", "key_2": 7,
                      "events": 8, "a": {"c": 2}}  # fmt: skip
    assert newest == {"a.b": 9, "@@message": 11, "@@@x": 12, "0": 13, "a/b": 14, "a~b": 15,
                      "a": {"b": 9, "": 10}}  # fmt: skip
    assert ask(queries, "filter key = 5 | stats max(Key) as key, max(key) as KEY, max(KEY)") == [
        {"key": 4, "KEY": 5, "max(KEY)": "six"}
    ]
    assert ask(queries, "fields Key as key_2, key as Key_2 | filter key_2 = 4 | fields Key_2") == [
        {"key_2": 4, "Key_2": 5}
    ]


def test_an_alias_may_shadow_a_system_field(one: Queries) -> None:
    assert ask(one, "display n as @message | filter @message = 1") == [{"@message": 1}]
    assert ask(one, "display n + 1 as @timestamp | sort @timestamp") == [{"@timestamp": 2}]
    assert ask(one, "fields 'x' as @log | stats count(*) as c by @log") == [{"@log": "x", "c": 1}]
    assert ask(one, "stats max(n) as @message | filter @message = 1 | display @message") == [
        {"@message": 1}
    ]


def test_maps_and_lists_are_grouped_by_their_text_always_in_one_order(tmp_path: Path) -> None:
    values = [{"b": 1}, [2], {"a": 1}, [1], "x", {"a": 1}]
    for layout in ("journal", "segments"):
        path = lay_out(tmp_path / layout, layout, lines({"m": v} for v in values))
        for _ in range(3):
            found = ask(over(path), "stats count(*) as n by m")
            assert found == [
                {"m": "x", "n": 1},
                {"m": [1], "n": 1},
                {"m": [2], "n": 1},
                {"m": {"a": 1}, "n": 2},
                {"m": {"b": 1}, "n": 1},
            ]
