"""``logq metrics``: from the command line, over the data directory itself."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Program

AT = "--time=-10m"


@pytest.fixture
def measured(program: Program) -> Program:
    """Two metrics of one namespace."""
    for host, values in (("a", ("1", "2", "30")), ("b", ("7",))):
        done = program("metrics", "put", "App", "latency", *values, "-d", f"host={host}", AT)
        assert done.code == 0, done.err
    assert "stored 3 samples" in program("metrics", "put", "App", "cpu", "1", "2", "3").err
    return program


def test_what_was_put_is_listed(measured: Program) -> None:
    rows = measured("metrics", "list", "App", "latency").rows

    assert [(r["namespace"], r["name"], r["dimensions"]) for r in rows] == [
        ("App", "latency", "host=a"),
        ("App", "latency", "host=b"),
    ]
    names = [row["name"] for row in measured("metrics").rows if row["namespace"] == "App"]
    assert names == ["cpu", "latency", "latency"]
    assert len(measured("metrics", "list", "-d", "host=a", "--recent").rows) == 1


def test_statistics_are_printed_by_period(measured: Program) -> None:
    one = measured("metrics", "get", "App", "latency", "-d", "host=a", "-s", "Sum")
    two = measured("metrics", "get", "App", "latency", "-d", "host=a", "-s", "p50", "-s", "Maximum")

    assert [row["latency"] for row in one.rows] == [33]
    assert [(row["series"], row["value"]) for row in two.rows] == [
        ("latency p50", 2),
        ("latency Maximum", 30),
    ]


def test_metric_math_is_printed_and_its_faults_are_shown(measured: Program) -> None:
    search = "SEARCH('{App,host} latency', 'Sum', 60)"
    found = measured("metrics", "get", "-e", search)
    ratio = measured("metrics", "get", "App", "cpu", "-s", "Sum", "-e", "m1 * 100", "-o", "csv")
    wrong = measured("metrics", "get", "App", "cpu", "-e", "m1", "-e", "m1 + AVGG(m1)")

    assert sorted((row["series"], row["value"]) for row in found.rows) == [("a", 33), ("b", 7)]
    assert ratio.out.splitlines()[1].endswith(",600")
    assert wrong.code == 2
    assert wrong.err == (
        "UnknownFunction: there is no function AVGG\n"
        "1 | m1 + AVGG(m1)\n"
        "  |      ^^^^^^^^\n"
        "  = did you mean AVG?\n"
    )


def test_a_chart_is_drawn(measured: Program) -> None:
    drawn = measured("metrics", "get", "-e", "SEARCH('latency', 'Sum', 60)", "-o", "chart").out

    assert "┤" in drawn
    assert "a a" in drawn.splitlines()[-1]


def test_metrics_are_deleted(measured: Program) -> None:
    assert measured("metrics", "delete", "App", "latency", "-d", "host", "-y").code == 0

    assert [row["name"] for row in measured("metrics", "list", "App").rows] == ["cpu"]
    assert measured("metrics", "delete", "App", "latency", "-y").code == 3


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("get",), "no metric is named"),
        (("get", "App"), "no metric is named"),
        (("get", "App", "cpu", "-s", "p101"), "no statistic"),
        (("get", "App", "cpu", "--period", "7s"), "no period"),
        (("put", "App", "cpu", "1", "-d", "host"), "has no value"),
        (("put", "App", "cpu", "1", "--unit", "Miles"), "no unit"),
        (("put", "LogQ/Logs", "cpu", "1"), "reserved"),
    ],
    ids=["nothing", "no-name", "statistic", "period", "dimension", "unit", "reserved"],
)
def test_wrong_usage_is_told(program: Program, args: tuple[str, ...], told: str) -> None:
    program("metrics", "put", "App", "x", "1")

    done = program("metrics", *args)

    assert done.code == 2
    assert told in done.err
