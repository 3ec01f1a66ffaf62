"""Templates of lines: how well they group, and what must hold for any lines."""

from __future__ import annotations

import csv
import random
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logq.errors import WrongArguments
from logq.query.earlier import earlier
from logq.query.environment import Moment
from logq.query.nodes import Duration
from logq.query.templates import counting
from logq.query.templates.anomalies import amount
from logq.query.templates.counting import Counting, Pattern
from logq.query.templates.miner import mine, plain
from logq.query.templates.summary import related
from logq.query.templates.template import Sample, severity
from logq.query.templates.tokens import MASKED, MOST_CHARS, chunks, kind_of
from logq.units import format_time, parse_time
from tests.query.layouts import START, ask, lay_out, over

LABELLED = Path(__file__).parents[2] / "../shared/data/loghub"
SYSTEMS = ("Android", "Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Spark", "Zookeeper")
ENOUGH = 0.85


def shapes(lines: Sequence[str]) -> dict[tuple[str, bool], list[str]]:
    """The lines by what SQL tells them apart by, the most frequent shape first."""
    masked = re.compile(MASKED)
    found: defaultdict[tuple[str, bool], list[str]] = defaultdict(list)
    for line in lines:
        found[masked.sub("0", line[:MOST_CHARS]), len(line) > MOST_CHARS].append(line)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def count(lines: Sequence[str]) -> list[Pattern]:
    """The patterns of lines, every line being a sample."""
    counted = Counting()
    for members in shapes(lines).values():
        samples = [Sample(line[: MOST_CHARS + 1], None, 0, 1.0) for line in members]
        counted.add(samples[0].text, (len(members), 0), (len(members),), samples)
    return counted.patterns()


def texts(lines: Sequence[str]) -> dict[str, int]:
    """How many lines each pattern has."""
    return {pattern.template.text: pattern.counts[0] for pattern in count(lines)}


# ---- labelled lines of real systems


def groups(lines: Sequence[str]) -> list[object]:
    """The template of each line."""
    found = {members[0]: plain(chunks(members[0])) for members in shapes(lines).values()}
    templates = mine(set(found.values()))
    of = {
        line: templates[found[members[0]]] for members in shapes(lines).values() for line in members
    }
    return [of[line] for line in lines]


def accuracy(found: Sequence[object], labels: Sequence[object]) -> float:
    """The share of lines whose group has exactly the lines that have their label."""

    def members(names: Sequence[object]) -> dict[object, frozenset[int]]:
        sets: defaultdict[object, set[int]] = defaultdict(set)
        for number, name in enumerate(names):
            sets[name].add(number)
        return {name: frozenset(numbers) for name, numbers in sets.items()}

    wanted = set(members(labels).values())
    return sum(len(g) for g in members(found).values() if g in wanted) / len(labels)


def labelled(system: str) -> tuple[list[str], list[str], list[str]]:
    """What the lines say, the whole lines, and their labels."""
    if not LABELLED.is_dir():
        pytest.skip(f"no labelled lines at {LABELLED}")
    with (LABELLED / f"{system}_2k.log_structured.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    raw = (LABELLED / f"{system}_2k.log").read_text(encoding="utf-8").splitlines()
    return [row["Content"] for row in rows], raw, [row["EventId"] for row in rows]


@pytest.mark.parametrize("part", [0, 1], ids=["messages", "whole lines"])
def test_lines_of_real_systems_are_grouped_as_people_grouped_them(part: int) -> None:
    found = {}
    for system in SYSTEMS:
        lines = labelled(system)
        found[system] = accuracy(groups(lines[part]), lines[2])

    assert sum(found.values()) / len(found) >= ENOUGH, found
    assert min(found.values()) >= 0.5, found


def test_a_query_counts_every_line_of_a_real_system(tmp_path: Path) -> None:
    lines = labelled("HDFS")[1]
    queries = over(lay_out(tmp_path, "segments", lines))

    rows = ask(queries, "pattern @message | display @pattern, @sampleCount, @ratio, @regexString")

    assert sum(row["@sampleCount"] for row in rows) == len(lines)
    assert sum(row["@ratio"] for row in rows) == pytest.approx(1)
    assert 10 <= len(rows) <= 20  # people found 14
    patterns = [re2.compile(row["@regexString"]) for row in rows]
    assert all(any(p.match(line) for p in patterns) for line in lines)


# ---- any lines


WORDS = ["INFO", "user", "ann", "bob", "cas", "dan", "eve", "to", "from", "status=200", "a=b"]
VALUES = ["7", "10.0.0.1", "1f3c", "x1y2", "2026-01-05", "12:30:01", "/var/log/a.log", "3ms", "()"]
SIGNS = [
    '"',
    "(",
    "[7]",
    ", ",
    "=",
    "\n",
    "\t",
    "\0",
    "\x0b",
    "<b>",
    "ä",
    "😀",
    "\\",
    "$",
    "*",
    "%",
]
LINE = st.lists(st.sampled_from([*WORDS, *VALUES, *SIGNS, " ", "  "]), max_size=9).map(" ".join)
TIGHT = st.lists(st.sampled_from([*WORDS, *VALUES, *SIGNS, " "]), max_size=9).map("".join)
LINES = st.lists(st.one_of(LINE, TIGHT), min_size=1, max_size=40)


def bounded(examples: int) -> Callable[[Any], Any]:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, suppress_health_check=checks)


