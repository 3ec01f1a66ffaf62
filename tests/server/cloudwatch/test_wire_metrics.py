"""Metrics with AWS's own clients, in all three protocols."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.model
import pytest
from botocore.exceptions import ClientError

from logq.app import LogQ
from tests.server.cloudwatch.serving import NOW, Served

MOMENT = datetime.fromtimestamp(NOW / 1000, UTC).replace(second=0)
HOST = [{"Name": "host", "Value": "wäb/1"}]


@pytest.fixture(params=["json", "query", "smithy-rpc-v2-cbor"])
def monitoring(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, client: Any) -> Any:
    """A boto3 client of cloudwatch that speaks one of the protocols."""
    others = [p for p in botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS if p != request.param]
    order = [request.param, *others]
    monkeypatch.setattr(botocore.model, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", order)
    return client("cloudwatch")


def put(monitoring: Any, *data: dict[str, Any], namespace: str = "App") -> None:
    monitoring.put_metric_data(
        Namespace=namespace,
        MetricData=[{"MetricName": "latency", "Dimensions": HOST, **each} for each in data],
    )


def query(id: str, stat: str = "Sum", **more: Any) -> dict[str, Any]:
    metric = {"Namespace": "App", "MetricName": "latency", "Dimensions": HOST}
    return {"Id": id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}, **more}


def test_samples_of_every_form_come_out_again(monitoring: Any) -> None:
    put(
        monitoring,
        {"Value": 2.5, "Timestamp": MOMENT, "Unit": "Seconds"},
        {"Values": [1, 7], "Counts": [2, 1], "Timestamp": MOMENT, "Unit": "Seconds"},
        {
            "StatisticValues": {"SampleCount": 2, "Sum": 10, "Minimum": 5, "Maximum": 5},
            "Timestamp": MOMENT + timedelta(minutes=1, milliseconds=900),
            "Unit": "Seconds",
            "StorageResolution": 1,
        },
        {"Value": -(2.0**300)},
    )

    found = monitoring.get_metric_data(
        MetricDataQueries=[
            query("m1"),
            query("m2", "p50", ReturnData=False),
            {"Id": "e1", "Expression": "m1 / m2", "Label": "ratio ${MAX}"},
        ],
        StartTime=MOMENT,
        EndTime=MOMENT + timedelta(minutes=2),
        ScanBy="TimestampAscending",
    )
    statistics = monitoring.get_metric_statistics(
        Namespace="App",
        MetricName="latency",
        Dimensions=HOST,
        StartTime=MOMENT,
        EndTime=MOMENT + timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum", "SampleCount"],
    )

    first, second = found["MetricDataResults"]
    times = [MOMENT, MOMENT + timedelta(minutes=1)]
    assert (first["Id"], first["Label"], first["StatusCode"]) == ("m1", "latency", "Complete")
    assert [time.astimezone(UTC) for time in first["Timestamps"]] == times
    assert first["Values"][1] == 10
    assert (second["Id"], second["Values"][1], second["Label"]) == ("e1", 2, "ratio 2")
    points = sorted(statistics["Datapoints"], key=lambda point: point["Unit"])
    assert [(p["Unit"], p["Maximum"], p["SampleCount"]) for p in points] == [
        ("None", -(2.0**300), 1),
        ("Seconds", 7, 4),
    ]


def test_a_body_that_is_packed_is_unpacked(monitoring: Any) -> None:
    put(monitoring, *({"Value": n, "Timestamp": MOMENT} for n in range(1_000)))

    found = monitoring.get_metric_data(
        MetricDataQueries=[query("m1", "SampleCount"), query("m2")],
        StartTime=MOMENT,
        EndTime=MOMENT + timedelta(minutes=1),
    )

    statistics = monitoring.get_metric_statistics(
        Namespace="App",
        MetricName="latency",
        Dimensions=HOST,
        StartTime=MOMENT,
        EndTime=MOMENT + timedelta(minutes=1),
        Period=60,
        ExtendedStatistics=["p100", "tm50"],
    )

    assert [each["Values"] for each in found["MetricDataResults"]] == [[1_000], [499_500]]
    (point,) = statistics["Datapoints"]
    assert point["ExtendedStatistics"]["p100"] == pytest.approx(999, rel=0.05)
    assert point["ExtendedStatistics"]["tm50"] == pytest.approx(249.5, rel=0.05)


def test_pages_hold_as_many_points_as_are_asked_for(monitoring: Any) -> None:
    minutes = [MOMENT - timedelta(minutes=n) for n in range(25)]
    put(monitoring, *({"Value": n, "Timestamp": at} for n, at in enumerate(minutes)))
    asked = {
        "MetricDataQueries": [query("m1"), query("m2", "Maximum")],
        "StartTime": minutes[-1],
        "EndTime": MOMENT + timedelta(minutes=1),
        "MaxDatapoints": 10,
    }

    pages = []
    token: dict[str, str] = {}
    while True:
        page = monitoring.get_metric_data(**asked, **token)
        pages.append([(r["Id"], r["StatusCode"], r["Values"]) for r in page["MetricDataResults"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}

    assert [sum(len(values) for _, _, values in page) for page in pages] == [10, 10, 10, 10, 10]
    assert pages[0] == [("m1", "PartialData", list(range(10)))]
    assert [id for id, _, _ in pages[2]] == ["m1", "m2"]
    assert [v for page in pages for id, _, held in page if id == "m2" for v in held] == [*range(25)]
    with pytest.raises(ClientError) as wrong:
        monitoring.get_metric_data(**{**asked, "ScanBy": "TimestampAscending"}, **token)
    assert wrong.value.response["Error"]["Code"] == "InvalidNextToken"


def test_metrics_are_listed_page_by_page_and_by_their_dimensions(monitoring: Any) -> None:
    for start in (0, 600):
        monitoring.put_metric_data(
            Namespace="Many",
            MetricData=[
                {"MetricName": f"m{n:04}", "Value": 1, "Dimensions": HOST if n % 2 else []}
                for n in range(start, start + 600)
            ],
        )

    pages = list(monitoring.get_paginator("list_metrics").paginate(Namespace="Many"))
    named = monitoring.list_metrics(Dimensions=[{"Name": "host"}], RecentlyActive="PT3H")
    one = monitoring.list_metrics(Namespace="Many", MetricName="m0001")

    assert [len(page["Metrics"]) for page in pages] == [500, 500, 200]
    assert len(named["Metrics"]) == 500
    assert one["Metrics"] == [{"Namespace": "Many", "MetricName": "m0001", "Dimensions": HOST}]
    with pytest.raises(ClientError) as wrong:
        monitoring.list_metrics(NextToken="nothing")
    assert wrong.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert wrong.value.response["Error"]["Message"] == "Request parameter NextToken is invalid"


BOTH = (
    "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually "
    "exclusive and you have specified both."
)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"Value": 1, "Values": [1]}, "InvalidParameterCombination", BOTH),
    ({}, "MissingParameter", "At least one of the parameters"),
    ({"Values": [1, 2], "Counts": [1]}, "InvalidParameterValue", "of the same size"),
    ({"Value": float("nan")}, "InvalidParameterValue", "The value NaN for parameter"),
    ({"Value": float("inf")}, "InvalidParameterValue", "invalid"),
    ({"Value": 2.0**361}, "InvalidParameterValue", "invalid"),
    ({"Value": 1, "StorageResolution": 5}, "InvalidParameterValue", "resolution"),
    (
        {"Value": 1, "Timestamp": MOMENT - timedelta(days=15)},
        "InvalidParameterValue",
        "out of range",
    ),
]


def test_what_cannot_be_put_is_refused_as_aws_does(monitoring: Any) -> None:
    for datum, code, message in REFUSED:
        with pytest.raises(ClientError) as caught:
            put(monitoring, datum)

        error = caught.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]


def test_what_cannot_be_read_is_refused_as_aws_does(client: Any) -> None:
    monitoring = client("cloudwatch")
    asked = {
        "Namespace": "App",
        "MetricName": "latency",
        "StartTime": MOMENT - timedelta(days=2),
        "EndTime": MOMENT,
        "Period": 60,
    }

    def code(call: Any, **options: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**options)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    statistics = monitoring.get_metric_statistics
    assert code(statistics, **asked, Statistics=["Sum"], ExtendedStatistics=["p9"])[0] == (
        "InvalidParameterCombination"
    )
    too_many = code(statistics, **asked, Statistics=["Sum"])
    assert too_many[0] == "InvalidParameterCombination"
    assert "requested up to 2880 datapoints, which exceeds the limit of 1440" in too_many[1]
    swapped = {**asked, "EndTime": asked["StartTime"], "Statistics": ["Sum"]}
    assert code(statistics, **swapped)[0] == "InvalidParameterValue"
    short = {**asked, "Period": 3600, "ExtendedStatistics": ["q9"]}
    assert code(statistics, **short)[0] == "InvalidParameterValue"
    data = monitoring.get_metric_data
    times = {"StartTime": MOMENT, "EndTime": MOMENT + timedelta(hours=1)}
    for queries in ([query("M1")], [{"Id": "e1", "Expression": "m1 +"}], [{"Id": "e1"}]):
        assert code(data, MetricDataQueries=queries, **times)[0] == "ValidationError"
    assert "The parameter EndTime must be greater than StartTime." in code(
        data, MetricDataQueries=[query("m1")], StartTime=MOMENT, EndTime=MOMENT - timedelta(1)
    )


def test_namespaces_of_logq_and_aws_are_written_by_nobody_else(client: Any, logq: LogQ) -> None:
    for namespace in ("LogQ/Logs", "AWS/EC2"):
        with pytest.raises(ClientError, match="reserved"):
            put(client("cloudwatch"), {"Value": 1}, namespace=namespace)

    assert list(logq.monitoring.metrics.list_metrics()) == []


def test_a_policy_may_allow_some_namespaces(client: Any, served: Served) -> None:
    seen: list[str | None] = []

    def allows(action: str, resource: str, conditions: Any = None) -> bool:
        namespace = (conditions or {}).get("cloudwatch:namespace")
        seen.append(namespace)
        return namespace == "App"

    served.caller.allows = allows  # type: ignore[method-assign]

    put(client("cloudwatch"), {"Value": 1})
    with pytest.raises(ClientError) as caught:
        put(client("cloudwatch"), {"Value": 1}, namespace="Other")

    assert seen == ["App", "Other"]
    assert caught.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
