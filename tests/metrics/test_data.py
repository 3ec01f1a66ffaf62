"""Series that are read: grids, labels, searching, references, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logq.errors import InvalidPattern, InvalidValue, QueryError
from logq.metric import DataQuery, Metric, MetricStat, Window
from logq.metrics.math import evaluate
from logq.metrics.metrics import Metrics
from logq.metrics.own import Own
from logq.metrics.search import parts, search
from logq.settings import Settings
from tests.metrics.building import CPU, NOW, Clock, Memory, datum, numbers

HOUR = 3_600
A, B = (Metric("App", "latency", (("host", host), ("zone", "eu"))) for host in "ab")
ERRORS = Metric("App", "HTTPErrors", (("host", "a"),))


def stat(id: str, metric: Metric = A, name: str = "Sum", period: int = 60) -> DataQuery:
    return DataQuery(id, MetricStat(metric, name, period))


def read(
    metrics: Metrics, *queries: DataQuery, start: int = NOW, end: int = NOW + 300
) -> list[tuple[str, list[tuple[int, float]]]]:
    """Labels and points, times relative to NOW."""
    return [
        (each.label, [(at - NOW, value) for at, value in sorted(each.points.items())])
        for each in metrics.data(queries, start, end)
    ]


@pytest.fixture
def filled(metrics: Metrics) -> Metrics:
    metrics.put([datum(n, at=NOW + 60 * n, metric=A) for n in range(4)])
    metrics.put([datum(10 * n, at=NOW + 60 * n, metric=B) for n in range(3)])
    metrics.put([datum(7, at=NOW, metric=ERRORS)])
    return metrics


def test_a_series_has_the_periods_of_its_time_counted_from_1970(filled: Metrics) -> None:
    whole = [(0, 0.0), (60, 1.0), (120, 2.0), (180, 3.0)]

    assert read(filled, stat("m1")) == [("latency", whole)]
    assert read(filled, stat("m1"), start=NOW + 61, end=NOW + 180) == [("latency", whole[1:3])]
    assert read(filled, stat("m1", period=HOUR)) == [("latency", [(-NOW % HOUR - HOUR, 6.0)])]
    assert read(filled, stat("m1", CPU)) == [("latency" if CPU == A else "cpu", [])]


def test_labels_tell_series_apart_and_are_filled_in(filled: Metrics) -> None:
    named = DataQuery(
        "m3", MetricStat(A, "p50", 60), label="max ${MAX} of ${PROP('Dim.host')} ${X}"
    )

    found = read(filled, stat("m1"), stat("m2", name="Maximum"), named)

    assert [label for label, _ in found] == ["latency Sum", "latency Maximum", "max 3 of a ${X}"]


def test_expressions_refer_to_each_other_in_any_order(filled: Metrics) -> None:
    found = read(
        filled,
        DataQuery("e2", expression="e1 * 2", label="twice"),
        DataQuery("e1", expression="m1 + m2", returned=False),
        stat("m1", A),
        DataQuery("m2", MetricStat(B, "Sum", 60), returned=False),
    )

    assert [label for label, _ in found] == ["twice", "latency"]
    assert found[0][1] == [(0, 0.0), (60, 22.0), (120, 44.0), (180, 6.0)]


def test_a_search_gives_a_series_for_each_metric(filled: Metrics) -> None:
    found = read(filled, DataQuery("e1", expression="SEARCH('{App,host,zone} latency', 'Sum', 60)"))

    assert [(label, len(points)) for label, points in found] == [("a", 4), ("b", 3)]
    total = DataQuery("e1", expression="SUM(SEARCH('{App,host,zone}', 'Sum', 60))")
    assert read(filled, total)[0][1] == [(0, 0.0), (60, 11.0), (120, 22.0), (180, 3.0)]


@pytest.mark.parametrize(
    ("queries", "because"),
    [
        ([stat("m1"), stat("m1")], "same id"),
        ([DataQuery("m1")], "a statistic or an expression"),
        ([stat("m1", name="p101")], "no statistic"),
        ([stat("m1", period=45)], "no period"),
        ([stat("m1"), stat("m2", period=300), DataQuery("e", expression="m1 + m2")], "one period"),
        ([DataQuery("e", expression="SEARCH('{App', 'Sum', 60)")], "braces"),
        ([DataQuery("e", expression="f"), DataQuery("f", expression="e")], "needs itself"),
    ],
    ids=lambda given: given.replace(" ", "-") if isinstance(given, str) else "",
)
def test_what_cannot_be_read_is_told(
    metrics: Metrics, queries: Sequence[DataQuery], because: str
) -> None:
    with pytest.raises((InvalidValue, QueryError), match=because):
        metrics.data(queries, NOW, NOW + 300)


def test_a_time_with_too_many_periods_is_refused(metrics: Metrics) -> None:
    with pytest.raises(InvalidValue, match="more than"):
        metrics.data([stat("m1", period=1)], 0, NOW)


def test_an_expression_that_calculates_too_much_is_refused(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "MOST_CALCULATED", 1_000)
    text = "+".join(["TIME_SERIES(1)"] * 100)

    with pytest.raises(QueryError, match="too many points"):
        metrics.data([DataQuery("e", expression=text, period=60)], NOW - 60 * 100, NOW)


def test_math_over_given_windows_is_for_alarms(filled: Metrics) -> None:
    windows = [Window(NOW + 60 * at, NOW + 60 * at + 60) for at in range(5)]
    queries = [
        DataQuery("m1", MetricStat(A, "Sum", 60), returned=False),
        DataQuery("m2", MetricStat(B, "Sum", 60)),
        DataQuery("e1", expression="FILL(m1, 0) + RATE(m2) * 60"),
    ]

    found = filled.evaluate(queries, windows)

    assert list(found) == ["m2", "e1"]
    assert numbers(found["m2"]) == [0, 10, 20, None, None]
    assert numbers(found["e1"]) == [0, 11, 12, 3, 0]
    assert found["m2"][0] is not None
    assert found["m2"][0].samples == 1
    for wrong in ("SEARCH('{App}', 'Sum', 60)", "METRICS()"):
        with pytest.raises(QueryError, match="alarm"):
            filled.evaluate([*queries, DataQuery("e2", expression=wrong)], windows)


def test_metrics_are_listed_for_two_weeks(filled: Metrics, clock: Clock) -> None:
    def listed(**options: object) -> list[str]:
        return [each.metric.name for each in filled.list_metrics(**options)]  # type: ignore[arg-type]

    assert listed() == ["HTTPErrors", "latency", "latency"]
    assert listed(name="latency") == ["latency", "latency"]
    assert listed(dimensions=[("host", "a")]) == ["HTTPErrors", "latency"]
    assert listed(dimensions=[("zone", None)]) == ["latency", "latency"]
    assert listed(namespace="Ap") == []
    clock.now += 15 * 86_400_000
    assert listed() == []
    assert len(listed(since=0)) == 3


def test_deleted_metrics_are_gone_and_may_come_again(filled: Metrics, clock: Clock) -> None:
    clock.now += 5 * HOUR * 1000
    while filled.upkeep(clock.now):
        pass
    assert filled.delete([A, CPU]) == 1
    assert read(filled, stat("m1")) == [("latency", [])]

    filled.put([datum(5, at=NOW, metric=A)])

    assert read(filled, stat("m1")) == [("latency", [(0, 5.0)])]
    assert len(read(filled, stat("m1", B))[0][1]) == 3


# ---- searching


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CPUUtilization", ("cpu", "utilization")),
        ("InstanceId", ("instance", "id")),
        ("t2.micro", ("t", "2", "micro")),
        ("HTTP_5xx-count", ("http", "5", "xx", "count")),
    ],
)
def test_names_are_cut_into_words(text: str, expected: tuple[str, ...]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{App,host} Errors", "E"),
        ("{App,zone,host}", "ab"),
        ("{App}", ""),
        ("latency", "ab"),
        ("http", "E"),
        ("lat", ""),
        ('"latency"', "ab"),
        ('"HTTP"', ""),
        ("latency AND NOT host=b", "a"),
        ("host=a", "aE"),
        ('host="a" OR "b"', "abE"),
        ("(host=(a OR b)) zone=eu", "ab"),
        ("MetricName=errors", "E"),
        ('Namespace="App" MetricName="latency" host=b', "b"),
        ("NOT latency", "E"),
    ],
)
def test_a_search_finds(text: str, found: str) -> None:
    test = search(text)

    assert "".join(n for n, metric in (("a", A), ("b", B), ("E", ERRORS)) if test(metric)) == found


@pytest.mark.parametrize("text", ["", "{App", '"a', "a )", "(a", "{}", "a =", "NOT", "(" * 500])
def test_a_search_that_is_none_is_told(text: str) -> None:
    with pytest.raises(InvalidPattern):
        search(text)


@given(st.text(alphabet='ab{}(),="\\ OR AND NOT', max_size=30))
def test_any_text_is_a_search_or_a_fault(text: str) -> None:
    try:
        search(text)(A)
    except InvalidPattern as error:
        assert error.message


# ---- LogQ's own


def test_what_the_process_counts_is_stored_by_the_minute() -> None:
    clock, memory = Clock(), Memory()
    metrics = Metrics(memory, clock, Settings())
    own = Own(memory, clock, metrics.add)
    for amount in (100, 50):
        own.count("IncomingBytes", {"LogGroupName": "app"}, amount)
    own.publish()
    assert list(metrics.list_metrics()) == []

    clock.now += 60_000
    own.count("IncomingBytes", {"LogGroupName": "app"}, 7)
    own.publish()

    found = Metric("LogQ/Logs", "IncomingBytes", (("LogGroupName", "app"),))
    windows = [Window(NOW, NOW + 60), Window(NOW + 60, NOW + 120)]
    for name, expected in (("Sum", [150, None]), ("SampleCount", [2, None]), ("p50", [None] * 2)):
        (values,) = metrics.windows([(MetricStat(found, name, 60, "Bytes"), windows)])
        assert numbers(values) == expected
    own.publish(whole=True)
    (values,) = metrics.windows([(MetricStat(found, "Sum", 60), windows)])
    assert numbers(values) == [150, 7]


def test_counts_that_could_not_be_stored_are_kept() -> None:
    clock, memory = Clock(), Memory()

    def fail(*_: object) -> None:
        raise OSError

    own = Own(memory, clock, fail)
    own.count("CallCount", {"Action": "a"})
    with pytest.raises(OSError):
        own.publish(whole=True)

    with pytest.raises(OSError):
        own.publish(whole=True)
