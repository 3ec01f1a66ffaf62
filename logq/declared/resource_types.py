"""The resource types of CloudFormation that LogQ has, and what they are called here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from logq.arns import Place

Properties = dict[str, Any]
Bodies = Sequence[tuple[str, Mapping[str, Any]]]
"""Sections of a file of LogQ's own nouns, and what stands there."""
Arn = Callable[[Place, str], str]


@dataclass(frozen=True, slots=True)
class Shaped:
    """A resource type."""

    named: str
    """The property that names it."""
    bodies: Callable[[str, Properties], Bodies]
    """What it is here, from the name it gets without one; takes the properties that it knows."""
    attributes: Mapping[str, Arn] = field(default_factory=dict)
    """What ``GetAtt`` gives, and ``Ref`` where that is not the name."""

    def attribute(self, name: str, called: str, place: Place) -> str | None:
        """What ``Ref`` or ``GetAtt`` give for a resource called so; None for neither."""
        if name in self.attributes:
            return self.attributes[name](place, called)
        return called if name == "Ref" else None


def _given(**fields: Any) -> Mapping[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _tags(properties: Properties) -> Mapping[str, str] | None:
    tags = properties.pop("Tags", None)
    return {tag["Key"]: str(tag["Value"]) for tag in tags} if tags is not None else None


def _number(value: Any) -> Any:
    """Templates write numbers as text as well."""
    if isinstance(value, str):
        return int(value) if value.lstrip("+-").isdigit() else float(value)
    return value


def _flag(value: Any) -> Any:
    return value == "true" if isinstance(value, str) else value


def _log_group(name: str, given: Properties) -> Bodies:
    given.pop("KmsKeyId", None)
    return [
        (
            "groups",
            _given(
                name=given.pop("LogGroupName", name),
                retention=_number(given.pop("RetentionInDays", None)),
                tags=_tags(given),
                protected=_flag(given.pop("DeletionProtectionEnabled", None)),
                **{"class": given.pop("LogGroupClass", None)},
            ),
        )
    ]


def _log_stream(name: str, given: Properties) -> Bodies:
    stream = given.pop("LogStreamName", name)
    return [("streams", _given(name=stream, group=given.pop("LogGroupName")))]


def _metric_filter(name: str, given: Properties) -> Bodies:
    (made,) = given.pop("MetricTransformations")
    dimensions = made.get("Dimensions")
    return [
        (
            "metric_filters",
            _given(
                name=given.pop("FilterName", name),
                group=given.pop("LogGroupName"),
                pattern=given.pop("FilterPattern"),
                namespace=made["MetricNamespace"],
                metric=made["MetricName"],
                value=str(made["MetricValue"]),
                default=_number(made.get("DefaultValue")),
                unit=made.get("Unit"),
                dimensions={one["Key"]: one["Value"] for one in dimensions}
                if dimensions is not None
                else None,
            ),
        )
    ]


def _subscription_filter(name: str, given: Properties) -> Bodies:
    return [
        (
            "subscription_filters",
            _given(
                name=given.pop("FilterName", name),
                group=given.pop("LogGroupName"),
                pattern=given.pop("FilterPattern"),
                destination=given.pop("DestinationArn"),
                role=given.pop("RoleArn", None),
                distribution=given.pop("Distribution", None),
            ),
        )
    ]


def _query(name: str, given: Properties) -> Bodies:
    return [
        (
            "queries",
            _given(
                name=given.pop("Name", name),
                query=given.pop("QueryString"),
                groups=given.pop("LogGroupNames", None),
            ),
        )
    ]


def _rule(name: str, given: Properties) -> Bodies:
    state = given.pop("State", "ENABLED")
    given.pop("EventBusName", None)
    given.pop("RoleArn", None)
    return [
        (
            "rules",
            _given(
                name=given.pop("Name", name),
                pattern=given.pop("EventPattern", None),
                schedule=given.pop("ScheduleExpression", None),
                enabled=state != "DISABLED",
                description=given.pop("Description", None),
                tags=_tags(given),
                targets=[_target(one) for one in given.pop("Targets", [])],
            ),
        )
    ]


def _target(given: Properties) -> Mapping[str, Any]:
    transformer = given.get("InputTransformer") or {}
    retry = given.get("RetryPolicy") or {}
    return _given(
        id=given["Id"],
        arn=given["Arn"],
        input=given.get("Input"),
        input_path=given.get("InputPath"),
        template=transformer.get("InputTemplate"),
        paths=transformer.get("InputPathsMap"),
        attempts=_number(retry.get("MaximumRetryAttempts")),
        seconds=_number(retry.get("MaximumEventAgeInSeconds")),
    )


def _query_id(place: Place, name: str) -> str:
    return place.logs("query-definition", name)


def _alarm(name: str, given: Properties) -> Bodies:
    metric = None
    if "MetricName" in given:
        metric = _given(
            namespace=given.pop("Namespace"),
            name=given.pop("MetricName"),
            dimensions={one["Name"]: one["Value"] for one in given.pop("Dimensions", [])},
            statistic=given.pop("Statistic", None) or given.pop("ExtendedStatistic"),
            unit=given.pop("Unit", None),
        )
    queries = given.pop("Metrics", [])
    periods = [one["MetricStat"]["Period"] for one in queries if "MetricStat" in one]
    body = _given(
        name=given.pop("AlarmName", name),
        metric=metric,
        queries=[_query_of(one) for one in queries],
        operator=given.pop("ComparisonOperator"),
        threshold=_number(given.pop("Threshold")),
        period=_number(given.pop("Period", periods[0] if periods else None)),
        periods=_number(given.pop("EvaluationPeriods")),
        datapoints=_number(given.pop("DatapointsToAlarm", None)),
        missing=given.pop("TreatMissingData", None),
        low_samples=given.pop("EvaluateLowSampleCountPercentile", None),
    )
    return [("alarms", {**body, **_said(given)})]


def _query_of(given: Properties) -> Mapping[str, Any]:
    stat = given.get("MetricStat")
    metric = None
    if stat is not None:
        about = stat["Metric"]
        metric = _given(
            namespace=about["Namespace"],
            name=about["MetricName"],
            dimensions={one["Name"]: one["Value"] for one in about.get("Dimensions", [])},
            statistic=stat["Stat"],
            unit=stat.get("Unit"),
        )
    return _given(
        id=given["Id"],
        metric=metric,
        expression=given.get("Expression"),
        label=given.get("Label"),
        returned=_flag(given.get("ReturnData")),
    )


def _composite_alarm(name: str, given: Properties) -> Bodies:
    body = _given(
        name=given.pop("AlarmName", name),
        rule=given.pop("AlarmRule"),
        suppressor=given.pop("ActionsSuppressor", None),
        wait=_number(given.pop("ActionsSuppressorWaitPeriod", None)),
        extension=_number(given.pop("ActionsSuppressorExtensionPeriod", None)),
    )
    return [("composite_alarms", {**body, **_said(given)})]


def _said(given: Properties) -> Mapping[str, Any]:
    """What all alarms have."""
    return _given(
        description=given.pop("AlarmDescription", None),
        tags=_tags(given),
        actions=_given(
            alarm=given.pop("AlarmActions", None),
            ok=given.pop("OKActions", None),
            insufficient_data=given.pop("InsufficientDataActions", None),
            enabled=_flag(given.pop("ActionsEnabled", None)),
        ),
    )


def _topic(name: str, given: Properties) -> Bodies:
    called = given.pop("TopicName", name)
    inside = given.pop("Subscription", [])
    body = _given(name=called, display_name=given.pop("DisplayName", None), tags=_tags(given))
    return [
        ("topics", body),
        *(("subscriptions", _receiver(called, one["Protocol"], one["Endpoint"])) for one in inside),
    ]


def _subscription(name: str, given: Properties) -> Bodies:
    topic = str(given.pop("TopicArn")).rpartition(":")[2]
    body = _receiver(topic, given.pop("Protocol"), given.pop("Endpoint"))
    options = _given(
        raw=_flag(given.pop("RawMessageDelivery", None)),
        filter_policy=given.pop("FilterPolicy", None),
        filter_scope=given.pop("FilterPolicyScope", None),
    )
    return [("subscriptions", {**body, **options})]


def _receiver(topic: str, protocol: str, endpoint: str) -> Mapping[str, Any]:
    """Amazon SNS calls receivers of its envelope by their scheme."""
    known = "sns-http" if protocol in ("http", "https") else protocol
    return {"topic": topic, "protocol": known, "endpoint": endpoint}


def _topic_name(place: Place, name: str) -> str:
    return name


TYPES: Mapping[str, Shaped] = {
    "AWS::Logs::LogGroup": Shaped(
        "LogGroupName", _log_group, {"Arn": lambda place, name: place.log_group(name) + ":*"}
    ),
    "AWS::Logs::LogStream": Shaped("LogStreamName", _log_stream),
    "AWS::Logs::MetricFilter": Shaped("FilterName", _metric_filter),
    "AWS::Logs::SubscriptionFilter": Shaped("FilterName", _subscription_filter),
    "AWS::Logs::QueryDefinition": Shaped("Name", _query, {"QueryDefinitionId": _query_id}),
    "AWS::CloudWatch::Alarm": Shaped("AlarmName", _alarm, {"Arn": Place.alarm}),
    "AWS::CloudWatch::CompositeAlarm": Shaped("AlarmName", _composite_alarm, {"Arn": Place.alarm}),
    "AWS::SNS::Topic": Shaped(
        "TopicName",
        _topic,
        {"Ref": Place.topic, "TopicArn": Place.topic, "TopicName": _topic_name},
    ),
    "AWS::SNS::Subscription": Shaped("Endpoint", _subscription),
    "AWS::Events::Rule": Shaped("Name", _rule, {"Arn": Place.rule}),
}
