"""Subscription filters, audited calls and changes come to the bus in their own transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from logq.app import LogQ
from logq.errors import AlreadyExists
from logq.events.matched import LIMIT, Piece, cut
from logq.events.rule import Rule, Target, body_of
from logq.ingest.incoming import incoming
from logq.metric import MetricStat, Window

NOW = 1_795_510_800_000
OUT = "arn:aws:logs:us-east-1:000000000000:log-group:out"
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/default"


@pytest.fixture
def logq(tmp_path: Path) -> Iterator[LogQ]:
    with LogQ(tmp_path, clock=lambda: NOW, environ={}) as opened:
        opened.storage.groups.create("app")
        yield opened


def subscribe(logq: LogQ, pattern: str, destination: str, group: str = "app") -> None:
    body = {"pattern": pattern, "destination": destination}
    logq.storage.definitions.put("subscription_filter", "f", body, group=group)


def rule(logq: LogQ, pattern: Any, *arns: str) -> None:
    targets = tuple(Target(f"t{at}", arn) for at, arn in enumerate(arns))
    made = Rule("r", json.dumps(pattern), targets=targets)
    logq.storage.definitions.put("rule", "r", body_of(made))


def send(logq: LogQ, messages: Sequence[str], stream: str = "s", group: str = "app") -> None:
    logq.accept(group, incoming(list(messages), [NOW - 5] * len(messages), stream))


def waiting(logq: LogQ) -> list[tuple[str, str, str]]:
    """Where, which stream and what lies in the outbox."""
    with logq.storage.database.read() as connection:
        return connection.execute('SELECT "to", stream, body FROM outbox ORDER BY seq').fetchall()


def test_matching_events_reach_the_bus_with_what_the_pattern_extracts(logq: LogQ) -> None:
    subscribe(logq, "{ $.level = error }", BUS)
    rule(
        logq,
        {"source": ["logq.logs"], "detail": {"events": {"message": [{"wildcard": "*x*"}]}}},
        OUT,
    )

    send(logq, ['{"level": "error", "m": "x"}', '{"level": "info"}', '{"level": "error"}'])

    ((to, stream, body),) = waiting(logq)
    assert (to, stream) == ("out", "forwarded/1/r")
    event = json.loads(body)
    assert event["detail-type"] == "Subscription Filter Match"
    assert event["resources"] == [logq.place.log_group("app")]
    detail = event["detail"]
    assert {
        name: detail[name] for name in ("logGroup", "logStream", "filterName", "truncated")
    } == {
        "logGroup": "app",
        "logStream": "s",
        "filterName": "f",
        "truncated": False,
    }
    assert [(e["timestamp"], e["message"], e["fields"]) for e in detail["events"]] == [
        (NOW - 5, '{"level": "error", "m": "x"}', {"$.level": "error"}),
        (NOW - 5, '{"level": "error"}', {"$.level": "error"}),
    ]


def test_a_log_group_gets_the_events_themselves(logq: LogQ) -> None:
    subscribe(logq, "ERROR", OUT)

    send(logq, ["ERROR one", "fine", "ERROR two"])

    assert waiting(logq) == [
        ("out", "forwarded/1/f", "ERROR one"),
        ("out", "forwarded/1/f", "ERROR two"),
    ]


def test_what_went_on_and_the_rules_that_ran_are_metrics(logq: LogQ) -> None:
    subscribe(logq, "ERROR", logq.place.log_group("copies"))
    rule(logq, {"source": ["logq.config"]}, logq.place.log_group("changes"))
    send(logq, ["ERROR 1", "fine", "ERROR 22"])
    logq.ensure_group("another")
    logq.monitoring.own.publish(whole=True)

    metrics, now = logq.monitoring.metrics, NOW // 60_000 * 60
    sums = {}
    for known in metrics.list_metrics("LogQ/Logs"):
        ask = MetricStat(known.metric, "Sum", 60)
        ((value,),) = metrics.windows([(ask, [Window(now, now + 60)])])
        sums[known.metric.name] = value.value if value else None
    assert (sums["ForwardedLogEvents"], sums["ForwardedBytes"]) == (2, 15)
    assert sums["RuleInvocations"] == 2  # the rule itself is a change, too


def test_an_unknown_kind_of_destination_reaches_the_bus(logq: LogQ) -> None:
    subscribe(logq, "ERROR", "arn:aws:lambda:us-east-1:123456789012:function:f")
    rule(logq, {"source": ["logq.logs"]}, OUT)

    send(logq, ["ERROR"])

    assert len(waiting(logq)) == 1


def test_a_topic_that_is_gone_makes_a_dead_letter(logq: LogQ) -> None:
    subscribe(logq, "ERROR", "arn:aws:sns:us-east-1:000000000000:gone")

    send(logq, ["ERROR"])

    ((to, _, body),) = waiting(logq)
    letter = json.loads(body)
    assert (to, letter["ERROR_CODE"]) == ("/logq/dead-letters", "NO_RESOURCE")
    assert letter["TARGET_ARN"].endswith(":gone")
    assert letter["body"]["logEvents"][0]["message"] == "ERROR"


def test_what_was_sent_on_five_times_is_not_sent_on_again(logq: LogQ) -> None:
    subscribe(logq, "", OUT)

    send(logq, ["a"], stream="forwarded/4/x")
    send(logq, ["b"], stream="forwarded/5/x")

    assert waiting(logq) == [("out", "forwarded/5/f", "a")]


def test_nothing_is_sent_on_of_events_that_are_not_accepted(logq: LogQ) -> None:
    subscribe(logq, "", OUT)
    with pytest.raises(AlreadyExists), logq.storage.database.write():
        with pytest.raises(RuntimeError):
            send(logq, ["a"])
        raise AlreadyExists("and the block is taken back")

    assert waiting(logq) == []


def test_a_changed_filter_counts_from_its_change_on(logq: LogQ) -> None:
    send(logq, ["a"])
    subscribe(logq, "a", OUT)
    send(logq, ["a"])
    logq.storage.definitions.delete("subscription_filter", "f", group="app")
    send(logq, ["a"])

    assert len(waiting(logq)) == 1


def test_changes_of_groups_and_definitions_are_events(logq: LogQ) -> None:
    rule(logq, {"source": ["logq.config"], "detail": {"operation": ["create", "delete"]}}, OUT)

    logq.storage.groups.create("new")
    logq.storage.definitions.put("metric_filter", "m", {}, group="new")
    logq.storage.groups.delete("new")

    seen = [json.loads(body) for *_, body in waiting(logq)]
    assert [(e["detail"], e["resources"]) for e in seen[1:]] == [
        (
            {"kind": "log-group", "name": "new", "operation": "create"},
            [logq.place.log_group("new")],
        ),
        (
            {"kind": "metric-filter", "name": "m", "operation": "create", "logGroup": "new"},
            [logq.place.log_group("new")],
        ),
        (
            {"kind": "log-group", "name": "new", "operation": "delete"},
            [logq.place.log_group("new")],
        ),
    ]


def test_audited_calls_are_events(logq: LogQ) -> None:
    rule(logq, {"source": ["logq.audit"], "detail": {"eventName": ["DeleteLogGroup"]}}, OUT)
    logq.storage.groups.create("/logq/audit")
    call = {"eventType": "AwsApiCall", "eventName": "DeleteLogGroup"}

    send(logq, [json.dumps(call), "no record", "{}"], group="/logq/audit")

    ((_, _, body),) = waiting(logq)
    assert json.loads(body)["detail-type"] == "AWS API Call via CloudTrail"
    assert json.loads(body)["detail"] == call


def test_large_matches_are_cut_into_parts() -> None:
    pieces = [Piece(str(at), 1, "é" * size, {}) for at, size in enumerate([10, LIMIT, 20, 30])]

    parts = list(cut(pieces, LIMIT))

    assert [([one.id for one in part], cut_) for part, cut_ in parts] == [
        (["0"], False),
        (["1"], True),
        (["2", "3"], False),
    ]
    assert len(parts[1][0][0].message.encode()) <= LIMIT
    assert [len(part) for part, _ in cut(pieces[:1] * 2500, LIMIT)] == [1000, 1000, 500]
