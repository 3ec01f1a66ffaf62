"""What clients define - groups, tags, filters, queries, tables - reads back as it was written."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from logq.ingest.incoming import incoming
from tests.server.cloudwatch.serving import NOW, Served

ARN = "arn:aws:logs:us-east-1:000000000000:log-group:app"


def body(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# ---- log groups


def test_a_log_group_reads_back_as_it_was_made(logs: Any) -> None:
    logs.create_log_group(
        logGroupName="app",
        tags={"team": "a"},
        logGroupClass="INFREQUENT_ACCESS",
        kmsKeyId="arn:aws:kms:us-east-1:1:key/k",
        deletionProtectionEnabled=True,
    )
    logs.put_retention_policy(logGroupName="app", retentionInDays=7)

    assert body(logs.describe_log_groups()) == {
        "logGroups": [
            {
                "logGroupName": "app",
                "creationTime": NOW,
                "retentionInDays": 7,
                "metricFilterCount": 0,
                "arn": f"{ARN}:*",
                "storedBytes": 0,
                "kmsKeyId": "arn:aws:kms:us-east-1:1:key/k",
                "logGroupClass": "INFREQUENT_ACCESS",
                "logGroupArn": ARN,
                "deletionProtectionEnabled": True,
            }
        ]
    }


def test_what_a_log_group_has_not_is_absent(logs: Any) -> None:
    logs.create_log_group(logGroupName="app")
    logs.put_retention_policy(logGroupName="app", retentionInDays=7)
    logs.delete_retention_policy(logGroupName="app")

    (group,) = logs.describe_log_groups()["logGroups"]

    assert not {"retentionInDays", "kmsKeyId", "deletionProtectionEnabled"} & group.keys()


def test_a_protected_log_group_is_not_deleted(logs: Any) -> None:
    logs.create_log_group(logGroupName="app")
    logs.put_log_group_deletion_protection(logGroupIdentifier=ARN, deletionProtectionEnabled=True)

    with pytest.raises(ClientError, match="protected from deletion") as error:
        logs.delete_log_group(logGroupName="app")
    assert error.value.response["Error"]["Code"] == "ValidationException"

    logs.put_log_group_deletion_protection(
        logGroupIdentifier="app", deletionProtectionEnabled=False
    )
    logs.delete_log_group(logGroupName="app")
    assert logs.describe_log_groups()["logGroups"] == []


def test_log_groups_are_listed_by_prefix_by_part_and_page_by_page(logs: Any) -> None:
    names = [f"/aws/lambda/f{n:02}" for n in range(60)] + ["B", "a", "_"]
    for name in names:
        logs.create_log_group(logGroupName=name)

    pages = list(logs.get_paginator("describe_log_groups").paginate())
    listed = [group["logGroupName"] for page in pages for group in page["logGroups"]]
    assert (len(pages), listed) == (2, sorted(names))
    assert "nextToken" not in pages[-1]

    def found(**asked: Any) -> list[str]:
        groups = logs.describe_log_groups(**asked)["logGroups"]
        return [group["logGroupName"] for group in groups]

    assert found(logGroupNamePrefix="/aws/lambda/f1", limit=3) == sorted(names)[10:13]
    assert found(logGroupNamePattern="f59") == ["/aws/lambda/f59"]
    assert found(logGroupNamePattern="F59") == []
    assert found(logGroupIdentifiers=["a", "arn:aws:logs:us-east-1:000000000000:log-group:B"]) == [
        "B",
        "a",
    ]
    assert found(logGroupClass="DELIVERY") == []


def test_a_token_is_of_one_call_only(logs: Any) -> None:
    for name in "abc":
        logs.create_log_group(logGroupName=name)
    token = logs.describe_log_groups(limit=1)["nextToken"]

    following = logs.describe_log_groups(limit=2, nextToken=token)["logGroups"]
    assert [group["logGroupName"] for group in following] == ["b", "c"]
    with pytest.raises(ClientError, match=r"The specified nextToken is invalid\."):
        logs.describe_log_groups(logGroupNamePrefix="a", nextToken=token)
    with pytest.raises(ClientError, match=r"The specified nextToken is invalid\."):
        logs.list_log_groups(nextToken=token)


def test_the_newer_list_takes_patterns_and_tags(logs: Any) -> None:
    for name in ("app/web", "app/db", "web"):
        logs.create_log_group(logGroupName=name, tags={"kind": name[-2:]})

    def found(**asked: Any) -> list[str]:
        return [g["logGroupName"] for g in logs.list_log_groups(**asked)["logGroups"]]

    assert found() == ["app/db", "app/web", "web"]
    assert found(logGroupNamePattern="^web|/db") == ["app/db", "web"]
    assert found(logGroupTags=[{"key": "kind", "values": ["eb"]}]) == ["app/web", "web"]


def test_a_list_shows_only_what_the_caller_may_see(logs: Any, served: Served) -> None:
    for name in ("app", "secret"):
        logs.create_log_group(logGroupName=name)
    served.caller.forbidden.add(("logs:DescribeLogGroups", ARN.replace(":app", ":secret")))

    assert [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]] == ["app"]


def test_what_the_policy_forbids_is_refused_and_recorded(logs: Any, served: Served) -> None:
    served.caller.forbidden.add(("logs:CreateLogGroup", ARN))

    with pytest.raises(ClientError, match="not authorized to perform logs:CreateLogGroup") as error:
        logs.create_log_group(logGroupName="app")

    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    assert [(c.action, c.error) for c in served.calls.seen] == [
        ("logs:CreateLogGroup", "AccessDenied")
    ]


# ---- tags


def test_tags_of_both_generations_are_the_same_tags(logs: Any) -> None:
    logs.create_log_group(logGroupName="app", tags={"a": "1"})

    logs.tag_resource(resourceArn=ARN, tags={"b": "ü x"})
    logs.tag_log_group(logGroupName="app", tags={"c": ""})
    assert logs.list_tags_for_resource(resourceArn=ARN)["tags"] == {"a": "1", "b": "ü x", "c": ""}

    logs.untag_resource(resourceArn=ARN, tagKeys=["a"])
    logs.untag_log_group(logGroupName="app", tags=["b"])
    assert logs.list_tags_log_group(logGroupName="app")["tags"] == {"c": ""}


def test_a_log_group_has_at_most_fifty_tags(logs: Any) -> None:
    logs.create_log_group(logGroupName="app")
    logs.tag_resource(resourceArn=ARN, tags={f"a{n}": "" for n in range(50)})

    with pytest.raises(logs.exceptions.TooManyTagsException):
        logs.tag_resource(resourceArn=ARN, tags={"b": ""})


# ---- log streams


def test_a_stream_is_made_empty_and_only_once(logs: Any) -> None:
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="s/1")

    (stream,) = logs.describe_log_streams(logGroupName="app")["logStreams"]

    assert stream == {
        "logStreamName": "s/1",
        "creationTime": NOW,
        "arn": f"{ARN}:log-stream:s/1",
        "storedBytes": 0,
    }
    with pytest.raises(ClientError) as error:
        logs.create_log_stream(logGroupName="app", logStreamName="s/1")
    assert error.value.response["Error"] == {
        "Code": "ResourceAlreadyExistsException",
        "Message": "The specified log stream already exists",
    }


def fill(served: Served, *events: tuple[str, int]) -> None:
    for stream, time in events:
        served.logq.accept("app", incoming(["hello"], [time], stream))


def test_streams_are_ordered_by_name_or_by_their_last_event(logs: Any, served: Served) -> None:
    logs.create_log_group(logGroupName="app")
    fill(served, ("b", NOW - 5), ("a", NOW - 3), ("c", NOW - 4))

    def found(**asked: Any) -> list[str]:
        streams = logs.describe_log_streams(logGroupName="app", **asked)["logStreams"]
        return [stream["logStreamName"] for stream in streams]

    assert found() == ["a", "b", "c"]
    assert found(descending=True, limit=2) == ["c", "b"]
    assert found(orderBy="LastEventTime") == ["b", "c", "a"]
    assert found(orderBy="LastEventTime", descending=True) == ["a", "c", "b"]
    assert found(logStreamNamePrefix="c") == ["c"]
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName="app", orderBy="LastEventTime", descending=True, limit=1
    )
    assert [p["logStreams"][0]["logStreamName"] for p in pages if p["logStreams"]] == list("acb")


def test_a_stream_tells_its_times(logs: Any, served: Served) -> None:
    logs.create_log_group(logGroupName="app")
    fill(served, ("s", NOW - 9), ("s", NOW - 5))

    (stream,) = logs.describe_log_streams(logGroupIdentifier=ARN)["logStreams"]

    assert stream == {
        "logStreamName": "s",
        "creationTime": NOW,
        "firstEventTimestamp": NOW - 9,
        "lastEventTimestamp": NOW - 5,
        "lastIngestionTime": NOW,
        "arn": f"{ARN}:log-stream:s",
        "storedBytes": 0,
    }


# ---- metric filters

METRIC = {
    "metricName": "latency",
    "metricNamespace": "app",
    "metricValue": "$.latency",
    "dimensions": {"route": "$.route"},
    "unit": "Milliseconds",
}


def test_a_metric_filter_reads_back_as_it_was_written(logs: Any) -> None:
    logs.create_log_group(logGroupName="app")

    logs.put_metric_filter(
        logGroupName="app",
        filterName="slow",
        filterPattern="{ $.latency > 0 }",
        metricTransformations=[METRIC],
    )

    wanted = {
        "filterName": "slow",
        "filterPattern": "{ $.latency > 0 }",
        "logGroupName": "app",
        "creationTime": NOW,
        "metricTransformations": [METRIC],
        "applyOnTransformedLogs": False,
    }
    assert logs.describe_metric_filters(logGroupName="app")["metricFilters"] == [wanted]
    by_metric = logs.describe_metric_filters(metricName="latency", metricNamespace="app")
    assert by_metric["metricFilters"] == [wanted]
    other = logs.describe_metric_filters(metricName="latency", metricNamespace="other")
    assert body(other) == {"metricFilters": []}
    assert logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 1

    logs.delete_metric_filter(logGroupName="app", filterName="slow")
    assert logs.describe_metric_filters()["metricFilters"] == []


def test_a_default_value_of_zero_reads_back_and_the_same_name_replaces(logs: Any) -> None:
    logs.create_log_group(logGroupName="app")
    metric = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    for default in (5.0, 0.0):
        logs.put_metric_filter(
            logGroupName="app",
            filterName="f",
            filterPattern="ERROR",
            metricTransformations=[metric | {"defaultValue": default}],
        )

    (found,) = logs.describe_metric_filters(logGroupName="app", filterNamePrefix="f")[
        "metricFilters"
    ]

    assert found["metricTransformations"] == [metric | {"defaultValue": 0.0, "unit": "None"}]


def test_a_log_group_has_at_most_a_hundred_metric_filters(logs: Any) -> None:
    logs.create_log_group(logGroupName="app")
    metric = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}

    def put(number: int) -> None:
        logs.put_metric_filter(
            logGroupName="app",
            filterName=f"f{number:03}",
            filterPattern="",
            metricTransformations=[metric],
        )

    for number in range(100):
        put(number)
    put(99)
    with pytest.raises(ClientError) as error:
        put(100)

    assert error.value.response["Error"]["Code"] == "LimitExceededException"
    assert len(logs.describe_metric_filters(logGroupName="app")["metricFilters"]) == 50


def test_a_filter_pattern_can_be_tried(logs: Any) -> None:
    answer = logs.test_metric_filter(
        filterPattern="{ $.latency >= 250 }",
        logEventMessages=["no JSON", '{"latency": 250, "route": "/"}', '{"latency": 2}'],
    )

    assert answer["matches"] == [
        {
            "eventNumber": 2,
            "eventMessage": '{"latency": 250, "route": "/"}',
            "extractedValues": {"$.latency": "250"},
        }
    ]


# ---- subscription filters


def test_two_subscription_filters_are_kept_and_a_third_is_refused(logs: Any) -> None:
    logs.create_log_group(logGroupName="app")

    def put(name: str, **more: Any) -> None:
        logs.put_subscription_filter(
            logGroupName="app",
            filterName=name,
            filterPattern="ERROR",
            destinationArn="arn:aws:lambda:us-east-1:000000000000:function:f",
            **more,
        )

    put("one", distribution="Random", roleArn="arn:aws:iam::000000000000:role/r")
    put("two")
    put("two")
    with pytest.raises(ClientError) as error:
        put("three")
    assert error.value.response["Error"]["Code"] == "LimitExceededException"

    found = logs.describe_subscription_filters(logGroupName="app", filterNamePrefix="one")
    assert found["subscriptionFilters"] == [
        {
            "filterName": "one",
            "logGroupName": "app",
            "filterPattern": "ERROR",
            "destinationArn": "arn:aws:lambda:us-east-1:000000000000:function:f",
            "roleArn": "arn:aws:iam::000000000000:role/r",
            "distribution": "Random",
            "applyOnTransformedLogs": False,
            "creationTime": NOW,
        }
    ]
    logs.delete_subscription_filter(logGroupName="app", filterName="one")
    left = logs.describe_subscription_filters(logGroupName="app")["subscriptionFilters"]
    assert [one["filterName"] for one in left] == ["two"]


# ---- query definitions


def test_a_query_definition_is_replaced_whole(logs: Any) -> None:
    made = logs.put_query_definition(
        name="errors/top",
        queryString="stats count(*) by code",
        logGroupNames=["app"],
        parameters=[{"name": "code", "defaultValue": "500"}],
    )
    id = made["queryDefinitionId"]
    logs.put_query_definition(name="other", queryString="limit 1")

    first = logs.describe_query_definitions(queryDefinitionNamePrefix="errors/")
    assert first["queryDefinitions"] == [
        {
            "queryLanguage": "CWLI",
            "queryDefinitionId": id,
            "name": "errors/top",
            "queryString": "stats count(*) by code",
            "lastModified": NOW,
            "logGroupNames": ["app"],
            "parameters": [{"name": "code", "defaultValue": "500"}],
        }
    ]
    logs.put_query_definition(queryDefinitionId=id, name="top", queryString="limit 2")
    second = logs.describe_query_definitions(maxResults=2)["queryDefinitions"]
    assert [(q["name"], q["logGroupNames"]) for q in second] == [("other", []), ("top", [])]

    assert logs.delete_query_definition(queryDefinitionId=id)["success"] is True
    assert len(logs.describe_query_definitions()["queryDefinitions"]) == 1


# ---- index policies and lookup tables


def test_an_index_policy_is_remembered(logs: Any) -> None:
    logs.create_log_group(logGroupName="app")
    document = '{"Fields": ["requestId", "user"]}'

    made = logs.put_index_policy(logGroupIdentifier="app", policyDocument=document)

    policy = {
        "logGroupIdentifier": ARN,
        "lastUpdateTime": NOW,
        "policyDocument": document,
        "source": "LOG_GROUP",
    }
    assert made["indexPolicy"] == policy
    assert logs.describe_index_policies(logGroupIdentifiers=[ARN])["indexPolicies"] == [policy]
    fields = logs.describe_field_indexes(logGroupIdentifiers=["app"])["fieldIndexes"]
    assert [field["fieldIndexName"] for field in fields] == ["requestId", "user"]
    logs.delete_index_policy(logGroupIdentifier="app")
    assert logs.describe_index_policies(logGroupIdentifiers=["app"])["indexPolicies"] == []


def test_a_lookup_table_is_made_changed_and_deleted(logs: Any) -> None:
    made = logs.create_lookup_table(
        lookupTableName="users", tableBody="id,name\n1,Ada\n", description="who"
    )
    arn = made["lookupTableArn"]
    assert arn == "arn:aws:logs:us-east-1:000000000000:lookup-table:users"

    logs.update_lookup_table(lookupTableArn=arn, tableBody="id,name\n1,Ada\n2,Max\n")

    assert logs.get_lookup_table(lookupTableArn=arn)["tableBody"] == "id,name\n1,Ada\n2,Max\n"
    assert logs.describe_lookup_tables()["lookupTables"] == [
        {
            "lookupTableArn": arn,
            "lookupTableName": "users",
            "description": "who",
            "tableFields": ["id", "name"],
            "recordsCount": 2,
            "sizeBytes": 20,
            "lastUpdatedTime": NOW,
        }
    ]
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_lookup_table(lookupTableName="users", tableBody="a\n")
    logs.delete_lookup_table(lookupTableArn=arn)
    assert logs.describe_lookup_tables()["lookupTables"] == []


# ---- what is not here


@pytest.mark.parametrize(
    ("service", "call", "params", "member"),
    [
        (
            "logs",
            "describe_account_policies",
            {"policyType": "TRANSFORMER_POLICY"},
            "accountPolicies",
        ),
        ("logs", "describe_destinations", {}, "destinations"),
        ("logs", "describe_export_tasks", {}, "exportTasks"),
        ("logs", "describe_resource_policies", {}, "resourcePolicies"),
        ("logs", "list_anomalies", {}, "anomalies"),
        ("logs", "list_log_anomaly_detectors", {}, "anomalyDetectors"),
        ("cloudwatch", "describe_anomaly_detectors", {}, "AnomalyDetectors"),
        ("cloudwatch", "describe_insight_rules", {}, "InsightRules"),
        ("cloudwatch", "list_metric_streams", {}, "Entries"),
    ],
)
def test_what_logq_never_has_is_an_empty_list(
    service: str, call: str, params: dict[str, Any], member: str, client: Any
) -> None:
    assert body(getattr(client(service), call)(**params)) == {member: []}
