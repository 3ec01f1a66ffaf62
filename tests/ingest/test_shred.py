"""Shredding: whatever way a document takes, every value of it is found again."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.ingest import shred as shred_module
from logq.ingest.documents import MAX_LEAVES, find_fragment
from logq.ingest.naming import MAX_COLUMNS, MAX_FIELDS, name_fields
from logq.ingest.shred import Shredded, Shredder
from logq.ingest.slow import shred_slowly
from logq.model import SYSTEM_COLUMNS, Doc, Kind, pointer

DUCKDB = duckdb.connect()
READERS = (Kind.LIST, Kind.DOC, Kind.JSON)


def texts(*lines: str) -> pa.Array:
    return pa.array(lines, pa.string())


def shred(*lines: str, prefix: bool = True) -> Shredded:
    return Shredder(prefix=prefix).shred(texts(*lines))


def slowly(lines: pa.Array) -> Shredded:
    part = shred_slowly(lines)
    columns = name_fields(part.leaves, SYSTEM_COLUMNS)
    if part.documents is None:
        return Shredded(columns, Doc.MESSAGE, None)
    return Shredded(columns, Doc.COLUMN, part.documents)


def documents(found: Shredded, lines: pa.Array) -> list[str | None]:
    messages: list[str | None] = lines.to_pylist()
    if found.doc is Doc.MESSAGE:
        return messages
    if found.doc is Doc.NONE or found.documents is None:
        return [None] * len(messages)
    return [m if d == "" else d for m, d in zip(messages, found.documents.to_pylist(), strict=True)]


def extract(docs: list[str | None], place: str) -> list[Any]:
    """What DuckDB reads at a JSON pointer, as Python values."""
    query = "select json_extract(doc, $1)::varchar from unnest($2::varchar[]) as t(doc)"
    rows = DUCKDB.execute(query, [place, docs]).fetchall()
    return [None if text is None else json.loads(text) for (text,) in rows]


def read(found: Shredded, lines: pa.Array, path: str) -> list[Any]:
    """The values of a field as the model says that they are to be read."""
    docs = documents(found, lines)
    if path in found.columns:
        field, values = found.columns[path]
        if values is not None:
            texts_or_values: list[Any] = values.to_pylist()
            if field.kind is Kind.JSON:
                return [None if v is None else json.loads(v) for v in texts_or_values]
            return texts_or_values
        return first_of(docs, field.pointers or (pointer(path),))
    segments = path.split(".")
    places: list[str] = []
    for end in range(len(segments) - 1, 0, -1):
        above = ".".join(segments[:end])
        if above in found.columns and found.columns[above][0].kind in READERS:
            field, _ = found.columns[above]
            rest = pointer(".".join(segments[end:]))
            places += [place + rest for place in field.pointers or (pointer(above),)]
    return first_of(docs, places)


def first_of(docs: list[str | None], places: Sequence[str]) -> list[Any]:
    result: list[Any] = [None] * len(docs)
    for place in places:
        here = extract(docs, place)
        result = [b if a is None else a for a, b in zip(result, here, strict=True)]
    return result


def flatten(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a document by the definition; keys with dots inside lists are left out."""
    leaves: list[tuple[tuple[str, ...], Any, bool]] = []

    def walk(keys: tuple[str, ...], value: Any, listed: bool) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if not (listed and "." in key):
                    walk((*keys, key), inner, listed)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                walk((*keys, str(index)), inner, True)
        elif value is not None:
            leaves.append((keys, value, listed))

    walk((), document, False)
    fields: dict[str, Any] = {}
    depth: dict[str, int] = {}
    for keys, value, _ in leaves[:MAX_LEAVES]:
        path = ".".join(keys)
        path = "@" + path if path.startswith("@") else path
        if path not in fields or len(keys) > depth[path]:
            fields[path], depth[path] = value, len(keys)
    return fields


def meaning(line: str) -> dict[str, Any]:
    # A number that no double can hold is kept as its text; the rest of the object is unharmed.
    line = line.replace("1e400", '"1e400"')
    try:
        if not isinstance(orjson.loads(line), dict):
            return {}
    except orjson.JSONDecodeError:
        return {}
    return flatten(json.loads(line))


def same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, float) and isinstance(right, float):
        return left == right or math.isclose(left, right, rel_tol=1e-15)
    return bool(left == right)


