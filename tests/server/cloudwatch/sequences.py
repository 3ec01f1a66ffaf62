"""What well-known clients call, in their order, and what they need to read in the answers.

Each step is (operation, body, status, what the answer must hold). Taken from how these clients are
built: Fluent Bit's cloudwatch_logs output, Vector's aws_cloudwatch_logs sink, the AWS provider of
Terraform, Grafana's data source.
"""

from __future__ import annotations

from typing import Any

from tests.server.cloudwatch.serving import NOW

Step = tuple[str, dict[str, Any], int, dict[str, Any]]

ARN = "arn:aws:logs:us-east-1:000000000000:log-group:app"
NO_GROUP = {
    "__type": "ResourceNotFoundException",
    "message": "The specified log group does not exist.",
}
EVENTS = [{"timestamp": NOW - 1, "message": "a"}, {"timestamp": NOW, "message": "b"}]
STREAM = {"logGroupName": "app", "logStreamName": "host-1"}

FLUENT_BIT: list[Step] = [
    ("CreateLogStream", STREAM, 400, NO_GROUP),
    ("CreateLogGroup", {"logGroupName": "app"}, 200, {}),
    ("PutRetentionPolicy", {"logGroupName": "app", "retentionInDays": 14}, 200, {}),
    ("CreateLogStream", STREAM, 200, {}),
    ("PutLogEvents", STREAM | {"logEvents": EVENTS}, 200, {}),
    # Started again.
    (
        "CreateLogStream",
        STREAM,
        400,
        {
            "__type": "ResourceAlreadyExistsException",
            "message": "The specified log stream already exists",
        },
    ),
    ("PutLogEvents", STREAM | {"logEvents": EVENTS, "sequenceToken": None}, 200, {}),
    # Cleaned up by hand.
    ("DeleteLogStream", STREAM, 200, {}),
    (
        "DeleteLogStream",
        STREAM,
        400,
        {
            "__type": "ResourceNotFoundException",
            "message": "The specified log stream does not exist.",
        },
    ),
    ("DeleteLogStream", STREAM | {"logGroupName": "nowhere"}, 400, NO_GROUP),
    ("DescribeLogStreams", {"logGroupName": "app"}, 200, {"logStreams": []}),
]

VECTOR: list[Step] = [
    ("DescribeLogGroups", {"limit": 1, "logGroupNamePrefix": "app"}, 200, {"logGroups": []}),
    (
        "DescribeLogStreams",
        {"limit": 1, "logGroupName": "app", "logStreamNamePrefix": "host-1"},
        400,
        NO_GROUP,
    ),
    ("CreateLogGroup", {"logGroupName": "app", "tags": {"by": "vector"}}, 200, {}),
    ("PutRetentionPolicy", {"logGroupName": "app", "retentionInDays": 7}, 200, {}),
    (
        "DescribeLogStreams",
        {"limit": 1, "logGroupName": "app", "logStreamNamePrefix": "host-1"},
        200,
        {"logStreams": []},
    ),
    ("CreateLogStream", STREAM, 200, {}),
    (
        "DescribeLogStreams",
        {"limit": 1, "logGroupName": "app", "logStreamNamePrefix": "host-1"},
        200,
        {
            "logStreams": [
                {
                    "logStreamName": "host-1",
                    "creationTime": NOW,
                    "arn": f"{ARN}:log-stream:host-1",
                    "storedBytes": 0,
                }
            ]
        },
    ),
    (
        "PutLogEvents",
        STREAM | {"logEvents": EVENTS, "sequenceToken": "49590302938479"},
        200,
        {},
    ),
]

TERRAFORM: list[Step] = [
    (
        "CreateLogGroup",
        {"logGroupName": "app", "logGroupClass": "STANDARD", "tags": {"env": "prod"}},
        200,
        {},
    ),
    ("PutRetentionPolicy", {"logGroupName": "app", "retentionInDays": 30}, 200, {}),
    (
        "DescribeLogGroups",
        {"logGroupNamePrefix": "app"},
        200,
        {
            "logGroups": [
                {
                    "logGroupName": "app",
                    "creationTime": NOW,
                    "retentionInDays": 30,
                    "metricFilterCount": 0,
                    "arn": f"{ARN}:*",
                    "storedBytes": 0,
                    "logGroupClass": "STANDARD",
                    "logGroupArn": ARN,
                }
            ]
        },
    ),
    ("ListTagsForResource", {"resourceArn": ARN}, 200, {"tags": {"env": "prod"}}),
    (
        "PutMetricFilter",
        {
            "logGroupName": "app",
            "filterName": "errors",
            "filterPattern": "ERROR",
            "metricTransformations": [
                {
                    "metricName": "errors",
                    "metricNamespace": "app",
                    "metricValue": "1",
                    "defaultValue": 0,
                    "unit": "Count",
                }
            ],
        },
        200,
        {},
    ),
    (
        "DescribeMetricFilters",
        {"logGroupName": "app", "filterNamePrefix": "errors"},
        200,
        {
            "metricFilters": [
                {
                    "filterName": "errors",
                    "filterPattern": "ERROR",
                    "logGroupName": "app",
                    "creationTime": NOW,
                    "applyOnTransformedLogs": False,
                    "metricTransformations": [
                        {
                            "metricName": "errors",
                            "metricNamespace": "app",
                            "metricValue": "1",
                            "defaultValue": 0.0,
                            "unit": "Count",
                        }
                    ],
                }
            ]
        },
    ),
    (
        "PutQueryDefinition",
        {
            "name": "folder/errors",
            "queryString": "filter @message like /ERROR/",
            "logGroupNames": ["app"],
            "clientToken": "0" * 36,
        },
        200,
        {},
    ),
    ("TagResource", {"resourceArn": ARN, "tags": {"env": "test"}}, 200, {}),
    ("UntagResource", {"resourceArn": ARN, "tagKeys": ["env"]}, 200, {}),
    ("ListTagsForResource", {"resourceArn": ARN}, 200, {"tags": {}}),
    ("DeleteRetentionPolicy", {"logGroupName": "app"}, 200, {}),
    ("DeleteMetricFilter", {"logGroupName": "app", "filterName": "errors"}, 200, {}),
    ("DeleteLogGroup", {"logGroupName": "app"}, 200, {}),
    ("DescribeLogGroups", {"logGroupNamePrefix": "app"}, 200, {"logGroups": []}),
    ("DeleteLogGroup", {"logGroupName": "app"}, 400, NO_GROUP),
]

GRAFANA: list[Step] = [
    ("DescribeLogGroups", {"limit": 1}, 200, {"logGroups": []}),
    (
        "DescribeLogGroups",
        {"limit": 50, "logGroupNamePattern": "app", "includeLinkedAccounts": False},
        200,
        {"logGroups": []},
    ),
]

SEQUENCES = {
    "fluent-bit": FLUENT_BIT,
    "vector": VECTOR,
    "terraform": TERRAFORM,
    "grafana": GRAFANA,
}
