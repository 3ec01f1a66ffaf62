"""Policies: documented cases as data, and properties that hold for all policies."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logq.access import document
from logq.access.builtin import builtin
from logq.access.caller import ADMINISTRATOR, ANONYMOUS
from logq.access.condition import OPERATORS
from logq.access.policy import Policy, Request, decide, forms, request
from logq.access.wildcard import matches
from logq.arns import Place
from logq.errors import InvalidPolicy

PLACE = Place("us-east-1", "000000000000")
CASES = tomllib.loads((Path(__file__).parent / "policies.toml").read_text("utf-8"))


def asked(text: str) -> Request:
    """A request written as ``ACTION RESOURCE key=value``; values between commas."""
    action, resource, *pairs = text.split()
    resource = re.sub(r"^G:", PLACE.log_group(""), resource)
    known = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        known[key] = tuple(value.split(",")) if "," in value else value
    return request(action, resource, known)


@pytest.mark.parametrize(
    ("case", "text", "allowed"),
    [
        pytest.param(case, text, allowed, id=f"{case['name']}: {text}")
        for case in CASES["case"]
        for allowed in (True, False)
        for text in case.get("allowed" if allowed else "denied", ())
    ],
)
def test_a_policy_decides_as_documented(case: dict[str, Any], text: str, allowed: bool) -> None:
    policies = [document.read(f"p{n}", body) for n, body in enumerate(case["policies"])]
    boundary = document.read("b", case["boundary"]) if "boundary" in case else None

    decision = decide(policies, boundary, asked(text))

    assert decision.allowed is allowed, decision.reason
    assert decision.reason.startswith("allowed" if allowed else "denied")


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["says"])
def test_a_faulty_document_is_refused_with_the_place_of_the_fault(case: dict[str, str]) -> None:
    with pytest.raises(InvalidPolicy) as caught:
        document.read("p", case["document"])

    assert case["says"] in caught.value.message


def test_every_operator_occurs_in_a_case() -> None:
    texts = " ".join(body for case in CASES["case"] for body in case["policies"])

    assert [each.name for each in OPERATORS.values() if f'{each.name}"' not in texts] == []


def test_a_document_may_be_only_so_long() -> None:
    rule = {"Effect": "Allow", "Action": "*", "Resource": "*"}

    with pytest.raises(InvalidPolicy, match="6,144 are allowed"):
        document.read("p", json.dumps({"Statement": [rule] * 200}))
    with pytest.raises(InvalidPolicy):
        document.read("p", "[" * 100_000)
    with pytest.raises(InvalidPolicy):
        document.read("p", "9" * 5000)


@pytest.mark.parametrize(
    ("name", "allowed", "denied"),
    [
        ("LogQIngest",
         ["logs:PutLogEvents G:/a:log-stream:s", "logs:CreateLogStream G:/a"],
         ["logs:CreateLogGroup G:/a", "logs:GetLogEvents G:/a:log-stream:s", "logs:StartQuery G:/a",
          "logs:PutLogEvents G:/logq/audit:log-stream:s",
          "logs:DeleteLogStream G:/a:log-stream:s"]),
        ("LogQIngest:/app/*",
         ["logs:PutLogEvents G:/app/x:log-stream:s"],
         ["logs:PutLogEvents G:/b:log-stream:s", "logs:PutLogEvents G:/app:log-stream:s"]),
        ("LogQReadOnly",
         ["logs:StartQuery G:/a", "logs:GetLogEvents G:/a:log-stream:s", "logs:StartLiveTail G:/a",
          "logs:DescribeLogGroups G:/a", "logs:FilterLogEvents G:/a"],
         ["logs:StartQuery G:/logq/audit", "logs:PutLogEvents G:/a:log-stream:s",
          "logs:Unmask G:/a",
          "logs:DeleteLogGroup G:/a", "logs:PutRetentionPolicy G:/a", "logq:CreateKey *"]),
        ("LogQReadOnly:/app/*", ["logs:StartQuery G:/app/x"], ["logs:StartQuery G:/b"]),
        ("LogQAlarmAdmin",
         ["cloudwatch:PutMetricAlarm *", "sns:CreateTopic *", "logs:PutMetricFilter G:/a"],
         ["logs:PutSubscriptionFilter G:/a", "logs:PutResourcePolicy *", "logq:CreateKey *",
          "logs:StartQuery G:/logq/audit"]),
        ("LogQAuditor",
         ["logs:StartQuery G:/logq/audit", "logs:GetLogEvents G:/logq/audit-digest:log-stream:s"],
         ["logs:StartQuery G:/a", "logs:PutLogEvents G:/logq/audit:log-stream:s",
          "logs:DeleteLogGroup G:/logq/audit", "logs:StartQuery G:/logq/other"]),
        ("LogQAdmin",
         ["logs:DeleteLogGroup G:/a", "logs:Unmask G:/a", "logq:CreateKey *",
          "logs:StartQuery G:/logq/audit"], []),
    ],
)  # fmt: skip
def test_a_built_in_policy_allows_what_its_work_needs(
    name: str, allowed: list[str], denied: list[str]
) -> None:
    policy = builtin(name)

    assert [text for text in allowed if not decide([policy], None, asked(text)).allowed] == []
    assert [text for text in denied if decide([policy], None, asked(text)).allowed] == []


def test_no_built_in_policy_but_the_admins_changes_what_others_may_do() -> None:
    dangerous = ("Unmask", "DeleteLogGroup", "PutRetentionPolicy", "PutSubscriptionFilter",
                 "PutResourcePolicy", "PutDataProtectionPolicy", "PutAccountPolicy")  # fmt: skip
    for name in ("LogQIngest", "LogQReadOnly", "LogQAlarmAdmin", "LogQAuditor"):
        for action in dangerous:
            for text in (f"logs:{action} G:/a", f"logs:{action} G:/logq/audit", f"logs:{action} *"):
                assert not decide([builtin(name)], None, asked(text)).allowed, (name, text)


def test_the_administrator_may_do_everything_and_nobody_nothing() -> None:
    for resource in ("*", PLACE.log_group("/a"), PLACE.log_group("/logq/audit")):
        assert ADMINISTRATOR.allows("logs:Anything", resource)
        assert not ANONYMOUS.allows("logs:Anything", resource)


def test_a_log_group_is_compared_in_all_its_forms() -> None:
    group = PLACE.log_group("/a")

    assert forms(group) == forms(f"{group}:*") == (group, f"{group}:*")
    assert forms(f"{group}:log-stream:s") == (f"{group}:log-stream:s", group)
    assert forms(PLACE.alarm("x")) == (PLACE.alarm("x"),)
    assert forms("*") == ("*",)


# ---- wildcards

few = st.text(alphabet="ab/:*?", max_size=12)


@given(few, st.text(alphabet="ab/:", max_size=16))
def test_wildcards_match_as_the_same_regular_expression(pattern: str, text: str) -> None:
    expression = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)

    assert matches(pattern, text) is (re.fullmatch(expression, text, re.DOTALL) is not None)


@given(st.text(max_size=20))
def test_a_text_without_wildcards_matches_itself_only(text: str) -> None:
    plain = text.replace("*", "").replace("?", "")

    assert matches(plain, plain)
    assert not matches(plain, plain + "x")


def test_no_pattern_takes_long() -> None:
    assert not matches("*a" * 200 + "b", "a" * 2000)  # trying every split would take for ever


# ---- decisions

NAMES = ("/a", "/a/b", "/b", "/logq/audit", "/secret")
ACTIONS = ("logs:StartQuery", "logs:PutLogEvents", "logs:DeleteLogGroup", "sns:Publish")
RESOURCES = st.sampled_from(
    ["*", *(f"{PLACE.log_group(name)}{tail}" for name in NAMES for tail in ("", ":*", "*")),
     PLACE.log_group("*"), PLACE.log_group("/logq/*"), PLACE.log_group("/a:log-stream:*")]
)  # fmt: skip
rules = st.builds(
    lambda effect, action, action_name, resource, resource_name, condition: {
        "Effect": effect, action_name: action, resource_name: resource, "Condition": condition,
    },
    st.sampled_from(["Allow", "Deny"]),
    st.lists(st.sampled_from([*ACTIONS, "*", "logs:*", "logs:P*", "sns:?ublish"]), min_size=1),
    st.sampled_from(["Action", "Action", "NotAction"]),
    st.lists(RESOURCES, min_size=1),
    st.sampled_from(["Resource", "Resource", "NotResource"]),
    st.sampled_from([{}, {}, {"StringEquals": {"aws:username": "ann"}},
                     {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}]),
)  # fmt: skip
policies = st.lists(rules, min_size=1, max_size=4).map(
    lambda statements: document.parse("p", {"Statement": statements})
)
requests = st.builds(
    request,
    st.sampled_from(ACTIONS),
    st.sampled_from(
        [*(PLACE.log_group(name) for name in NAMES), PLACE.log_stream("/a", "s"),
         PLACE.log_stream("/logq/audit", "s"), PLACE.topic("t"), "*"]
    ),
    st.sampled_from([{}, {"aws:username": "ann"}, {"aws:SourceIp": "10.0.0.1"}]),
)  # fmt: skip


def only(policy: Policy, *, allow: bool) -> Policy:
    return Policy("part", tuple(s for s in policy.statements if s.allow is allow))


@given(st.lists(policies, max_size=3), requests)
def test_a_deny_that_applies_always_wins(held: list[Policy], asked_for: Request) -> None:
    applies = any(s.applies(asked_for) for p in held for s in p.statements if not s.allow)

    decision = decide(held, None, asked_for)

    assert not (applies and decision.allowed)


@given(st.lists(policies, max_size=3), policies, requests)
def test_adding_allows_never_takes_away(
    held: list[Policy], more: Policy, asked_for: Request
) -> None:
    before = decide(held, None, asked_for).allowed
    after = decide([*held, only(more, allow=True)], None, asked_for).allowed

    assert after or not before


@given(st.lists(policies, max_size=3), policies, requests)
def test_adding_denials_never_gives(held: list[Policy], more: Policy, asked_for: Request) -> None:
    before = decide(held, None, asked_for).allowed
    after = decide([*held, only(more, allow=False)], None, asked_for).allowed

    assert before or not after


@given(st.lists(policies, max_size=3), policies, requests)
def test_a_boundary_is_an_intersection(
    held: list[Policy], boundary: Policy, asked_for: Request
) -> None:
    bounded = decide(held, boundary, asked_for).allowed

    assert bounded is (
        decide(held, None, asked_for).allowed and decide([boundary], None, asked_for).allowed
    )


@given(st.lists(policies, max_size=3), requests)
def test_the_order_of_policies_does_not_matter(held: list[Policy], asked_for: Request) -> None:
    assert decide(held, None, asked_for).allowed is decide(held[::-1], None, asked_for).allowed


@given(st.lists(policies, max_size=3), requests)
def test_what_is_allowed_in_logqs_own_groups_is_named(
    held: list[Policy], asked_for: Request
) -> None:
    named = any("log-group:/logq/" in r for p in held for s in p.statements for r in s.resources)

    assert not (asked_for.reserved and not named and decide(held, None, asked_for).allowed)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["*", "Allow", "logs:*"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["Version", "Statement", "Effect", "Action", "NotAction", "Resource", "Sid",
                         "Condition", "StringEquals", "Null", "Bool", "aws:username"])
        | st.text(max_size=3), inner, max_size=5),
    max_leaves=25,
))  # fmt: skip
def test_any_json_is_a_policy_or_refused(value: Any) -> None:
    try:
        policy = document.parse("p", value)
    except InvalidPolicy as error:
        assert error.message
    else:
        assert policy.statements
