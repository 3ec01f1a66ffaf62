"""Numbers, times, JSON and booleans as text and as JSON."""

from __future__ import annotations

import math
from datetime import UTC
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logq.units import format_time
from logq.values import cell_writer, json_writer, number_text, time_writer
from tests.renderers.drawn import NOON


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (3.0, "3"),
        (200, "200"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (1.5e-6, "0.0000015"),
        (-2.5e-5, "-0.000025"),
        (9.99e-7, "9.99e-7"),
        (1e20, "100000000000000000000"),
        (1e21, "1e21"),
        (1.5e300, "1.5e300"),
        (123456.789, "123456.789"),
        (2**53 + 1, "9007199254740993"),
        (10**30, "1" + "0" * 30),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
    ],
)
def test_a_number_is_written_shortest_and_without_a_needless_point(
    value: float, text: str | None
) -> None:
    assert number_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_reads_back_exactly(value: float) -> None:
    text = number_text(value)

    assert text is not None
    assert float(text) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_json_holds_the_same_digits_as_a_cell(value: float) -> None:
    convert = json_writer("number", UTC)
    assert convert is not None

    written = orjson.dumps(convert(value)).decode()

    assert float(written) == value
    if abs(value) >= 1e-4 or value == 0:
        assert written == number_text(value) or "e" in written


def test_integers_of_any_size_stay_exact_in_json() -> None:
    convert = json_writer("integer", UTC)
    assert convert is not None

    assert orjson.dumps([convert(2**53 + 1), convert(-(2**63)), convert(10**25)]) == (
        b"[9007199254740993,-9223372036854775808,10000000000000000000000000]"
    )


@given(st.integers(-62_000_000_000_000, 250_000_000_000_000))
def test_the_quick_time_writer_agrees_with_the_plain_one(epoch_ms: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")

    assert time_writer(UTC)(epoch_ms) == format_time(epoch_ms)
    assert time_writer(berlin)(epoch_ms) == format_time(epoch_ms, berlin)


def test_a_time_beyond_the_calendar_is_written_as_a_number() -> None:
    assert time_writer(UTC)(10**18) == str(10**18)


@pytest.mark.parametrize(
    ("json", "cell", "value"),
    [
        ('"abc"', "abc", "abc"),
        ("200", "200", 200),
        ("2.0", "2", 2),
        ("true", "1", True),
        ('{"a": [1, 2]}', '{"a":[1,2]}', {"a": [1, 2]}),
        ("not json", "not json", "not json"),
        ("null", "", None),
    ],
)
def test_json_text_is_decoded(json: str, cell: str, value: object) -> None:
    convert = json_writer("dynamic", UTC)
    assert convert is not None

    assert cell_writer("dynamic", UTC)(json) == cell
    assert convert(json) == value


def test_long_integers_inside_json_stay_exact() -> None:
    text = '{"id": 123456789012345678901234567890}'
    convert = json_writer("json", UTC)
    assert convert is not None

    assert orjson.dumps(convert(text)) == b'{"id":123456789012345678901234567890}'
    assert cell_writer("json", UTC)(text) == '{"id":123456789012345678901234567890}'


def test_times_are_written_in_the_zone_asked_for() -> None:
    assert cell_writer("timestamp", UTC)(NOON) == "2026-03-17 12:00:00.000"
    assert cell_writer("timestamp", ZoneInfo("Asia/Kolkata"))(NOON) == "2026-03-17 17:30:00.000"