@bounded(60)
@given(LINES)
def test_every_line_matches_the_regular_expression_of_its_pattern(lines: list[str]) -> None:
    found = count(lines)

    assert sum(pattern.counts[0] for pattern in found) == len(lines)
    for pattern in found:
        expression = re2.compile(pattern.template.regex)
        assert len(pattern.samples) == pattern.counts[0]
        for sample in pattern.samples:
            assert expression.match(sample.text), (pattern.template.regex, sample.text)


@bounded(40)
@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_nothing(lines: list[str], chance: random.Random) -> None:
    before = texts(lines)
    chance.shuffle(lines)

    assert texts(lines) == before


@bounded(8)
@given(st.lists(TIGHT.filter(lambda line: "\n" not in line), min_size=1, max_size=15))
def test_a_query_gives_the_same_patterns_in_any_order_of_arrival(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    stamped = [
        f"{format_time(START + number).replace(' ', 'T')}Z {line}"
        for number, line in enumerate(lines)
    ]
    text = "pattern @message"
    answers = [
        ask(over(lay_out(tmp_path_factory.mktemp("lines"), "segments", some)), text)
        for some in (stamped, stamped[::-1])
    ]

    assert answers[0] == answers[1]
    assert sum(row["@sampleCount"] for row in answers[0]) == len(lines)


def test_a_pattern_is_text_whatever_the_lines_hold(tmp_path: Path) -> None:
    stamp = "2026-01-05T10:00:00Z"
    hostile = (
        f"{stamp} '; drop table x; -- <script>alert(1)</script> \x1b[31m (?P<x> {{{{y}}}} $1 7"
    )
    queries = over(lay_out(tmp_path, "journal", [hostile]))

    (row,) = ask(queries, "pattern @message")

    assert row["@pattern"] == (  # 31m might be a duration
        "<Time-1> '; drop table x; -- <script>alert(<Number-2>)</script> \x1b[<Duration-3> "
        "(?P<x> {{y}} $<Number-4> <Number-5>"
    )
    assert re2.compile(row["@regexString"]).match(hostile)
    assert row["@logSamples"][0]["message"] == hostile


@pytest.mark.parametrize("tail", ["x" * 9000, " y7" * 3000, ",z" * 5000, "1" * 9000])
def test_of_a_long_line_only_the_beginning_counts(tail: str) -> None:
    lines = [f"job {n} said {tail}{n}" for n in range(5)]

    (pattern,) = count(lines)

    assert pattern.counts[0] == 5
    assert len(pattern.template.text) <= MOST_CHARS + 1000
    assert len(pattern.template.tokens) <= 130
    assert all(re2.compile(pattern.template.regex).match(line) for line in lines)


def test_templates_beyond_the_limit_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "SHAPES", 7)
    monkeypatch.setattr(counting, "TEMPLATES", 5)
    rng = random.Random(1)
    syllables = ["ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "so", "tu"]
    lines = [
        " ".join("".join(rng.choices(syllables, k=3)) for _ in range(rng.randrange(1, 7)))
        for _ in range(200)
    ] + ["job 7 is done"] * 50

    found = texts(lines)

    assert len(found) <= 6
    assert sum(found.values()) == 250
    assert found["job <Number-1> is done"] == 50
    assert found["<Text-1>"] >= 100


# ---- what an engineer expects


def test_names_that_vary_are_values_and_words_that_do_not_are_not() -> None:
    users = [f"INFO user {name} logged in" for name in ("ann", "bob", "cas", "dan", "eve")]
    services = [f"the database connection was {what}" for what in ("opened", "closed", "lost")]

    assert texts(users + services) == {
        "INFO user <Token-1> logged in": 5,
        "the database connection was closed": 1,
        "the database connection was lost": 1,
        "the database connection was opened": 1,
    }


def test_several_names_at_once_are_values_too() -> None:
    rng = random.Random(5)
    names = [f"{a}{b}" for a in ("an", "bo", "ca", "do", "eve") for b in ("na", "ris", "la", "t")]
    lines = [f"user {rng.choice(names)} bought {rng.choice(names)} today" for _ in range(40)]

    assert texts(lines) == {"user <Token-1> bought <Token-2> today": 40}


def test_the_severity_is_never_a_value() -> None:
    levels = ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")

    found = texts([f"{level} the cache of the shop is full" for level in levels])

    assert sorted(found) == sorted(f"{level} the cache of the shop is full" for level in levels)


def test_keys_of_json_stay_and_their_values_do_not() -> None:
    lines = [
        f'{{"level":"INFO","user":"{name}","ms":{n},"msg":"logged in"}}'
        for n, name in enumerate(["ann", "bob", "cas", "dan"])
    ]

    assert texts(lines) == {
        '{"level":"INFO","user":"<Token-1>","ms":<Number-2>,"msg":"logged in"}': 4
    }


def test_a_word_that_ends_in_a_digit_stays_if_it_never_changes() -> None:
    assert texts(["port 22 ssh2", "port 23 ssh2"]) == {"port <Number-1> ssh2": 2}
    assert texts(["port 22 ssh2", "port 23 ssh1"]) == {"port <Number-1> <Token-2>": 2}


KINDS: Mapping[str, Sequence[str]] = {
    "Time": [
        "2026-01-05T10:00:00.123Z",
        "10:00:00",
        "Dec 10 06:55:46",
        "05/Jan/2026:10:00:00 +0100",
    ],
    "Date": ["2026-01-05", "01/05/2026"],
    "IP": ["10.0.0.1", "192.168.1.1:8080", "fe80::1:2:3"],
    "UUID": ["550e8400-e29b-41d4-a716-446655440000"],
    "Hex": ["0x1f", "9f4ef63a"],
    "Number": ["7", "-12.5", "+3"],
    "Path": ["/var/log/syslog", "~/x/y", "C:\\Windows\\x.dll"],
    "URL": ["https://a.example/x?y=1", "s3://bucket/key"],
    "Email": ["a.b+c@example.org"],
    "Duration": ["12ms", "1.5s", "3 minutes"],
    "Size": ["2.5 MB", "17KiB"],
    "Token": ["x1y2z3", "node-7-b"],
    "Text": ["said so"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_of_the_kind_that_all_of_them_are_of(kind: str) -> None:
    for value in KINDS[kind]:
        assert kind_of([value]) == kind, value
    assert kind_of(list(KINDS[kind])) == kind


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("Token", "Text")])
def test_values_are_found_inside_a_line(kind: str) -> None:
    for value in KINDS[kind]:
        assert list(texts([f"took ({value}) so"])) == [f"took (<{kind}-1>) so"], value


@pytest.mark.parametrize(
    ("pattern", "label"),
    [
        ("<Time-1> FATAL <Token-2>", "Fatal"),
        ("kernel panic", "Fatal"),
        ("IOException in x", "Error"),
        ("an error, no warning", "Error"),
        ("Warning: x", "Warning"),
        ("DEBUG x", "Debug"),
        ("retraced", "Info"),
        ("hello", "Info"),
    ],
)
def test_the_severity_goes_by_the_words_of_the_pattern(pattern: str, label: str) -> None:
    assert severity(pattern) == label


def test_patterns_at_the_same_times_are_related() -> None:
    counted = Counting()
    for line, buckets in {"one a": (9, 1), "two b": (8, 2), "three c": (0, 5)}.items():
        counted.add(line, (sum(buckets), 0), buckets, [Sample(line, None, 0, 1.0)])
    found = counted.patterns()
    ids = {pattern.template.text: pattern.template.id for pattern in found}

    near = related(found)

    assert near[ids["one a"]] == [ids["two b"]]
    assert near[ids["two b"]] == [ids["one a"]]
    assert near[ids["three c"]] == []


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("12", 12), ("-1.5", -1.5), ("2s", 2000), ("3 minutes", 180_000), ("2KB", 2048), ("1 B", 1)],
)
def test_amounts_with_units_are_comparable(value: str, wanted: float) -> None:
    assert amount(value) == wanted


