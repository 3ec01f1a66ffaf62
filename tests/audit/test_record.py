"""Records in the shape of CloudTrail's, without secrets; what is recorded at all."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logq.arns import Place
from logq.audit import chain
from logq.audit.call import Access
from logq.audit.chain import Head
from logq.audit.denials import MOST, PER_SECOND, Denials, network
from logq.audit.record import HIDDEN, LONG, PARAMETERS, hidden, of_call, of_service
from logq.audit.rules import Care, Rules, care
from tests.audit.conftest import GROUP, NOW, call

PLACE = Place("eu-central-1", "123456789012")
TOKEN = "lq_0123456789ab_" + "A" * 43


def test_a_call_becomes_a_cloudtrail_record() -> None:
    assert of_call(call(), PLACE, "id-1") == {
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "LQIAEXAMPLE",
            "arn": "arn:aws:iam::123456789012:user/ops",
            "accountId": "123456789012",
            "accessKeyId": "LQIAEXAMPLE",
            "userName": "ops",
        },
        "eventTime": "2026-11-23T23:00:00Z",
        "eventSource": "logs.amazonaws.com",
        "eventName": "CreateLogGroup",
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "10.0.0.1",
        "userAgent": "Boto3/1.44",
        "requestParameters": {"logGroupName": "/app/web"},
        "responseElements": None,
        "requestID": "req-1",
        "eventID": "id-1",
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "readOnly": False,
        "resources": [
            {"ARN": GROUP, "accountId": "123456789012", "type": "AWS::Logs::LogGroup"}
        ],
        "recipientAccountId": "123456789012",
        "eventCategory": "Management",
    }  # fmt: skip


def test_a_failed_call_says_how_it_failed() -> None:
    record = of_call(call(error="AccessDenied"), PLACE, "i")

    assert (record["errorCode"], record["errorMessage"]) == ("AccessDenied", "said no")


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [("administrator", "Root"), ("key", "IAMUser"), ("token", "IAMUser"),
     ("service", "AWSService"), ("anonymous", "Unknown")],
)  # fmt: skip
def test_the_type_of_an_identity_says_how_it_came(kind: str, wanted: str) -> None:
    assert of_call(call(kind=kind), PLACE, "i")["userIdentity"]["type"] == wanted


@pytest.mark.parametrize(
    ("service", "source"),
    [("logs", "logs.amazonaws.com"), ("cloudwatch", "monitoring.amazonaws.com"),
     ("sns", "sns.amazonaws.com"), ("logq", "logq")],
)  # fmt: skip
def test_the_source_is_the_service_of_the_action(service: str, source: str) -> None:
    record = of_call(replace(call(), action=f"{service}:Do"), PLACE, "i")

    assert (record["eventSource"], record["eventName"]) == (source, "Do")


@pytest.mark.parametrize(
    "name",
    [
        *("secret", "secretAccessKey", "password", "nextToken", "bearerToken", "Authorization"),
        *("webhookUrl", "endpoint", "notificationEndpoint", "logEvents", "logEventMessages"),
        *("message", "signature", "credentials", "payload"),
    ],
)
def test_what_may_hold_a_secret_or_a_message_is_hidden_at_any_depth(name: str) -> None:
    assert hidden({name: "x", "a": [{name: ["x"]}]}) == {name: HIDDEN, "a": [{name: HIDDEN}]}


@pytest.mark.parametrize(
    "text", [TOKEN, f"Bearer {TOKEN}", "see https://user:pw@host/x", "AWS4-HMAC-SHA256 Cred=1"]
)
def test_a_text_that_looks_like_a_secret_is_hidden_wherever_it_is(text: str) -> None:
    odd = replace(
        call(request={"queryString": text}, error="X"),
        user_agent=text, request_id=text, error_message=text, source_ip=text, caller=text,
        resources=(text,),
    )  # fmt: skip
    written = json.dumps(of_call(odd, PLACE, "i"))

    assert HIDDEN in written
    assert "A" * 43 not in written and "user:pw" not in written and "Cred=1" not in written


def test_plain_parameters_stay_as_they_are() -> None:
    plain = {"queryString": "fields a", "limit": 5, "logGroupNames": ["a", "b"], "x": None}

    assert hidden(plain) == plain


def test_long_texts_are_cut() -> None:
    long = replace(
        call(request={"queryString": "x" * 200_000}, error="E"),
        user_agent="u" * 5000, error_message="m" * 5000,
    )  # fmt: skip
    record = of_call(long, PLACE, "i")

    assert len(record["userAgent"]) == len(record["errorMessage"]) == LONG
    assert record["requestParameters"]["truncated"]
    assert len(record["requestParameters"]["beginning"]) == PARAMETERS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values), st.text(), st.text())
def test_every_record_is_strict_json_that_the_chain_can_check(
    request: dict[str, Any], agent: str, ip: str
) -> None:
    odd = replace(call(request=request), user_agent=agent + "\ud800", source_ip=ip)

    text, head = chain.link(Head(), of_call(odd, PLACE, "i"), NOW)

    found = chain.read(text.encode().decode())
    assert found is not None and found.hash == head.hash
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_what_logq_does_by_itself_is_a_service_event() -> None:
    record = of_service("RetentionRun", PLACE, "i", NOW, {"events": 3, "token": "x"})

    assert record["eventType"] == "AwsServiceEvent"
    assert record["additionalEventData"] == {"events": 3, "token": HIDDEN}


# ---- the chain


@given(st.data())
def test_a_changed_character_is_found(data: st.DataObject) -> None:
    text, _ = chain.link(Head(), {"a": "some text", "n": 5}, NOW)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda c: c != text[at]))

    assert chain.read(text[:at] + other + text[at + 1 :]) is None


@pytest.mark.parametrize("text", ["", "{}", "x", '{"hash":"' + "0" * 64 + '"}', "\ud800" * 100])
def test_what_is_no_record_is_no_link(text: str) -> None:
    assert chain.read(text) is None


def test_records_name_the_one_before() -> None:
    first_text, first = chain.link(Head(), {"a": 1}, NOW)
    second_text, second = chain.link(first, {"a": 2}, NOW + 1)

    one, two = chain.read(first_text), chain.read(second_text)
    assert one is not None and two is not None
    assert (one.sequence, two.sequence, two.previous) == (1, 2, one.hash)
    assert Head.from_json(second.to_json()) == second


# ---- what is recorded


@pytest.mark.parametrize(
    ("access", "error", "rules", "wanted"),
    [
        (Access.MANAGEMENT_WRITE, None, Rules(False, 0, False), Care.DURABLE),
        (Access.MANAGEMENT_WRITE, "InvalidValue", Rules(), Care.DURABLE),
        (Access.MANAGEMENT_READ, None, Rules(), Care.SOON),
        (Access.MANAGEMENT_READ, None, Rules(every_management_read=0), Care.NONE),
        (Access.MANAGEMENT_READ, "AccessDenied", Rules(every_management_read=0), Care.DENIED),
        (Access.DATA_READ, None, Rules(), Care.SOON),
        (Access.DATA_READ, None, Rules(data_reads=False), Care.NONE),
        (Access.DATA_READ, "Throttled", Rules(data_reads=False), Care.DENIED),
        (Access.DATA_WRITE, None, Rules(), Care.NONE),
        (Access.DATA_WRITE, None, Rules(data_writes=True), Care.SOON),
        (Access.DATA_WRITE, "Unauthenticated", Rules(), Care.DENIED),
    ],
)
def test_the_class_of_a_call_says_how_it_is_recorded(
    access: Access, error: str | None, rules: Rules, wanted: Care
) -> None:
    assert care(call(access=access, error=error), rules, 0) is wanted


def test_management_reads_can_be_sampled() -> None:
    look = call(access=Access.MANAGEMENT_READ)

    recorded = [care(look, Rules(every_management_read=3), n) is Care.SOON for n in range(7)]

    assert recorded == [True, False, False, True, False, False, True]


def test_refusals_of_an_address_are_limited_and_counted() -> None:
    denials = Denials()

    admitted = [denials.admit("10.0.0.1", NOW) for _ in range(25)]
    assert admitted == [True] * PER_SECOND + [False] * 15
    assert denials.admit("10.0.0.2", NOW)
    assert denials.waiting and denials.left_out(NOW) == {}

    assert denials.left_out(NOW + 1000) == {"10.0.0.1": 15}
    assert denials.admit("10.0.0.1", NOW + 1000)
    assert not denials.waiting


def test_a_flood_from_many_addresses_is_one_address() -> None:
    denials = Denials()

    admitted = sum(denials.admit(f"10.{n // 256 % 256}.{n % 256}.1", NOW) for n in range(5000))

    assert admitted == MOST + PER_SECOND
    assert denials.left_out(NOW, all=True) == {"others": 5000 - MOST - PER_SECOND}


def test_a_machine_with_ipv6_is_its_network() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:2") == "2001:db8::/64"
    assert network("::ffff:10.0.0.1") == network("10.0.0.1") == "10.0.0.1"
    assert network("no address") == "no address"
