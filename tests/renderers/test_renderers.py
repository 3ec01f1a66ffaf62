"""Every output format on the same small answer, and its own promises."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logq import renderer
from logq.errors import InvalidValue
from logq.renderers.csv import guard
from logq.terminal import Screen
from tests.renderers.drawn import NOON, answer, check_golden, rendered, screen
from tests.renderers.test_terminal import HOSTILE

ROOT = Path(__file__).parents[2]
COLUMNS = "@timestamp:timestamp level:text ms:number ok:boolean tags:json @message:text"
ROWS: list[tuple[Any, ...]] = [
    (NOON, "ERROR", 1.5, False, '["a", 1]', "disk \x1b[31mfull\x1b[0m ERROR\n  at line 2"),
    (NOON + 1, "INFO", 200.0, True, None, None),
    (NOON + 61_234, None, 1e21, None, '{"k": null}', '=1+1, "quoted"'),
]


def small() -> renderer.Answer:
    return answer(COLUMNS, ROWS)


@pytest.mark.parametrize("name", ["table", "json", "ndjson", "csv", "raw"])
def test_a_format_writes_the_same_as_ever(name: str) -> None:
    check_golden(f"{name}-pipe", rendered(name, small()))


@pytest.mark.parametrize("name", ["table", "json", "ndjson", "csv", "raw"])
def test_a_format_on_a_terminal_writes_the_same_as_ever(name: str) -> None:
    check_golden(
        f"{name}-terminal", rendered(name, small(), screen(80, terminal=True, colour=True))
    )


@pytest.mark.parametrize("name", ["table", "json", "ndjson", "csv", "raw"])
@pytest.mark.parametrize("text", [text for text in HOSTILE if text != "\ud800"])
def test_no_format_sends_hostile_text_to_a_terminal(name: str, text: str) -> None:
    on = screen(80, terminal=True)

    out = rendered(name, answer("@message:text", [(text,)]), on)

    assert text not in out
    assert not [c for c in out if (ord(c) < 32 and c not in "\r\n") or 127 <= ord(c) < 160]


def test_raw_in_a_pipe_is_the_exact_text() -> None:
    text = "\x1b[31m\tfull\u202e\x00 tail"

    assert rendered("raw", answer("@message:text", [(text,)])) == text + "\n"


def test_raw_needs_messages_or_a_single_column() -> None:
    assert rendered("raw", answer("n:number", [(2.0,)])) == "2\n"
    with pytest.raises(InvalidValue, match="no @message"):
        rendered("raw", answer("a:text b:text", [("x", "y")]))


def test_json_is_an_array_even_of_nothing() -> None:
    assert json.loads(rendered("json", answer("a:text", []))) == []
    assert json.loads(rendered("json", small()))[1] == {
        "@timestamp": "2026-03-17 12:00:00.001",
        "level": "INFO",
        "ms": 200,
        "ok": True,
    }


def test_json_is_closed_when_a_follower_is_interrupted() -> None:
    def interrupted() -> Iterator[list[renderer.Row]]:
        yield [("x",)]
        raise KeyboardInterrupt

    base = answer("a:text", [])
    on = screen()
    with pytest.raises(KeyboardInterrupt):
        rendered("json", renderer.Answer(base.columns, interrupted()), on)

    assert isinstance(on.stream, io.BytesIO)
    assert json.loads(on.stream.getvalue()) == [{"a": "x"}]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-cmd|x", "'-cmd|x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("-5", "-5"),
        ("+1.5e3", "+1.5e3"),
        ("-", "-"),
        ("-inf", "'-inf"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_csv_guards_formulas_and_leaves_numbers(text: str, written: str) -> None:
    assert guard(text) == written


def test_csv_names_of_columns_are_guarded_unless_they_are_plain() -> None:
    out = rendered("csv", answer("@timestamp:timestamp =cmd():text @@level:text", []))

    assert out == "@timestamp,'=cmd(),@@level\r\n"


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.none() | st.integers())))
def test_csv_reads_back_as_it_was(rows: list[tuple[str, int | None]]) -> None:
    out = rendered("csv", answer("text:text n:integer", rows))

    read = list(csv.reader(io.StringIO(out, newline=""), strict=True))[1:]
    assert read == [[guard(text), "" if n is None else str(n)] for text, n in rows]


def test_a_binary_format_refuses_a_terminal() -> None:
    with pytest.raises(InvalidValue, match="binary"):
        rendered("arrow", small(), screen(80, terminal=True))


def test_parquet_needs_a_file_and_others_take_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="needs a file"):
        rendered("parquet", small())
    with pytest.raises(InvalidValue, match="standard output"):
        rendered("csv", small(), file=str(tmp_path / "x"))


def test_an_unknown_format_names_the_known() -> None:
    with pytest.raises(InvalidValue) as caught:
        rendered("yaml", small())

    assert caught.value.hint == (
        "choose one of: arrow, chart, csv, json, ndjson, parquet, raw, table"
    )


def arrow_answer() -> renderer.Answer:
    table = pa.table({"n": [1, 2, 3]})
    base = answer("n:integer", [])
    return renderer.Answer(base.columns, base.batches, lambda: table.to_reader())


def test_arrow_is_a_stream_that_others_can_read() -> None:
    on = screen()
    renderer.render("arrow", arrow_answer(), on, renderer.Options())

    assert isinstance(on.stream, io.BytesIO)
    assert pa.ipc.open_stream(on.stream.getvalue()).read_all().to_pydict() == {"n": [1, 2, 3]}


def test_parquet_is_written_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"

    rendered("parquet", arrow_answer(), file=str(target))

    assert pq.ParquetFile(target).read().to_pydict() == {"n": [1, 2, 3]}
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


MILLION = """
import io, resource, sys
from logq import renderer
from logq.terminal import Screen
from tests.renderers.drawn import answer

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