# ---- the earlier time


def at(text: str) -> int:
    return parse_time(text, 0)


@pytest.mark.parametrize(
    ("back", "start", "end"),
    [
        (None, "2026-03-31T09:00:00Z", "2026-03-31T09:59:59.999Z"),
        (Duration(1, "d"), "2026-03-30T10:00:00Z", "2026-03-30T10:59:59.999Z"),
        (Duration(1, "w"), "2026-03-24T10:00:00Z", "2026-03-24T10:59:59.999Z"),
        (Duration(1, "mo"), "2026-02-28T10:00:00Z", "2026-02-28T10:59:59.999Z"),
        (Duration(1, "q"), "2025-12-31T10:00:00Z", "2025-12-31T10:59:59.999Z"),
        (Duration(2, "y"), "2024-03-31T10:00:00Z", "2024-03-31T10:59:59.999Z"),
    ],
    ids=["before", "day", "week", "month", "quarter", "years"],
)
def test_the_earlier_time_is_as_long(back: Duration | None, start: str, end: str) -> None:
    now = Moment(at("2026-04-01"), at("2026-03-31T10:00:00Z"), at("2026-03-31T10:59:59.999Z"))

    found = earlier(now, back)

    assert (found.start, found.end) == (at(start), at(end))


def test_a_query_without_an_end_ends_now() -> None:
    found = earlier(Moment(now=5000, start=3001), None)

    assert (found.start, found.end) == (1001, 3000)


def test_a_query_without_a_start_has_no_earlier_time() -> None:
    with pytest.raises(WrongArguments, match="no time range"):
        earlier(Moment(now=5000), None)
