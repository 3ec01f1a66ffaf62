"""Random patterns and messages: the SQL and plain Python agree, and nothing else is ever raised."""

from __future__ import annotations

import json
import random
import threading
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.errors import InvalidPattern, InvalidValue, LogQError
from logq.ingest.parser import Parser
from logq.query.filter_pattern import (
    Filter,
    Kind,
    compile_filters,
    extract,
    matches,
    parse_pattern,
    required_texts,
)
from tests.query import pattern_reference
from tests.query.layouts import NOW
from tests.query.test_hostile import PARTS

WORDS = ["ERROR", "WARN", "a", "b", "404", "-5", "1e3", "true", "null", "x y", "ä", "", "*", 'q"q']
NAMES = ["a", "b", "list", "cluster.name", "0", "x-y", 'q"q', "*", ""]
SMALL = settings(max_examples=100, deadline=None)


def phrase(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


words = st.sampled_from(WORDS)
regexes = st.sampled_from(
    ["%ERR%", "%^a%", "%[0-9]{1,2}%", "%4|R%", "%.{,3}%", r"%\x28|\x22%", r"%\d$%", "%a b%", "%x*%"]
)
numbers = st.sampled_from(["0", "404", "-5", "+2.5", ".5", "1e3", "9007199254740993", "4.04e2"])
bare = st.sampled_from(["4*", "*", "ERROR", "true", "1.2.*", "*R*", "null", "a", "-5*"])
values = words.map(phrase) | st.sampled_from(['"4*"', '"*R"', '"*"', '"**"']) | regexes | bare
equalities = st.builds(" {} {}".format, st.sampled_from(["=", "!="]), values | numbers)
orders = st.builds(" {} {}".format, st.sampled_from(["<", "<=", ">", ">="]), numbers)


@st.composite
def selectors(draw: st.DrawFn) -> str:
    steps = st.sampled_from([f".['{n}']" for n in NAMES] + [".a", ".b", ".list", "[0]", "[1]"])
    parts = [".a", *draw(st.lists(steps, max_size=2))][draw(st.integers(0, 1)) :] or [".a"]
    if draw(st.integers(0, 4)) == 0 and not any(s in part for part in parts for s in '"*'):
        parts = [part for part in parts if part != ".['']"]
        parts.insert(draw(st.integers(0, len(parts))), draw(st.sampled_from([".*", "[*]"])))
    return "$" + "".join(parts)


def joined(test: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda first, rest: first + "".join(f" {op} {part}" for op, part in rest),
        test,
        st.lists(st.tuples(st.sampled_from(["&&", "||"]), test), max_size=2),
    )


words_of_json = st.sampled_from([" IS NULL", " IS TRUE", " IS FALSE", " NOT EXISTS"])
conditions = st.builds(str.__add__, selectors(), equalities | orders | words_of_json)
tests = st.recursive(conditions, lambda inner: joined(inner).map("({})".format), max_leaves=4)
json_patterns = (
    joined(tests)
    .map("{{ {} }}".format)
    .filter(lambda text: text.count(".*") + text.count("[*]") <= 3)
)


@st.composite
def column_patterns(draw: st.DrawFn) -> str:
    columns = []
    rest = draw(st.integers(-3, 4))
    for number in range(draw(st.integers(1, 4))):
        if number == rest:
            columns.append("...")
            continue
        name = f"c{number}"
        test = (equalities | orders).map(name.__add__)
        columns.append(draw(st.just(name) | st.just("") | joined(test)))
    return "[" + ",".join(columns) + "]"


terms = st.builds(
    str.__add__,
    st.sampled_from(["", "", "?", "-"]),
    st.sampled_from(["ERROR", "WARN", "a", "404"]) | words.map(phrase) | regexes,
)
text_patterns = st.lists(terms, max_size=4).map(" ".join)

scalars: st.SearchStrategy[Any] = (
    words
    | st.sampled_from(["ERR", "404", "4040", " 404 ", "+404", "0x1", "1_0", "inf", "4.04e2"])
    | st.integers(-6, 6)
    | st.sampled_from([404, 404.0, 2.5, 1000, 0.5, 9007199254740993, 1e-7, True, False, None])
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=6,
)
json_messages = st.builds(
    lambda document, ascii_, left: left + json.dumps(document, ensure_ascii=ascii_),
    st.fixed_dictionaries({"a": scalars}, optional={name: documents for name in NAMES[1:]})
    | st.fixed_dictionaries({"a": documents}, optional={name: scalars for name in NAMES[1:]})
    | st.lists(documents, max_size=3),
    st.booleans(),
    st.sampled_from(["", "", "", " ", "\n\t", "x "]),
)
text_messages = st.lists(
    st.sampled_from([*WORDS, " ", "\t", "[", "]", '"', "a b", "[x]", '"y z"', "\n", "{", "12"]),
    max_size=8,
).map("".join) | st.lists(words, max_size=4).map(" ".join)
messages = st.lists(json_messages | text_messages, min_size=1, max_size=6)


def table(texts: list[str]) -> pa.Table:
    return pa.table({"@message": pa.array(texts, pa.string())})


@pytest.mark.parametrize(
    "patterns", [text_patterns, json_patterns, column_patterns()], ids=["text", "json", "columns"]
)
def test_sql_and_plain_python_agree(patterns: st.SearchStrategy[str]) -> None:
    @SMALL
    @given(patterns, messages)
    def check(text: str, texts: list[str]) -> None:
        pattern = parse_pattern(text)
        wanted = [pattern_reference.matches(pattern, message) for message in texts]

        assert matches(pattern, table(texts)).to_pylist() == wanted
        found = extract(pattern, texts)
        assert [m.event_number for m in found] == [n for n, hit in enumerate(wanted, 1) if hit]
        for match in found:
            assert all(required in match.message for required in required_texts(pattern))

    check()


@SMALL
@given(text_messages)
def test_a_message_is_cut_into_the_columns_of_the_specification(message: str) -> None:
    (match,) = extract(parse_pattern("[]"), [message])

    assert list(match.extracted.values()) == pattern_reference.cut(message)


@settings(SMALL, max_examples=30)
@given(st.lists(text_patterns | json_patterns | column_patterns(), max_size=5), messages)
def test_several_filters_at_once_find_what_each_finds_alone(
    written: list[str], texts: list[str]
) -> None:
    patterns = [parse_pattern(text) for text in written]
    found = compile_filters([Filter(pattern, "2") for pattern in patterns]).run(table(texts))

    for pattern, each in zip(patterns, found, strict=True):
        assert each.matches.equals(matches(pattern, table(texts)))
        assert each.values is not None
        assert each.values.to_pylist() == [2.0 if hit else None for hit in each.matches.to_pylist()]


def hostile() -> list[str]:
    chance = random.Random(7)
    parts = [
        *PARTS,
        "{ $.a = ",
        "[a, ",
        "%",
        '"',
        "?",
        "-",
        " && ",
        " || ",
        "$.x",
        "]",
        "}",
        "*",
        " ",
    ]
    made = list(PARTS)
    for _ in range(1500):
        middle = "".join(chance.choices(parts, k=chance.randrange(1, 6)))
        made.append(chance.choice(["{} ", "{{ $.a = {} }}", "[a = {}]", '"{}"', "%{}%",
                                   '{{ $.a = "{}" }}', "{{ $.['{}'] = 1 }}", "[{}, ...]"])
                    .format(middle))  # fmt: skip
    return made


def test_hostile_texts_are_patterns_or_refused_with_their_place() -> None:
    texts = [*PARTS, '{"a": "x"}', '{"a":[1,{"b":null}]}', "[ [ [", '" " "', "{", '{"a":1']
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    batch, accepted = table(texts), 0
    for text in hostile():
        try:
            pattern = parse_pattern(text)
        except InvalidPattern as error:
            assert error.span is not None
            assert 0 <= error.span.start <= error.span.end <= max(len(text), error.span.start)
            assert error.hint
            continue
        accepted += 1
        if accepted % 5 == 0:
            wanted = [pattern_reference.matches(pattern, message) for message in texts]
            assert matches(pattern, batch).to_pylist() == wanted, text
    assert accepted > 300


def test_hostile_references_are_refused_or_absent() -> None:
    for kind, text in ((Kind.JSON, "{ $.a = * }"), (Kind.SPACE, "[a, ...]"), (Kind.TEXT, "x")):
        pattern = parse_pattern(text)
        assert pattern.kind is kind
        for part in PARTS:
            for written in (part, f"$.{part}", f"$.['{part}']", f"${part}"):
                try:
                    compiled = compile_filters([Filter(pattern, written, {part: written})])
                except LogQError as error:
                    assert isinstance(error, InvalidValue | InvalidPattern)
                    continue
                compiled.run(table(["x", '{"a":1}']))


@pytest.mark.parametrize(
    "text",
    ["(" * 500 + "$.a=1", "{" + "(" * 500 + "$.a=1" + ")" * 500 + "}", "%" + "a*" * 400 + "%",
     "{" + "($.a=1&&" * 120 + "}", "[" + "a," * 500 + "]", "%" + ".{999}" * 100 + "%",
     "%" + "[a-z]{9}" * 120 + "%", "a " * 512, "[" + "a=1||" * 200 + "a=2]"],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_large_patterns_run_or_are_refused(text: str) -> None:
    try:
        pattern = parse_pattern(text)
    except InvalidPattern as error:
        assert error.span is not None
        return
    assert matches(pattern, table(['{"a":1}', "a"])).to_pylist() in (
        [True, False], [False, True], [False, False], [True, True]
    )  # fmt: skip


def test_the_deepest_pattern_compiles() -> None:
    text = "{" + "($.a=1&&($.b=2||" * 15 + "$.a=1" + "))" * 15 + "}"

    assert matches(parse_pattern(text), table(['{"a":1}', '{"a":2}'])).to_pylist() == [True, False]


@pytest.mark.parametrize("message", ["[ " * 100_000, '" ' * 100_001, "] " + "[ " * 100_000])
def test_cutting_columns_takes_time_in_proportion_to_the_message(message: str) -> None:
    pattern = parse_pattern("[a, ..., b]")

    assert matches(pattern, table([message])).to_pylist() == [True]


def test_one_compiled_set_may_run_in_many_threads() -> None:
    compiled = compile_filters([Filter(parse_pattern("ERROR")), Filter(parse_pattern("{$.a = 1}"))])
    wrong: list[int] = []

    def work(number: int) -> None:
        for size in range(1, 20):
            texts = [f"ERROR {number}"] * size + ['{"a":1}']
            first, second = compiled.run(table(texts))
            if (first.matches.true_count, second.matches.true_count) != (size, 1):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert not wrong
    assert not any(thread.is_alive() for thread in threads)


@SMALL
@given(
    st.lists(json_patterns, min_size=1, max_size=3),
    st.lists(
        st.fixed_dictionaries({"a": scalars}, optional={name: documents for name in NAMES[1:]}),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["$.a", "$.b", "$.list[0]", "$.['cluster.name']", "$.a.b"]),
)
def test_columns_of_a_shredded_batch_answer_as_its_messages(
    written: list[str], events: list[dict[str, Any]], reference: str
) -> None:
    raw = [json.dumps(event).encode() for event in events]
    batch = Parser().parse(raw, stream="s", arrival=NOW, reference=NOW).batch
    filters = [Filter(parse_pattern(text), reference, {"d": reference}) for text in written]
    compiled = compile_filters(filters)

    columns = compiled.run(batch)
    messages = compiled.run(table(batch.column("@message").to_pylist()))

    for one, other in zip(columns, messages, strict=True):
        assert one.matches.equals(other.matches)
        assert one.values is not None and other.values is not None
        assert one.values.to_pylist() == other.values.to_pylist()
        assert one.dimensions["d"].to_pylist() == other.dimensions["d"].to_pylist()


def test_a_compiled_set_may_see_batches_of_any_shape_one_after_another() -> None:
    compiled = compile_filters([Filter(parse_pattern('{ $.a = 1 || $.b = "x" }'), "$.a")])
    shapes = [
        ['{"a":1}', '{"a":2}'],
        ['{"a":"1"}', '{"b":"x"}'],
        ["no", '{"a":1}', "{"],
        ['{"a":1.0,"b":{"c":1}}'],
        ['{"b":"x","a":null}'],
        [],
    ]
    for _ in range(2):
        for shape in shapes:
            parsed = Parser().parse(
                [text.encode() for text in shape], stream="s", arrival=NOW, reference=NOW
            )
            wanted = compiled.run(table(shape))[0]
            for batch in (parsed.batch, parsed.batch.slice(1), table(shape)):
                (found,) = compiled.run(batch)
                assert found.matches.to_pylist() == wanted.matches.to_pylist()[-len(batch) or 99 :]
                assert found.values is not None and wanted.values is not None
                assert found.values.to_pylist() == wanted.values.to_pylist()[-len(batch) or 99 :]
    large = pa.table({"@message": pa.array(['{"a":1}', "x"], pa.large_string())})
    assert compiled.run(large)[0].matches.to_pylist() == [True, False]


def test_more_sets_than_are_kept_ready_still_run() -> None:
    for number in range(150):
        assert matches(parse_pattern(f"t{number}"), table([f"t{number}", "x"]))[0].as_py()