class Nowhere(io.RawIOBase):
    written = 0
    def write(self, data):
        self.written += len(data)
        return len(data)

def rows(count):
    for n in range(count):
        yield (n * 1000, n, "GET /a/path/of/some/length HTTP/1.1 " * 2)

def run(count):
    shown = answer("@timestamp:timestamp n:integer @message:text", rows(count))
    return renderer.render(sys.argv[1], shown, Screen(nowhere), renderer.Options())

nowhere = Nowhere()
run(20_000)
before = peak()
assert run(1_000_000) == 1_000_000
print(nowhere.written, peak() - before)
"""


@pytest.mark.parametrize("name", ["ndjson", "csv"])
def test_a_million_rows_take_no_more_memory_than_twenty_thousand(name: str) -> None:
    script = [sys.executable, "-c", MILLION, name]

    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=True)

    written, grown_kb = map(int, done.stdout.split())
    assert written > 70_000_000
    assert grown_kb * 1000 < written / 2


@pytest.mark.parametrize("name", ["json", "table", "raw"])
def test_many_rows_take_little_memory(name: str) -> None:
    message = "GET /a/path/of/some/length HTTP/1.1 " * 2
    rows = ((NOON + n, n, message) for n in range(100_000))
    shown = answer("@timestamp:timestamp n:integer @message:text", rows)
    renderer.get(name)
    with Path(os.devnull).open("wb") as nowhere:
        tracemalloc.start()
        try:
            renderer.render(name, shown, Screen(nowhere), renderer.Options())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak < 6_000_000  # all rows are 11 MB


def test_every_batch_is_handed_over_before_the_next_is_asked_for() -> None:
    on = screen()
    seen: list[int] = []

    def live() -> Iterator[list[renderer.Row]]:
        assert isinstance(on.stream, io.BytesIO)
        for number in range(3):
            seen.append(on.stream.getvalue().count(b'"n"'))
            yield [(number,)]

    base = answer("n:integer", [])
    rendered("ndjson", renderer.Answer(base.columns, live()), on)

    assert seen == [0, 1, 2]
