"""Topics and subscriptions by boto3, which speaks the query protocol to SNS."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from logq.notify import outbox
from tests.server.cloudwatch.conftest import Client
from tests.server.cloudwatch.serving import Served

OPS = "arn:aws:sns:us-east-1:000000000000:ops"


@pytest.fixture
def sns(client: Client, served: Served) -> Any:
    made = client("sns")
    made.create_topic(
        Name="ops", Attributes={"DisplayName": "Ops"}, Tags=[{"Key": "a", "Value": "b"}]
    )
    return made


def code(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**given)
    return str(caught.value.response["Error"]["Code"])


def waiting(served: Served) -> list[dict[str, Any]]:
    with served.logq.storage.database.read() as connection:
        return [
            json.loads(entry.out.body)
            for lane in outbox.lanes(connection)
            for entry in outbox.heads(connection, lane, 1 << 60, 100)
        ]


def test_a_topic_reads_back_as_it_was_made(sns: Any) -> None:
    assert sns.create_topic(Name="ops")["TopicArn"] == OPS
    sns.set_topic_attributes(
        TopicArn=OPS, AttributeName="DeliveryPolicy", AttributeValue='{"http":{}}'
    )
    sns.set_topic_attributes(TopicArn=OPS, AttributeName="LogQGroupSeconds", AttributeValue="30")

    found = sns.get_topic_attributes(TopicArn=OPS)["Attributes"]

    assert found["TopicArn"] == OPS
    assert found["DisplayName"] == "Ops"
    assert found["DeliveryPolicy"] == '{"http":{}}'
    assert found["LogQGroupSeconds"] == "30"
    assert found["SubscriptionsConfirmed"] == "0"
    assert sns.list_topics()["Topics"] == [{"TopicArn": OPS}]
    sns.delete_topic(TopicArn=OPS)
    sns.delete_topic(TopicArn=OPS)
    assert sns.list_topics()["Topics"] == []
    assert code(sns.get_topic_attributes, TopicArn=OPS) == "NotFound"


def test_tags_of_a_topic(sns: Any) -> None:
    sns.tag_resource(ResourceArn=OPS, Tags=[{"Key": "c", "Value": "d"}])
    sns.untag_resource(ResourceArn=OPS, TagKeys=["a"])

    tags = sns.list_tags_for_resource(ResourceArn=OPS)["Tags"]

    assert tags == [{"Key": "c", "Value": "d"}]
    assert code(sns.list_tags_for_resource, ResourceArn=OPS + "x") == "ResourceNotFound"


def test_a_web_receiver_waits_for_its_confirmation(sns: Any, served: Served) -> None:
    url = "https://receiver.example.com/sns?key=secret"
    asked = sns.subscribe(TopicArn=OPS, Protocol="https", Endpoint=url)
    assert asked["SubscriptionArn"] == "pending confirmation"
    [pending] = sns.list_subscriptions()["Subscriptions"]
    assert pending["SubscriptionArn"] == "PendingConfirmation"
    assert pending["Endpoint"] == "https://receiver.example.com/***"
    assert waiting(served)[0]["kind"] == "confirmation"
    assert code(sns.confirm_subscription, TopicArn=OPS, Token="x") == "InvalidParameter"

    notify = served.logq.monitoring.notify
    [one] = notify.topics.subscriptions("ops")
    token = notify._receivers.token(one)
    arn = sns.confirm_subscription(TopicArn=OPS, Token=token)["SubscriptionArn"]

    [listed] = sns.list_subscriptions_by_topic(TopicArn=OPS)["Subscriptions"]
    assert listed["SubscriptionArn"] == arn
    assert listed["Protocol"] == "https"
    sns.unsubscribe(SubscriptionArn=arn)
    assert sns.list_subscriptions()["Subscriptions"] == []
    assert "secret" not in str(served.calls.seen)


def test_attributes_of_a_subscription(sns: Any) -> None:
    policy = {"team": ["web", {"prefix": "back"}], "n": [{"numeric": [">", 5]}]}
    delivery = {
        "healthyRetryPolicy": {
            "numRetries": 5, "minDelayTarget": 1, "maxDelayTarget": 60,
            "backoffFunction": "exponential",
        },
        "throttlePolicy": {"maxReceivesPerSecond": 2},
    }  # fmt: skip
    arn = sns.subscribe(
        TopicArn=OPS,
        Protocol="slack",
        Endpoint="https://hooks.slack.com/services/T/B/x",
        Attributes={"FilterPolicy": json.dumps(policy), "DeliveryPolicy": json.dumps(delivery)},
    )["SubscriptionArn"]
    sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="true"
    )

    found = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]

    assert json.loads(found["FilterPolicy"]) == policy
    assert found["FilterPolicyScope"] == "MessageAttributes"
    read = json.loads(found["DeliveryPolicy"])
    assert read["healthyRetryPolicy"] == delivery["healthyRetryPolicy"]
    assert found["RawMessageDelivery"] == "true"
    assert found["PendingConfirmation"] == "false"
    assert found["LogQSendOk"] == "true"
    bad = {"SubscriptionArn": arn, "AttributeName": "FilterPolicy", "AttributeValue": '{"a": "b"}'}
    assert code(sns.set_subscription_attributes, **bad) == "InvalidParameter"
    bad["AttributeName"] = "Nonsense"
    assert code(sns.set_subscription_attributes, **bad) == "InvalidParameter"
    assert code(sns.get_subscription_attributes, SubscriptionArn=arn[:-1]) == "NotFound"


def test_what_is_published_goes_to_those_whose_filter_it_fits(sns: Any, served: Served) -> None:
    sns.subscribe(
        TopicArn=OPS,
        Protocol="webhook",
        Endpoint="https://receiver.example.com/x",
        Attributes={"FilterPolicy": json.dumps({"n": [{"numeric": [">", 5]}]})},
    )
    for n in ("3", "7"):
        sns.publish(
            TopicArn=OPS,
            Message=json.dumps({"default": f"n is {n}"}),
            MessageStructure="json",
            Subject="news",
            MessageAttributes={"n": {"DataType": "Number", "StringValue": n}},
        )

    [entry] = waiting(served)
    assert (entry["message"], entry["alarm"]["name"]) == ("n is 7", "news")
    assert code(sns.publish, TopicArn=OPS + "x", Message="m") == "NotFound"
    assert code(sns.publish, PhoneNumber="+1", Message="m") == "InvalidParameter"


def test_a_batch_is_published(sns: Any, served: Served) -> None:
    sns.subscribe(TopicArn=OPS, Protocol="webhook", Endpoint="https://receiver.example.com/x")
    entries = [{"Id": str(n), "Message": f"m{n}"} for n in range(2)]
    entries.append({"Id": "bad", "Message": "x", "Subject": "s" * 101})

    done = sns.publish_batch(TopicArn=OPS, PublishBatchRequestEntries=entries)

    assert [one["Id"] for one in done["Successful"]] == ["0", "1"]
    assert [one["Code"] for one in done["Failed"]] == ["InvalidParameter"]
    assert sorted(entry["message"] for entry in waiting(served)) == ["m0", "m1"]
    twice = [entries[0], entries[0]]
    assert "NotDistinct" in code(sns.publish_batch, TopicArn=OPS, PublishBatchRequestEntries=twice)


@pytest.mark.parametrize("protocol", ["email", "sqs", "lambda", "sms"])
def test_a_protocol_that_is_not_offered_is_said(sns: Any, protocol: str) -> None:
    assert code(sns.subscribe, TopicArn=OPS, Protocol=protocol, Endpoint="x") == "InvalidParameter"


def test_whoever_may_not_is_refused(sns: Any, served: Served) -> None:
    served.caller.forbidden |= {("sns:Publish", OPS), ("sns:ListTopics", OPS)}

    assert code(sns.publish, TopicArn=OPS, Message="m") == "AuthorizationError"
    assert sns.list_topics()["Topics"] == []
