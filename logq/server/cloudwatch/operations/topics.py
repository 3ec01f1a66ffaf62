"""Topics of SNS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from logq.actions import topics
from logq.actions.context import Context
from logq.errors import InvalidValue, NotFound
from logq.notify.topic import Topic
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.operation import Params, Result, operation
from logq.server.cloudwatch.pages import page

NOUN = "topic"
_GROUPING = "LogQGroupSeconds"
"""The attribute for what SNS has no attribute for."""


@operation("sns", "CreateTopic", noun=NOUN)
def create_topic(context: Context, params: Params) -> Result:
    given = dict(params.get("Attributes") or {})
    made = topics.create_topic(
        context,
        params["Name"],
        display_name=given.pop("DisplayName", ""),
        group_seconds=_seconds(given.pop(_GROUPING, "0")),
        attributes=given,
        tags={tag["Key"]: tag["Value"] for tag in params.get("Tags") or []},
    )
    return {"TopicArn": made.arn}


@operation("sns", "DeleteTopic", noun=NOUN)
def delete_topic(context: Context, params: Params) -> Result:
    topics.delete_topic(context, params["TopicArn"])
    return None


@operation("sns", "ListTopics", noun=NOUN)
def list_topics(context: Context, params: Params) -> Result:
    found, token = page(topics.list_topics(context), lambda one: one.arn, params)
    return {"Topics": [{"TopicArn": one.arn} for one in found], "NextToken": token}


@operation("sns", "GetTopicAttributes", noun=NOUN)
def get_topic_attributes(context: Context, params: Params) -> Result:
    return {"Attributes": _attributes(context, topics.get_topic(context, params["TopicArn"]))}


@operation("sns", "SetTopicAttributes", noun=NOUN)
def set_topic_attributes(context: Context, params: Params) -> Result:
    name, value = params["AttributeName"], params.get("AttributeValue", "")
    given: dict[str, Any] = {"attributes": {name: value}}
    if name == "DisplayName":
        given = {"display_name": value}
    if name == _GROUPING:
        given = {"group_seconds": _seconds(value)}
    topics.set_topic(context, params["TopicArn"], **given)
    return None


@operation("sns", "Publish", noun=NOUN)
def publish(context: Context, params: Params) -> Result:
    arn = params.get("TopicArn") or params.get("TargetArn")
    if not arn:
        raise WireError(
            "InvalidParameterException",
            "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter",
        )
    return {"MessageId": _publish(context, arn, params)}


@operation("sns", "PublishBatch", action="sns:Publish", noun=NOUN)
def publish_batch(context: Context, params: Params) -> Result:
    entries = params["PublishBatchRequestEntries"]
    _check(entries)
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            done.append(
                {"Id": entry["Id"], "MessageId": _publish(context, params["TopicArn"], entry)}
            )
        except InvalidValue as error:
            failed.append(
                {
                    "Id": entry["Id"],
                    "Code": "InvalidParameter",
                    "Message": error.message,
                    "SenderFault": True,
                }
            )
    return {"Successful": done, "Failed": failed}


@operation("sns", "TagResource", noun=NOUN)
def tag_resource(context: Context, params: Params) -> Result:
    with _named_resource():
        tags = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        topics.tag_topic(context, params["ResourceArn"], tags)
    return {}


@operation("sns", "UntagResource", noun=NOUN)
def untag_resource(context: Context, params: Params) -> Result:
    with _named_resource():
        topics.untag_topic(context, params["ResourceArn"], params["TagKeys"])
    return {}


@operation("sns", "ListTagsForResource", noun=NOUN)
def list_tags_for_resource(context: Context, params: Params) -> Result:
    with _named_resource():
        found = topics.list_topic_tags(context, params["ResourceArn"])
    return {"Tags": [{"Key": name, "Value": value} for name, value in found.items()]}


def _publish(context: Context, arn: str, params: Params) -> str:
    text = topics.message_of(params.get("MessageStructure") or "", params["Message"])
    return topics.publish(
        context,
        arn,
        text,
        subject=params.get("Subject") or "",
        attributes={
            name: str(value.get("StringValue") or "")
            for name, value in (params.get("MessageAttributes") or {}).items()
        },
    )


def _check(entries: Sequence[Params]) -> None:
    if not entries:
        raise WireError("EmptyBatchRequestException", "The batch request is empty.")
    if len(entries) > 10:
        raise WireError("TooManyEntriesInBatchRequestException", "There are more than 10 entries.")
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise WireError("BatchEntryIdsNotDistinctException", "Two entries have the same Id.")


def _attributes(context: Context, one: Topic) -> dict[str, str]:
    policy = {"Version": "2012-10-17", "Statement": []}
    return {
        "Policy": json.dumps(policy),
        **one.attributes,
        "TopicArn": one.arn,
        "Owner": context.place.account,
        "DisplayName": one.display_name,
        "SubscriptionsConfirmed": str(one.subscriptions),
        "SubscriptionsPending": str(one.pending),
        "SubscriptionsDeleted": "0",
        _GROUPING: str(one.group_seconds),
    }


def _seconds(text: str) -> int:
    if not text.isdigit() or len(text) > 6:
        raise InvalidValue(f"{_GROUPING} is a number of seconds")
    return int(text)


@contextmanager
def _named_resource() -> Iterator[None]:
    """Tagging has an error of its own for what is not there."""
    try:
        yield
    except NotFound:
        raise WireError("ResourceNotFoundException", "Resource does not exist") from None
