"""Samples that come in are there at once, whatever way they came."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from logq.errors import InvalidValue
from logq.metric import Datum, Metric, MetricStat, StatisticSet, Window
from logq.metrics.metrics import Metrics
from logq.storage import Storage
from tests.metrics.building import CPU, NOW, Clock, ask, datum, numbers

DAY = 86_400


def test_samples_of_a_minute_add_up_whenever_they_come(metrics: Metrics) -> None:
    metrics.put([datum(1, 2, at=NOW + 3), datum(5, at=NOW + 59)])
    metrics.put([datum(4, at=NOW), datum(9, at=NOW + 60)])

    assert ask(metrics, "Sum", (0, 60), (60, 120), (120, 180)) == [12, 9, None]
    assert ask(metrics, "p50", (0, 60)) == [2]
    assert ask(metrics, "SampleCount", (0, 120)) == [5]


def test_counts_say_how_often_a_value_was_seen(metrics: Metrics) -> None:
    metrics.put([Datum(CPU, NOW, (1.0, 10.0, 100.0), (97.0, 2.0, 1.0))])

    assert ask(metrics, "p97", (0, 60)) == [1]
    assert ask(metrics, "p98", (0, 60)) == [10]
    assert ask(metrics, "Sum", (0, 60)) == [217]


def test_another_set_of_dimensions_is_another_metric(metrics: Metrics) -> None:
    wide = Metric("App", "cpu", (("host", "a"), ("zone", "b")))
    metrics.put([datum(1), datum(2, metric=wide), datum(4, metric=Metric("App", "cpu"))])

    found = [
        ask(metrics, "Sum", (0, 60), metric=m) for m in (CPU, wide, replace(CPU, name="other"))
    ]

    assert found == [[1], [2], [None]]


def test_units_are_kept_apart_and_read_together_unless_one_is_asked_for(metrics: Metrics) -> None:
    metrics.put([datum(1, unit="Seconds"), datum(1000, unit="Milliseconds")])

    assert ask(metrics, "Sum", (0, 60)) == [1001]
    assert ask(metrics, "Sum", (0, 60), unit="Seconds") == [1]
    assert ask(metrics, "Sum", (0, 60), unit="Count") == [None]


def test_a_statistic_set_has_no_percentiles_unless_all_its_samples_are_equal(
    metrics: Metrics,
) -> None:
    equal = Datum(CPU, NOW, statistics=StatisticSet(3, 15, 5, 5))
    single = Datum(CPU, NOW + 60, statistics=StatisticSet(1, 7, 7, 7))
    mixed = Datum(CPU, NOW + 120, statistics=StatisticSet(4, 20, 1, 9))
    metrics.put([equal, single, mixed, datum(3, at=NOW + 120)])

    assert ask(metrics, "p50", (0, 60), (60, 120), (120, 180), (0, 180)) == [5, 7, None, None]
    assert ask(metrics, "Average", (120, 180)) == [23 / 5]
    assert ask(metrics, "Minimum", (0, 180)) == [1]


def test_values_by_the_second_are_read_by_the_second_and_in_longer_periods(
    metrics: Metrics,
) -> None:
    metrics.put([datum(1, at=NOW + second, resolution=1) for second in range(30)])
    metrics.put([datum(5)])

    assert ask(metrics, "Sum", (0, 10), (10, 20)) == [10, 10]
    assert ask(metrics, "Sum", (0, 60)) == [35]
    assert ask(metrics, "Sum", (-30, 30)) == [35]


def test_many_windows_of_many_metrics_are_one_question(metrics: Metrics) -> None:
    hosts = [Metric("App", "cpu", (("host", str(n)),)) for n in range(50)]
    metrics.put(
        [datum(n, at=NOW + 60 * at, metric=m) for n, m in enumerate(hosts) for at in (0, 2)]
    )
    over = [Window(NOW + 60 * at, NOW + 60 * at + 60) for at in range(3)]
    long = [Window(NOW - DAY, NOW + DAY)]

    found = metrics.windows(
        [(MetricStat(m, "Sum", 60), over) for m in hosts]
        + [(MetricStat(hosts[7], "SampleCount", 2 * DAY), long)]
    )

    assert [numbers(each) for each in found[:-1]] == [[n, None, n] for n in range(50)]
    assert numbers(found[-1]) == [2]


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        (datum(math.nan), "is invalid"),
        (datum(math.inf), "is invalid"),
        (datum(2.0**361), "is invalid"),
        (datum(), "values or a statistic set"),
        (datum(*range(151)), "at most 150 values"),
        (Datum(CPU, NOW, (1.0,), (1.0, 2.0)), "as many counts"),
        (Datum(CPU, NOW, (1.0,), (-1.0,)), "no number of samples"),
        (datum(1, at=NOW - 14 * DAY - 1), "out of range"),
        (datum(1, at=NOW + 2 * 3600 + 1), "out of range"),
        (datum(1, unit="Furlongs"), "no unit"),
        (datum(1, resolution=10), "a resolution is"),
        (datum(1, metric=Metric("", "m")), "the namespace"),
        (datum(1, metric=Metric(":a", "m")), "colon"),
        (datum(1, metric=Metric("a", "m\x00")), "the metric name"),
        (datum(1, metric=Metric("a", "m", (("d", " "),))), "value of the dimension d"),
        (datum(1, metric=Metric("a", "m", (("d", "1"), ("d", "2")))), "twice"),
        (
            datum(1, metric=Metric("a", "m", tuple((str(n), "v") for n in range(31)))),
            "more than 30",
        ),
    ],
    ids=lambda given: given.replace(" ", "-") if isinstance(given, str) else "",
)
def test_what_cannot_be_is_refused_and_nothing_of_the_call_is_stored(
    metrics: Metrics, wrong: Datum, because: str
) -> None:
    with pytest.raises(InvalidValue, match=because):
        metrics.put([datum(1), wrong])

    assert ask(metrics, "Sum", (0, 60)) == [None]


def test_adding_takes_part_in_a_transaction_that_others_began(
    metrics: Metrics, storage: Storage
) -> None:
    def fails() -> None:
        with storage.database.write() as connection:
            metrics.add(connection, [datum(1)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    with storage.database.write() as connection:
        metrics.add(connection, [datum(2)])

    assert ask(metrics, "Sum", (0, 60)) == [2]


def test_a_directory_that_is_opened_again_has_its_metrics(
    metrics: Metrics, storage: Storage, clock: Clock
) -> None:
    metrics.put([datum(1, 2, 3)])
    storage.close()

    with Storage.open(storage.directory.root, clock) as again:
        from logq.settings import Settings

        assert ask(Metrics(again.database, clock, Settings()), "p100", (0, 60)) == [3]
