"""Joining lines to events: presets, blocks, caps, timers, interleaved streams."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.errors import InvalidValue
from logq.ingest.multiline import Caps, Event, Joiner, boundary, join_block
from logq.ingest.trace import PRESETS, preset_named

TRACES = Path(__file__).parent / "traces"
LANGUAGES = ("java", "python", "go", "node", "dotnet", "ruby")


def expected_events(language: str) -> list[str]:
    """The events of a file of traces, which are parted by lines of only ``%%``."""
    text = (TRACES / f"{language}.txt").read_text("utf-8").removesuffix("\n")
    return [event.strip("\n") for event in text.split("\n%%\n")]


def lines_of(events: list[str]) -> list[str]:
    return "\n".join(events).split("\n")


def joined(lines: list[str], preset: str, caps: Caps = Caps()) -> list[str]:  # noqa: B008
    found: list[str] = join_block(pa.array(lines), preset, caps=caps, last=True).events.to_pylist()
    return found


# ---- presets


@pytest.mark.parametrize("preset", ["own", "auto"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_traces_of_a_language_are_joined(language: str, preset: str) -> None:
    events = expected_events(language)

    assert joined(lines_of(events), language if preset == "own" else preset) == events


@pytest.mark.parametrize("language", LANGUAGES)
def test_traces_are_joined_from_blocks_cut_anywhere(language: str) -> None:
    events = expected_events(language)
    lines = lines_of(events)
    for size in (1, 2, 3, 7):
        carry, found = pa.array([], pa.string()), []
        for start in range(0, len(lines), size):
            block = join_block(pa.array(lines[start : start + size]), language, carry=carry)
            carry = block.carry
            found += block.events.to_pylist()
        found += join_block(pa.array([], pa.string()), language, carry=carry, last=True).events
        assert [str(event) for event in found] == events, size


@pytest.mark.parametrize("language", LANGUAGES)
def test_traces_are_joined_from_single_lines_with_their_offsets(language: str) -> None:
    events = expected_events(language)
    lines = [line.encode() for line in lines_of(events)]
    joiner, found, offset = Joiner("auto"), list[Event](), 0
    for line in lines:
        offset += len(line) + 1
        found += joiner.feed([line], [offset], now=0)
    found += joiner.flush()

    assert [event.text.decode() for event in found] == events
    assert found[-1].end == offset
    assert joiner.waiting == 0


def test_an_indented_line_with_a_time_of_its_own_is_an_event() -> None:
    lines = ["  2026-01-05 10:00:00 a", "  2026-01-05 10:00:01 b", "    c"]

    assert joined(lines, "auto") == [lines[0], f"{lines[1]}\n{lines[2]}"]


def test_blank_lines_inside_a_trace_stay_and_those_behind_it_go() -> None:
    lines = ["a", "", "", "b", "  c", "", "d", ""]

    assert joined(lines, "auto") == ["a", "b\n  c", "d"]


def test_lines_that_stand_alone_come_back_as_they_are() -> None:
    lines = pa.array(["a", "b", "", "c"])
    found = join_block(lines, "auto")

    assert [event for event in found.events.to_pylist() if event] == ["a", "b"]
    assert found.carry.to_pylist() == ["c"]


def test_bytes_that_are_no_utf_8_are_joined_unchanged() -> None:
    lines = pa.array([b"\xff\xfe a", b"\t\xff b\x00", b"c\r"], pa.binary())

    assert join_block(lines, "auto", last=True).events.to_pylist() == [
        b"\xff\xfe a\n\t\xff b\x00",
        b"c\r",
    ]


def test_a_pattern_of_ones_own_says_where_events_begin() -> None:
    assert joined(["junk", "#1 a", "b", "c", "#2 d"], r"^#\d") == ["junk", "#1 a\nb\nc", "#2 d"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [("jva", "did you mean 'java'"), ("zzz", "begins with ^"), ("^(", "RE2"), ("^(?=a)", "RE2")],
)
def test_an_unknown_preset_or_a_bad_pattern_is_refused(text: str, hint: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        preset_named(text)

    assert hint in (caught.value.hint or "")


def test_every_preset_is_described() -> None:
    assert set(LANGUAGES) < PRESETS.keys()
    assert all(preset.title for preset in PRESETS.values())


# ---- caps


def test_an_event_over_the_cap_of_lines_is_cut_and_counted() -> None:
    lines = ["start", *[f"  line {number}" for number in range(11)], "next"]
    found = join_block(pa.array(lines), "auto", caps=Caps(lines=5), last=True)

    assert [event.count("\n") + 1 for event in found.events.to_pylist()] == [5, 5, 2, 1]
    assert found.cut == 2
    assert "\n".join(found.events.to_pylist()) == "\n".join(lines)


def test_an_event_over_the_cap_of_bytes_is_cut_and_one_long_line_is_not() -> None:
    lines = ["s", " " + "x" * 40, " " + "y" * 40, "z" * 500, " a"]
    found = join_block(pa.array(lines), "auto", caps=Caps(bytes=60), last=True)

    assert found.events.to_pylist() == [f"s\n{lines[1]}", lines[2], lines[3], lines[4]]
    assert found.cut == 2


def test_what_waits_never_grows_beyond_the_caps() -> None:
    joiner, events = Joiner("auto", max_lines=10), list[Event]()
    for number in range(1000):
        events += joiner.feed([b"  x"], [4 * number + 4], now=0)
        assert joiner.waiting <= 10
    events += joiner.flush()

    assert sum(event.text.count(b"\n") + 1 for event in events) == 1000
    assert sum(event.cut for event in events) == len(events) - 1


# ---- timers


def test_an_event_waits_for_the_next_until_its_time_is_up() -> None:
    joiner = Joiner("auto", timeout_ms=2000)

    assert joiner.feed([b"a"], [2], now=1000) == []
    assert joiner.flush_due(now=2999) == []
    assert joiner.flush_due(now=3000) == [Event(b"a", 2)]
    assert joiner.flush_due(now=9000) == []


def test_every_new_line_starts_the_time_anew() -> None:
    joiner = Joiner("auto", timeout_ms=2000)
    joiner.feed([b"a"], [2], now=0)
    for number in range(1, 6):
        joiner.feed([b" b"], [2 + 3 * number], now=1500 * number)
        assert joiner.flush_due(now=1500 * number + 1999) == []

    assert joiner.flush_due(now=9500) == [Event(b"a" + b"\n b" * 5, 17)]


def test_no_news_does_not_start_the_time_anew() -> None:
    joiner = Joiner("auto", timeout_ms=2000)
    joiner.feed([b"a"], [2], now=0)
    joiner.feed([], [], now=1900)

    assert joiner.flush_due(now=2000) == [Event(b"a", 2)]


# ---- containers


def cri(stream: str, text: str, flag: str = "F") -> str:
    return f"2026-01-05T10:00:00.1Z {stream} {flag} {text}"


def test_streams_of_a_container_are_joined_apart() -> None:
    lines = [
        cri("stdout", "java.lang.X: a"),
        cri("stderr", "one ", "P"),
        cri("stdout", "\tat b"),
        cri("stderr", "two"),
        cri("stdout", "\tat c"),
        cri("stdout", "next"),
    ]

    assert joined(lines, "cri") == [
        "\n".join((lines[0], lines[2], lines[4])),
        "\n".join((lines[1], lines[3])),
        lines[5],
    ]


def test_offsets_never_pass_a_line_that_is_not_out_yet() -> None:
    lines = [
        cri("stdout", "a"),
        cri("stderr", "b"),
        cri("stdout", " a2"),
        cri("stderr", " b2"),
        cri("stdout", "c"),
        cri("stderr", "d"),
    ]
    raw = [line.encode() for line in lines]
    ends = [sum(len(line) + 1 for line in raw[: number + 1]) for number in range(len(raw))]
    joiner, events = Joiner("cri"), list[Event]()
    for line, end in zip(raw, ends, strict=True):
        events += joiner.feed([line], [end], now=0)
    events += joiner.flush()

    assert [event.end for event in events] == [0, ends[3], ends[4], ends[5]]


def test_a_stream_that_fell_silent_does_not_hold_the_other_back() -> None:
    lines = [cri("stderr", "once"), *[cri("stdout", f"line {n}") for n in range(50)]]
    block = join_block(pa.array(lines), "cri", caps=Caps(lines=10))

    assert len(block.carry) == 1
    assert len(block.events) == 50


def test_lines_that_are_no_envelope_are_kept() -> None:
    lines = ["hello", cri("stdout", "a"), "  world", cri("stdout", "  b"), "{not docker"]

    assert sorted("\n".join(joined(lines, "cri")).split("\n")) == sorted(lines)
    assert sorted("\n".join(joined(lines, "docker")).split("\n")) == sorted(lines)


# ---- properties

LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "2026-01-05 event",
                "  indented",
                "\tat a.B.c(D.java:1)",
                "Caused by: x",
                "java.lang.X: y",
                "Traceback (most recent call last):",
                '  File "x"',
                "ValueError: z",
                "}",
                cri("stdout", "a"),
                cri("stdout", " b"),
                cri("stderr", "c", "P"),
                cri("stderr", "d"),
                '{"log":"a","stream":"stdout","time":"2026-01-05T10:00:00Z"}',
                '{"log":" b\\n","stream":"stderr","time":"2026-01-05T10:00:00Z"}',
            ]
        ),
        st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=9).map(
            lambda text: f"x{text}x"
        ),
    ),
    max_size=30,
)
SIZES = st.lists(st.integers(1, 9), min_size=1)
NAMES = st.sampled_from([*PRESETS, "^x"])


@settings(max_examples=100, deadline=None)
@given(
    lines=LINES, preset=NAMES, sizes=st.lists(st.integers(1, 9), min_size=1), cap=st.integers(1, 6)
)
def test_no_line_is_lost_or_doubled_however_blocks_fall(
    lines: list[str], preset: str, sizes: list[int], cap: int
) -> None:
    caps, found, carry, start = Caps(lines=cap), list[str](), pa.array([], pa.string()), 0
    while start < len(lines):
        size = sizes[start % len(sizes)]
        block = join_block(pa.array(lines[start : start + size]), preset, carry=carry, caps=caps)
        found += block.events.to_pylist()
        carry, start = block.carry, start + size
    found += join_block(
        pa.array([], pa.string()), preset, carry=carry, caps=caps, last=True
    ).events.to_pylist()

    assert sorted("\n".join(found).split("\n")) == sorted("\n".join(lines).split("\n"))


@settings(max_examples=100, deadline=None)
@given(lines=LINES, preset=NAMES)
def test_the_boundary_lies_where_the_carry_begins(lines: list[str], preset: str) -> None:
    data = b"".join(line.encode() + b"\n" for line in lines)
    carry = join_block(pa.array([line.encode() for line in lines], pa.binary()), preset).carry

    place = boundary(preset)(data)
    assert data[place:] == b"".join(line + b"\n" for line in carry.to_pylist())