def check(found: Shredded, lines: pa.Array) -> None:
    expected = [meaning(line) for line in lines.to_pylist()]
    paths = dict.fromkeys(path for fields in expected for path in fields)
    for path in paths:
        held = read(found, lines, path)
        for line, fields, value in zip(lines.to_pylist(), expected, held, strict=True):
            wanted = fields.get(path)
            if wanted is not None or not isinstance(value, dict | list):
                assert same(value, wanted), (path, line, value, wanted, found.columns.get(path))
    for path, (field, values) in found.columns.items():
        if values is not None:
            assert len(values) == len(lines)
            assert field.count == len(values) - values.null_count > 0
            for row, value in enumerate(values.to_pylist()):
                assert (value is None) == (expected[row].get(path) is None), (path, row)


KEYS = st.sampled_from(["a", "b", "A", "a.b", "0", "", "@x", "@", "a/b", "a~b", "é", "k k", 'q"'])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "x", "2026-01-01", "2026-01-01T00:00:00Z", "1", "true", "é\\u0041"]),
    st.text(max_size=5).filter(lambda t: "\0" not in t),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(st.tuples(KEYS, inner), max_size=3).map(lambda pairs: Pairs(pairs)),
    ),
    max_leaves=6,
)


class Pairs:
    """An object that may name a key twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def write(value: Any, blank: str = "") -> str:
    if isinstance(value, Pairs):
        inside = f",{blank}".join(
            f"{json.dumps(k)}:{blank}{write(v, blank)}" for k, v in value.pairs
        )
        return "{" + inside + "}"
    if isinstance(value, list):
        return "[" + ",".join(write(v, blank) for v in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=blank == "")
    return json.dumps(value)


OBJECTS = st.builds(
    write,
    st.lists(st.tuples(KEYS, VALUES), max_size=4).map(lambda pairs: Pairs(pairs)),
    st.sampled_from(["", " "]),
)
UNLIKE = st.sampled_from(
    [
        "plain",
        "",
        "{",
        "}",
        "{}",
        "[1]",
        "[{]}",
        '{"a":1}{"a":2}',
        '{"a":NaN}',
        '{"b":[Infinity]}',
        '{"a":-Inf}',
        '{"a":1,}',
        '{"a":"\x01"}',
        '{"a":01}',
        '{"a":1e400}',
        '{"a":"\\ud800"}',
        ' {"a":1}',
        '{"a":{"b":1}',
        '{"a":"x}',
        '{", "b":"y"}',
        '\ufeff{"a":1}',
        "{'a':1}",
        '{"a":1} \t',
        '{"a":1}\x00',
        "{a}",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(OBJECTS, OBJECTS, OBJECTS, UNLIKE), min_size=1, max_size=6))
def test_every_value_is_found_again_on_either_path(lines: list[str]) -> None:
    column = texts(*lines)
    check(Shredder(prefix=False).shred(column), column)
    check(slowly(column), column)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(OBJECTS, min_size=1, max_size=4), min_size=2, max_size=5))
def test_what_is_remembered_from_earlier_blocks_changes_no_value(blocks: list[list[str]]) -> None:
    shredder = Shredder()
    for lines in blocks:
        column = texts(*lines)
        check(shredder.shred(column), column)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(OBJECTS, UNLIKE), min_size=4, max_size=12))
def test_pieces_are_joined_in_order(lines: list[str]) -> None:
    column = texts(*lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shred_module, "PIECE_ROWS", 3)
        check(Shredder(prefix=False).shred(column), column)


def kinds(found: Shredded) -> dict[str, Kind]:
    return {path: field.kind for path, (field, _) in found.columns.items()}


def values(found: Shredded, path: str) -> list[Any]:
    _, column = found.columns[path]
    assert column is not None
    return list(column.to_pylist())


def test_text_that_looks_like_a_date_stays_text() -> None:
    found = shred('{"a":"2026-01-01T00:00:00Z","b":["2026-01-01"]}', '{"a":"2026-01-02"}')
    assert kinds(found) == {"a": Kind.TEXT, "b": Kind.LIST}
    assert values(found, "a") == ["2026-01-01T00:00:00Z", "2026-01-02"]


@pytest.mark.parametrize("number", [2**63, 2**64, 10**30, -(2**63) - 1])
def test_integers_beyond_64_bits_are_left_to_the_document(number: int) -> None:
    for line in (f'{{"a":{number}}}', f'{{"a":{number},"b":1,"b":2}}'):
        found = shred(line, '{"a":1}')
        assert kinds(found)["a"] is Kind.DOC
        assert read(found, texts(line, '{"a":1}'), "a") == [number, 1]


def test_integers_that_a_double_cannot_hold_do_not_become_doubles() -> None:
    found = shred('{"a":9007199254740993}', '{"a":0.5}')
    assert kinds(found) == {"a": Kind.DOC}
    found = shred('{"a":9007199254740993}', '{"a":1}')
    assert kinds(found) == {"a": Kind.JSON}
    assert values(found, "a") == ["9007199254740993", "1"]


def test_types_that_differ_are_kept_as_json_text() -> None:
    found = shred(r'{"a":"x\n\""}', '{"a":200}', '{"a":true}', '{"a":0.5}', '{"b":null}')
    assert kinds(found) == {"a": Kind.JSON}
    assert values(found, "a") == [r'"x\n\""', "200", "true", "0.5", None]


def test_fast_and_slow_rows_of_one_block_agree_on_json_text() -> None:
    clean = [f'{{"a":{n}}}' for n in range(100)]
    clean[50] = r'{"a":"é\u0001\\ \""}'
    found = shred(*clean)
    assert kinds(found) == {"a": Kind.JSON}
    assert [json.loads(text) for text in values(found, "a")] == [
        json.loads(line)["a"] for line in clean
    ]


def test_names_that_differ_only_in_case_have_columns_of_their_own() -> None:
    found = shred('{"Level":1,"level":2,"LEVEL":3,"@seq":4,"level~2":5}')
    names = [field.column for field, _ in found.columns.values() if field.column is not None]
    assert len({name.lower() for name in names}) == 5
    assert [values(found, path) for path in ("Level", "level", "LEVEL", "@@seq", "level~2")] == [
        [1],
        [2],
        [3],
        [4],
        [5],
    ]


def test_a_thousand_leaves_are_discovered_and_the_rest_stays_in_the_message() -> None:
    wide = "{" + ",".join(f'"k{n}":{n}' for n in range(1500)) + "}"
    listed = '{"l":[' + ",".join("7" for _ in range(1500)) + '],"after":1}'
    lines = texts('{"k0":5}', wide, listed)
    found = Shredder().shred(lines)
    assert "k999" in found.columns
    assert "k1000" not in found.columns
    assert "after" not in found.columns
    assert read(found, lines, "l.999") == [None, None, 7]
    assert read(found, lines, "l.1000") == [None] * 3
    assert documents(found, lines)[0] == '{"k0":5}'


def test_only_the_most_frequent_fields_have_columns() -> None:
    rows = 300
    lines = texts(
        *("{" + ",".join(f'"k{n}":{n}' for n in range(row, row + 900)) + "}" for row in range(rows))
    )
    found = Shredder().shred(lines)
    with_columns = [path for path, (_, column) in found.columns.items() if column is not None]
    assert len(with_columns) == MAX_COLUMNS
    assert {f"k{n}" for n in range(300, 800)} <= set(with_columns)
    assert read(found, lines, "k0") == [0] + [None] * (rows - 1)


def test_a_new_name_in_every_event_does_not_make_a_table_of_all_by_all() -> None:
    before = pa.total_allocated_bytes()
    lines = texts(*(f'{{"id-{n}":{n},"same":1}}' for n in range(20_000)))
    found = Shredder().shred(lines)
    assert pa.total_allocated_bytes() - before < 512 << 20
    assert values(found, "same") == [1] * 20_000
    assert [v for v in read(found, lines, "id-777") if v is not None] == [777]
    assert len(found.columns) == 20_001


def test_objects_used_as_maps_are_one_field() -> None:
    size = MAX_FIELDS + 1
    lines = texts(*(f'{{"users":{{"u{n}":{{"age":{n}}}}},"a":{{"b":1}}}}' for n in range(size)))
    found = Shredder().shred(lines)
    assert kinds(found) == {"users": Kind.DOC, "a.b": Kind.INT}
    assert read(found, lines, "users.u5.age")[4:7] == [None, 5, None]


def test_a_text_prefix_hides_no_document() -> None:
    lines = texts(
        "INFO {x} {not json} {} done",
        'INFO {"a":1} {"a":2}',
        '{"a":3} trailing',
        'x {"a":4,"a":5}',
        'no json {"a":',
        '{"a":6}',
    )
    found = Shredder().shred(lines)
    assert found.doc is Doc.COLUMN
    assert documents(found, lines) == ["{}", '{"a":1}', '{"a":3}', '{"a":5}', None, '{"a":6}']
    assert values(found, "a") == [None, 1, 3, 5, None, 6]
    assert Shredder(prefix=False).shred(lines.slice(0, 5)).doc is Doc.NONE


def test_the_fragment_begins_within_8_kib() -> None:
    assert find_fragment("x" * 8191 + '{"a":1}') == '{"a":1}'
    assert find_fragment("x" * 8192 + '{"a":1}') is None


def test_looking_for_a_fragment_ends_soon_in_hostile_text() -> None:
    line = '{"a":[' * 1300 + "1," * 500_000
    started = time.process_time()
    assert find_fragment(line) is None
    assert time.process_time() - started < 30  # 10 ms; minutes if it were quadratic


def test_the_last_of_equal_keys_wins_and_numbers_keep_their_digits() -> None:
    lines = texts('{"a":1,"b":0.1000000000000000055,"c":{"d":1,"d":12345678901234567890123},"a":2}')
    found = Shredder().shred(lines)
    assert values(found, "a") == [2]
    (document,) = documents(found, lines)
    assert document == '{"a":2,"b":0.1000000000000000055,"c":{"d":12345678901234567890123}}'


def test_a_bad_stretch_is_gone_through_slowly_and_then_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow_rows: list[int] = []

    def watched(lines: pa.Array, **options: Any) -> Any:
        if len(lines) > 1:  # single rows are samples
            slow_rows.append(len(lines))
        return shred_slowly(lines, **options)

    monkeypatch.setattr(shred_module, "shred_slowly", watched)
    good = [f'{{"a":{n}}}' for n in range(1000)]
    bad = [f'{{"a":{n}}}' if n % 2 else f'{{"a":"{n}"}}' for n in range(1000)]
    shredder = Shredder()
    for block in [good, bad, bad, good, good, good]:
        shredder.shred(texts(*block))
    assert slow_rows == [1000, 1000]
    slow_rows.clear()
    shredder.shred(texts(*good, *bad[:2], *good))
    assert sum(slow_rows) <= 3


@pytest.mark.parametrize(
    ("line", "is_document"),
    [
        ('{"a":' * 100 + "1" + "}" * 100, True),
        ('{"a":' * 600 + "1" + "}" * 600, True),
        ('{"":' * 818 + "1" + "}" * 818, True),
        ('{"":[' * 500 + "1" + "]}" * 500, True),
        ('{"a":' + "[" * 1000 + "]" * 1000 + "}", True),
        ('{"a":"x\\":","z":' + "[" * 1000 + "]" * 1000 + "}", True),
        ('{"a":1,"\\u0061":' + "[" * 1000 + "]" * 1000 + "}", False),
        ('{"a":' + "[" * 2040 + "]" * 2040 + "}", False),
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", False),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, False),
        ('{"a":' * 100_000, False),
    ],
)
def test_depth_breaks_nothing_and_beyond_1024_levels_it_is_text(
    line: str, is_document: bool
) -> None:
    lines = texts('{"b":1}', line, '{"b":2}')
    answers: list[Shredded] = []
    thread = threading.Thread(target=lambda: answers.append(Shredder().shred(lines)))
    thread.start()
    thread.join()
    for found in (Shredder().shred(lines), *answers):
        assert values(found, "b") == [1, None, 2]
        assert documents(found, lines) == ['{"b":1}', line if is_document else None, '{"b":2}']
    assert len(answers) == 1


def test_whole_numbers_that_no_double_holds_are_texts_like_any_other_too_large() -> None:
    text = '{"huge":' + "9" * 400 + ',"n":1,"e":1e999}'

    shredded = Shredder().shred(pa.array([text, '{"n":2}']))

    held = {path: values for path, (_, values) in shredded.columns.items()}
    assert {path: values and values.to_pylist() for path, values in held.items()} == {
        "n": [1, 2],
        "huge": ["9" * 400, None],
        "e": ["1e999", None],
    }
