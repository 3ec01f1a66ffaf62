"""Statistics against a slow definition of each, and whatever way the samples came."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from logq.errors import InvalidValue
from logq.metrics.cells import Cell, Place
from logq.metrics.packing import SLOTS, pack, unpack
from logq.metrics.statistic import BASIC, statistic
from logq.metrics.summary import MOST_VALUES, Figures, Summary, bin_of, middle_of

EXACT = ("p0", "p50", "p99", "p99.9999999999", "p100", "PR(1:5)", "TC(:3)", "TC(10%:90%)")
CLOSE = ("Average", "IQM", "tm90", "TM(2:50)", "TM(:80%)", "ts25", "TS(3:)", "wm98", "WM(10%:50%)")
NUMBERS = st.one_of(
    st.integers(-20, 20).map(float),
    st.floats(-1e6, 1e6, allow_nan=False).filter(lambda number: abs(number) > 1e-6),
)


def summary_of(values: Sequence[float]) -> Summary:
    summary = Summary()
    for value in values:
        summary.add(value)
    return summary


def naive(name: str, values: Sequence[float]) -> float | None:
    """A statistic by its definition, over samples one by one."""
    ordered = sorted(values)
    n = len(ordered)

    def percentile(part: str) -> float:
        wanted = Fraction(part) * n / 100
        return next(v for at, v in enumerate(ordered, 1) if at >= wanted)

    def inside(first: str, last: str) -> list[tuple[float, Fraction]]:
        """Samples with the part of each that lies in the range."""
        found = []
        for at, value in enumerate(ordered):
            low, high = Fraction(at), Fraction(at + 1)
            for text, lower in ((first, True), (last, False)):
                if text.endswith("%"):
                    rank = Fraction(text[:-1]) * n / 100
                    low, high = (max(low, rank), high) if lower else (low, min(high, rank))
                elif text and (value > float(text)) != lower:
                    high = low
            if high > low:
                found.append((value, high - low))
        return found

    if name.startswith("p"):
        return percentile(name[1:])
    if name == "Average":
        return float(sum(map(Fraction, ordered)) / n)
    if name == "IQM":
        name = "TM(25%:75%)"
    if name[0].islower():
        name = f"{name[:2].upper()}(:{name[2:]}%)"
    first, last = name[3:-1].split(":")
    held = inside(first, last)
    count = sum(part for _, part in held)
    total = sum(Fraction(value) * part for value, part in held)
    match name[:2]:
        case "TC":
            return float(count)
        case "PR":
            return float(100 * count / n)
        case "TS":
            return float(total)
        case "TM":
            return float(total / count) if count else None
    low_rank = Fraction(first[:-1] or 0) * n / 100 if first.endswith("%") else Fraction(0)
    high_rank = Fraction(last[:-1]) * n / 100
    low_value = Fraction(percentile(first[:-1])) if first else Fraction(0)
    high_value = Fraction(percentile(last[:-1]))
    return float((total + low_rank * low_value + (n - high_rank) * high_value) / n)


@given(st.lists(NUMBERS, min_size=1, max_size=60))
@pytest.mark.parametrize("name", EXACT)
def test_a_statistic_is_what_its_definition_says(name: str, values: list[float]) -> None:
    found = statistic(name).of(summary_of(values))

    assert found == pytest.approx(naive(name, values), rel=1e-12)


@given(st.lists(NUMBERS, min_size=1, max_size=60))
@pytest.mark.parametrize("name", CLOSE)
def test_a_mean_is_what_its_definition_says(name: str, values: list[float]) -> None:
    found = statistic(name).of(summary_of(values))

    expected = naive(name, values)
    if expected is None:
        assert found is None
    else:
        size = max(map(abs, values))
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * size)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "p101",
            "p-1",
            "p",
            "p99.99999999999",
            "tm101",
            "TM()",
            "TM(:)",
            "TM(10%:5)",
            "PR(1%:2%)",
        ),
        *("sum", "AVERAGE", "IQM()", "tm(10:20)", "PR(:)", "", "P99", "TM(5%)", "p1e1", " Sum"),
    ],
)
def test_what_is_no_statistic_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match="no statistic"):
        statistic(name)


@pytest.mark.parametrize("name", [*BASIC, *EXACT, *CLOSE, "p5.", "PR(-5:0.5)", "WM(:1e3)"])
def test_every_spelling_of_a_statistic_is_known(name: str) -> None:
    assert statistic(name).of(summary_of([1, 2, 3])) is not None
    assert statistic(name).of(Summary()) is None


SAMPLES = st.lists(
    st.tuples(st.integers(0, 2), st.one_of(NUMBERS, st.integers(1, 400).map(float))), max_size=250
)
MANY = [(n % 3, float(n)) for n in range(500)]


@given(SAMPLES, st.randoms(use_true_random=False))
@example(MANY, __import__("random").Random(1))
def test_however_samples_are_split_they_sum_up_to_the_same(
    samples: list[tuple[int, float]], chance: object
) -> None:
    parts = [Summary(), Summary(), Summary()]
    for at, value in samples:
        parts[at].add(value)
    chance.shuffle(parts)  # type: ignore[attr-defined]
    whole = Summary()
    for part in parts:
        stored = Summary.of(part.figures, part.detail()) if part.figures.samples else part
        whole.merge(stored)

    at_once = summary_of([value for _, value in samples])

    assert (whole.values, whole.bins) == (at_once.values, at_once.bins)
    assert whole.figures == pytest.approx(at_once.figures, rel=1e-9, abs=1e-6)
    if at_once.values:
        assert whole.figures == at_once.figures


@settings(max_examples=25)
@given(st.lists(st.floats(1e-3, 1e6), min_size=MOST_VALUES + 1, max_size=200, unique=True))
def test_of_many_values_a_percentile_is_wrong_by_a_twentieth_at_most(values: list[float]) -> None:
    summary = summary_of(values)

    assert not summary.values
    for name in ("p1", "p50", "p99"):
        found, exact = statistic(name).of(summary), naive(name, values)
        assert found is not None
        assert exact is not None
        assert abs(found / exact - 1) < 0.05
    assert statistic("p100").of(summary) == pytest.approx(max(values), rel=0.05)
    assert statistic("Maximum").of(summary) == max(values)


@given(st.floats(-(2.0**360), 2.0**360, allow_nan=False))
def test_a_bin_stands_for_values_near_it_and_bins_are_in_order(value: float) -> None:
    key = bin_of(value)

    assert -32_768 < key < 32_768
    assert (key > 0) - (key < 0) == (value > 0) - (value < 0)
    if abs(value) > 1e-300:
        assert math.isclose(middle_of(key), value, rel_tol=0.0501)
        assert bin_of(value * 1.2) != key


CELLS = st.lists(
    st.tuples(
        st.integers(0, SLOTS - 1),
        st.sampled_from(["None", "Count", "Bytes/Second"]),
        st.one_of(
            st.lists(st.one_of(NUMBERS, st.sampled_from([1.0, 2.0])), min_size=1, max_size=5),
            st.just([float(n) for n in range(200)]),
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda cell: cell[:2],
)


@given(CELLS, st.sampled_from([1, 60, 300, 3600]))
def test_what_is_packed_is_unpacked(
    given_cells: list[tuple[int, str, list[float], bool]], resolution: int
) -> None:
    cells = []
    for slot, unit, values, opaque in given_cells:
        summary = summary_of(values)
        if opaque:
            summary.add_figures(Figures(3.0, 6.0, 1.0, 4.0))
        place = Place(resolution, (7 * SLOTS + slot) * resolution, 5, unit)
        cells.append(Cell(place, summary.figures, summary.detail()))
    cells.sort(key=lambda cell: cell.place)

    assert list(unpack(5, resolution, 7, pack(cells))) == cells
