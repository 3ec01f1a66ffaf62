"""Times: a truth table, and properties over every shape."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.ingest.format import Context
from logq.ingest.time_shapes import SHAPES
from logq.ingest.timestamps import find_timestamps, parse_timestamps

TABLES = tomllib.loads((Path(__file__).parent / "timestamps.toml").read_text("utf-8"))["table"]
REFERENCE = 1_767_614_400_000  # 2026-01-05 12:00
CONTEXT = Context(REFERENCE, UTC, REFERENCE)
ROWS = [
    pytest.param(table, text, time, id=f"{table['name']}: {text}")
    for table in TABLES
    for text, time in table["rows"]
]


def milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def shown(value: int | None) -> str:
    if value is None:
        return ""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read(values: pa.Array, context: Context = CONTEXT) -> list[int | None]:
    times = parse_timestamps(values, context)
    assert times.type == pa.timestamp("ms")
    found: list[int | None] = times.cast(pa.int64()).to_pylist()
    return found


def context_of(table: dict[str, Any]) -> Context:
    zone = UTC if table["zone"] == "UTC" else ZoneInfo(table["zone"])
    return Context(REFERENCE, zone, table["reference"])


def test_the_truth_table_has_at_least_200_rows() -> None:
    assert len(ROWS) >= 200


@pytest.mark.parametrize(("table", "text", "time"), ROWS)
def test_a_text_is_the_time_that_the_table_says(
    table: dict[str, Any], text: str, time: str
) -> None:
    assert shown(read(pa.array([text]), context_of(table))[0]) == time


@pytest.mark.parametrize("table", TABLES, ids=[table["name"] for table in TABLES])
def test_a_block_of_texts_is_read_like_each_text_alone(table: dict[str, Any]) -> None:
    texts = [text for text, _ in table["rows"]] * 3

    assert [shown(value) for value in read(pa.array(texts), context_of(table))] == [
        time for _, time in table["rows"]
    ] * 3


def test_a_null_stays_a_null() -> None:
    assert read(pa.array([None, "2026-01-05T10:00:00Z", None])) == [None, 1_767_607_200_000, None]
    assert read(pa.nulls(2)) == [None, None]
    assert read(pa.nulls(2, pa.string())) == [None, None]
    assert read(pa.array([], pa.string())) == []


def test_whole_numbers_are_read_by_magnitude() -> None:
    numbers = [5, -1, 1_767_607_200, 1_767_607_200_123, 1_767_607_200_123_456, 2**63 - 1, None]

    assert read(pa.array([*numbers, 1_767_607_200_123_456_789], pa.int64())) == [
        None,
        None,
        1_767_607_200_000,
        1_767_607_200_123,
        1_767_607_200_123,
        None,
        None,
        1_767_607_200_123,
    ]


def test_fractions_of_seconds_in_doubles_do_not_lose_a_millisecond() -> None:
    numbers = [1_767_607_200 + thousandth / 1000 for thousandth in range(1000)]

    assert read(pa.array(numbers)) == [1_767_607_200_000 + thousandth for thousandth in range(1000)]


def test_absurd_doubles_are_no_times() -> None:
    assert read(pa.array([0.123, float("nan"), float("inf"), -1e18, 1e300, None])) == [None] * 6


def test_columns_of_other_types_are_no_times() -> None:
    assert read(pa.array([True, False])) == [None, None]
    assert read(pa.array([[1]], pa.list_(pa.int64()))) == [None]


def test_dictionaries_and_chunks_and_timestamps_are_read_like_plain_columns() -> None:
    text = pa.array(["2026-01-05T10:00:00.5Z", None])

    assert read(text.dictionary_encode()) == [1_767_607_200_500, None]
    assert read(pa.chunked_array([text, text])) == [1_767_607_200_500, None] * 2
    assert read(pa.array([datetime(2026, 1, 5, 10)], pa.timestamp("us"))) == [1_767_607_200_000]


def test_one_bad_text_does_not_spoil_its_block() -> None:
    texts = ["2026-01-05T10:00:00.123Z"] * 5000
    texts[4000] = "2026-02-30T10:00:00.123Z"
    texts[4001] = "Jan  5 10:00:00"

    found = read(pa.array(texts))

    assert found[4000] is None
    assert found[4001] == 1_767_607_200_000
    assert found.count(1_767_607_200_123) == 4998


# ---- properties

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))
NEAR = st.datetimes(datetime(2025, 3, 1), datetime(2026, 1, 25), timezones=st.just(UTC))
OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
SECONDS: dict[str, str] = {
    "iso Z": "%Y-%m-%dT%H:%M:%SZ",
    "blank": "%Y-%m-%d %H:%M:%S",
    "slashes": "%Y/%m/%d %H:%M:%S",
    "clf": "%d/%b/%Y:%H:%M:%S +0000",
    "asctime": "%a %b %d %H:%M:%S %Y",
    "rfc 822": "%a, %d %b %Y %H:%M:%S GMT",
    "american": "%b %d, %Y %I:%M:%S %p",
    "dots": "%Y-%m-%d-%H.%M.%S",
    "compact": "%Y%m%dT%H%M%SZ",
    "german": "%d.%m.%Y %H:%M:%S",
}


@pytest.mark.parametrize("layout", SECONDS.values(), ids=SECONDS)
@settings(max_examples=20, deadline=None)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=20))
def test_any_time_comes_back_from_every_shape(layout: str, moments: list[datetime]) -> None:
    whole = [moment.replace(microsecond=0) for moment in moments]
    expected = [milliseconds(moment) for moment in whole]
    texts = [moment.strftime(layout) for moment in whole]

    assert read(pa.array(texts)) == expected
    lines = pa.array([f"[{text}] something else 12:13:14" for text in texts])
    assert find_timestamps(lines, CONTEXT).cast(pa.int64()).to_pylist() == expected


@settings(max_examples=100, deadline=None)
@given(moment=MOMENTS, zone=OFFSETS, digits=st.integers(0, 9), comma=st.booleans())
def test_iso_times_come_back_with_any_offset_and_fraction(
    moment: datetime, zone: timezone, digits: int, comma: bool
) -> None:
    local = moment.astimezone(zone)
    fraction = f"{local.microsecond:06d}123"[:digits]
    sign = local.strftime("%z")
    text = f"{local:%Y-%m-%dT%H:%M:%S}" + ("," if comma else ".") * (digits > 0) + fraction
    expected = milliseconds(moment.replace(microsecond=0)) + int((fraction + "000")[:3])

    assert read(pa.array([text + sign, f"{text}{sign[:3]}:{sign[3:]}"])) == [expected] * 2


@pytest.mark.parametrize("layout", ["%b %d %H:%M:%S", "%m-%d %H:%M:%S", "%m%d %H:%M:%S.0"])
@settings(max_examples=20, deadline=None)
@given(moment=NEAR)
def test_a_time_without_its_year_comes_back_near_the_reference(
    layout: str, moment: datetime
) -> None:
    whole = moment.replace(microsecond=0)

    assert read(pa.array([whole.strftime(layout)])) == [milliseconds(whole)]


@settings(max_examples=20, deadline=None)
@given(st.lists(MOMENTS.map(milliseconds).filter(lambda ms: ms >= 10**11), max_size=20))
def test_numbers_in_every_unit_come_back(moments: list[int]) -> None:
    for factor, unit in ((1, "ms"), (1000, "us"), (1_000_000, "ns")):
        numbers = [moment * factor for moment in moments]
        assert read(pa.array(numbers, pa.int64())) == moments, unit
        assert read(pa.array([str(number) for number in numbers], pa.string())) == moments, unit
    assert read(pa.array([moment // 1000 for moment in moments], pa.int64())) == [
        moment // 1000 * 1000 for moment in moments
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@settings(max_examples=20, deadline=None)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=10))
def test_local_times_are_read_as_the_zone_says(zone: str, moments: list[datetime]) -> None:
    local = [moment.replace(tzinfo=None, microsecond=0) for moment in moments]
    context = Context(REFERENCE, ZoneInfo(zone), REFERENCE)
    expected = [milliseconds(moment.replace(tzinfo=ZoneInfo(zone))) for moment in local]

    assert read(pa.array([f"{moment:%Y-%m-%d %H:%M:%S}" for moment in local]), context) == expected


PIECES = st.one_of(
    st.text(max_size=30),
    st.sampled_from([text for table in TABLES for text, _ in table["rows"]]),
    st.text(alphabet="0123456789-/:., TZ+", max_size=30),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), PIECES), max_size=8))
def test_arbitrary_texts_never_raise_and_neighbours_do_not_matter(texts: list[str | None]) -> None:
    together = read(pa.array(texts, pa.string()))

    assert together == [read(pa.array([text], pa.string()))[0] for text in texts]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=4).map(" ".join), max_size=8))
def test_arbitrary_lines_never_raise_and_neighbours_do_not_matter(lines: list[str]) -> None:
    together = find_timestamps(pa.array(lines, pa.string()), CONTEXT).to_pylist()

    alone = [find_timestamps(pa.array([line]), CONTEXT)[0].as_py() for line in lines]
    assert together == alone


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("started at 2026-01-05T10:00:00Z, ended at 2026-01-06T10:00:00Z", "2026-01-05T10:00:00"),
        ("Jul 17 15:09:16 host ftpd: at Sun Jul 17 15:09:16 2005", "2025-07-17T15:09:16"),
        ("10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] x", "2000-10-10T20:55:36"),
        ("1767607200.250 hello", "2026-01-05T10:00:00.25"),
        ("type=SYSCALL msg=audit(1767607200.250:24287): x", "2026-01-05T10:00:00.25"),
        ("- 1117838570 2005.06.03 R02", "2005-06-03T22:42:50"),
        ("2026-01-05 10:00:00 -12 items", "2026-01-05T10:00:00"),
        ("2026-01-05 10:00:00 - INFO", "2026-01-05T10:00:00"),
        ("order 1767607200 is no time", None),
        ("version 1.2.3 of 10.0.0.1:8080", None),
        ("x" * 300 + " 2026-01-05T10:00:00Z", None),
        ("\x00\u202e 2026-01-05T10:00:00Z", "2026-01-05T10:00:00"),
    ],
)
def test_the_leftmost_time_of_a_line_counts(line: str, time: str | None) -> None:
    found = find_timestamps(pa.array([line]), CONTEXT)[0].as_py()

    assert found == (None if time is None else datetime.fromisoformat(time))


def test_a_line_of_a_megabyte_is_searched_only_at_its_beginning() -> None:
    lines = pa.array(["2026-01-05T10:00:00Z " + "x" * 1_000_000, "y" * 1_000_000])

    found: Callable[[], list[Any]] = find_timestamps(lines, CONTEXT).to_pylist
    assert found() == [datetime(2026, 1, 5, 10), None]


def test_shapes_have_different_names() -> None:
    assert len({shape.name for shape in SHAPES}) == len(SHAPES)
