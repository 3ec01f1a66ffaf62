"""A rule sees and sends what its author may see and send to, not more."""

from __future__ import annotations

import json

import pytest

from logq.actions.groups import create_log_group
from logq.actions.put_events import Entry, put_events
from logq.actions.rules import list_rules, put_rule, put_targets
from logq.actions.together import together
from logq.app import LogQ
from logq.errors import AccessDenied, InvalidValue
from logq.events.rule import Target
from tests.actions.conftest import Calls, context_of


def pattern(**fields: object) -> str:
    return json.dumps(fields)


def test_sources_that_the_author_may_not_read_are_withheld(logq: LogQ) -> None:
    context = context_of(logq, lambda action, arn: action == "events:PutRule")

    made = put_rule(context, "r", pattern=pattern(account=["1"]))

    assert made.withheld == ("logq.audit", "logq.logs", "logq.config")
    for source in made.withheld:
        with pytest.raises(AccessDenied, match=source):
            put_rule(context, "r", pattern=pattern(source=[source]))


def test_log_groups_that_the_pattern_names_are_enough(logq: LogQ) -> None:
    context = context_of(
        logq,
        lambda action, arn: (
            action == "events:PutRule"
            or (action == "logs:FilterLogEvents" and arn.endswith(":mine"))
        ),
    )

    mine = pattern(source=["logq.logs"], detail={"logGroup": ["mine"]})
    assert "logq.logs" not in put_rule(context, "r", pattern=mine).withheld
    both = pattern(source=["logq.logs"], detail={"logGroup": ["mine", "other"]})
    with pytest.raises(AccessDenied):
        put_rule(context, "r", pattern=both)
    any_group = pattern(source=["logq.logs"], detail={"logGroup": [{"prefix": "mine"}]})
    with pytest.raises(AccessDenied):
        put_rule(context, "r", pattern=any_group)


@pytest.mark.parametrize(
    ("arn", "needed"),
    [
        ("arn:aws:sns:us-east-1:000000000000:t", "sns:Publish"),
        ("arn:aws:logs:us-east-1:000000000000:log-group:g", "logs:PutLogEvents"),
        ("arn:aws:cloudwatch:us-east-1:000000000000:metric/A/b", "cloudwatch:PutMetricData"),
    ],
    ids=["topic", "group", "metric"],
)
def test_a_target_is_one_that_the_author_may_send_to(logq: LogQ, arn: str, needed: str) -> None:
    may = context_of(logq, lambda action, _: action.startswith("events:") or action == needed)
    may_not = context_of(logq, lambda action, _: action.startswith("events:"))
    put_rule(may, "r", pattern=pattern(source=["x"]))

    with pytest.raises(AccessDenied, match=needed):
        put_targets(may_not, "r", [Target("t", arn)])
    assert put_targets(may, "r", [Target("t", arn)]).targets[0].arn == arn


def test_rules_that_the_caller_may_not_see_are_left_out(logq: LogQ) -> None:
    for name in ("one", "two"):
        put_rule(context_of(logq), name, pattern=pattern(source=["x"]))

    found = list_rules(context_of(logq, lambda _, arn: arn.endswith("rule/one")))

    assert [rule.name for rule in found] == ["one"]


def test_an_address_is_encrypted_and_kept_when_it_is_put_as_it_is_shown(logq: LogQ) -> None:
    context = context_of(logq)
    put_rule(context, "r", pattern=pattern(source=["x"]))
    (first,) = put_targets(context, "r", [Target("t", "https://h.example/secret")]).targets

    (again,) = put_targets(context, "r", [Target("t", first.shown)]).targets

    assert (again, first.shown) == (first, "https://h.example/***")
    assert "secret" not in first.arn


def test_a_call_puts_one_to_ten_events(logq: LogQ) -> None:
    entry = Entry("shop", "Order", "{}")
    with pytest.raises(InvalidValue, match="1 to 10"):
        put_events(context_of(logq), [])
    with pytest.raises(InvalidValue, match="1 to 10"):
        put_events(context_of(logq), [entry] * 11)
    with pytest.raises(InvalidValue, match="bytes together"):
        put_events(context_of(logq), [Entry("shop", "Order", '"' + "x" * 1_048_576 + '"')])


def test_actions_together_happen_all_or_not_at_all_and_are_recorded_after_that(
    logq: LogQ,
) -> None:
    calls = Calls()
    context = context_of(logq)
    object.__setattr__(context, "recorder", calls)
    with pytest.raises(InvalidValue), together(context) as whole:
        create_log_group(whole, "a")
        create_log_group(whole, "not a name")
    assert logq.storage.groups.names() == ()
    assert [call.error for call in calls.seen] == ["InvalidValue"]

    with together(context) as whole:
        create_log_group(whole, "a")
        create_log_group(whole, "b")
        assert len(calls.seen) == 1

    assert logq.storage.groups.names() == ("a", "b")
    assert [call.request for call in calls.seen[1:]] == [{"name": "a"}, {"name": "b"}]
