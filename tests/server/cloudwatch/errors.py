"""What a client does wrong, and what it is told: (operation, parameters, code, message)."""

from __future__ import annotations

from typing import Any

ONE = "1 validation error detected: "
INVALID = "InvalidParameterException"
MISSING = "ResourceNotFoundException"
NO_GROUP = "The specified log group does not exist."
METRIC = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
FILTER = {"logGroupName": "app", "filterName": "f", "filterPattern": ""}
ARN = "arn:aws:logs:us-east-1:000000000000:log-group:"
TAG_VALUE = (
    "Map value must satisfy constraint: [Member must have length less than or equal to 256, "
    "Member must have length greater than or equal to 0, Member must satisfy regular expression "
    r"pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$]"
)

Case = tuple[str, dict[str, Any], str, str]

CASES: list[Case] = [
    # What the model forbids.
    (
        "CreateLogGroup",
        {"logGroupName": "x" * 513},
        INVALID,
        f"{ONE}Value '{'x' * 513}' at 'logGroupName' failed to satisfy constraint: "
        "Member must have length less than or equal to 512",
    ),
    (
        "CreateLogGroup",
        {"logGroupName": "a", "logGroupClass": "CHEAP"},
        INVALID,
        f"{ONE}Value 'CHEAP' at 'logGroupClass' failed to satisfy constraint: Member must satisfy "
        "enum value set: [STANDARD, INFREQUENT_ACCESS, DELIVERY, ESSENTIALS]",
    ),
    (
        "CreateLogGroup",
        {"logGroupName": "a", "tags": {"k": "?"}},
        INVALID,
        f"{ONE}Value '{{k=?}}' at 'tags' failed to satisfy constraint: {TAG_VALUE}",
    ),
    (
        "DescribeLogGroups",
        {"limit": 51},
        INVALID,
        f"{ONE}Value '51' at 'limit' failed to satisfy constraint: "
        "Member must have value less than or equal to 50",
    ),
    (
        "DescribeLogStreams",
        {"logGroupIdentifier": f"{ARN}app:*"},
        INVALID,
        f"{ONE}Value at 'logGroupIdentifier' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w#+=/:,.@-]*",
    ),
    (
        "PutMetricFilter",
        FILTER | {"filterName": "a:b", "metricTransformations": [METRIC | {"unit": "Miles"}] * 2},
        INVALID,
        "4 validation errors detected: Value 'a:b' at 'filterName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [^:*]*; ",
    ),
    (
        "PutRetentionPolicy",
        {"logGroupName": "nowhere", "retentionInDays": 2},
        INVALID,
        "Retention cannot be 2 days.",
    ),
    # What is not there, or there already.
    ("DeleteLogGroup", {"logGroupName": "nowhere"}, MISSING, NO_GROUP),
    ("PutRetentionPolicy", {"logGroupName": "nowhere", "retentionInDays": 1}, MISSING, NO_GROUP),
    ("DeleteRetentionPolicy", {"logGroupName": "nowhere"}, MISSING, NO_GROUP),
    ("DescribeLogStreams", {"logGroupName": "nowhere"}, MISSING, NO_GROUP),
    (
        "CreateLogStream",
        {"logGroupName": "nowhere", "logStreamName": "s"},
        MISSING,
        NO_GROUP,
    ),
    ("DescribeMetricFilters", {"logGroupName": "nowhere"}, MISSING, NO_GROUP),
    ("DescribeSubscriptionFilters", {"logGroupName": "nowhere"}, MISSING, NO_GROUP),
    ("DescribeIndexPolicies", {"logGroupIdentifiers": ["nowhere"]}, MISSING, NO_GROUP),
    (
        "PutLogGroupDeletionProtection",
        {"logGroupIdentifier": f"{ARN}nowhere", "deletionProtectionEnabled": True},
        MISSING,
        NO_GROUP,
    ),
    (
        "PutMetricFilter",
        FILTER | {"logGroupName": "nowhere", "metricTransformations": [METRIC]},
        MISSING,
        NO_GROUP,
    ),
    (
        "CreateLogGroup",
        {"logGroupName": "app"},
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    ),
    (
        "DeleteMetricFilter",
        {"logGroupName": "app", "filterName": "f"},
        MISSING,
        "The specified metric filter does not exist.",
    ),
    (
        "DeleteSubscriptionFilter",
        {"logGroupName": "app", "filterName": "f"},
        MISSING,
        "The specified subscription filter does not exist.",
    ),
    (
        "DeleteQueryDefinition",
        {"queryDefinitionId": "none"},
        MISSING,
        "The specified query definition does not exist.",
    ),
    (
        "PutQueryDefinition",
        {"queryDefinitionId": "none", "name": "q", "queryString": "limit 1"},
        MISSING,
        "The specified query definition does not exist.",
    ),
    (
        "GetLookupTable",
        {"lookupTableArn": "none"},
        MISSING,
        "The specified lookup table does not exist.",
    ),
    ("DeleteIndexPolicy", {"logGroupIdentifier": "app"}, MISSING, "The specified index policy"),
    ("ListTagsForResource", {"resourceArn": f"{ARN}nowhere"}, MISSING, NO_GROUP),
    (
        "TagResource",
        {"resourceArn": "arn:aws:logs:us-east-1:000000000000:delivery:x", "tags": {"a": "b"}},
        MISSING,
        "The specified resource does not exist.",
    ),
    ("GetDataProtectionPolicy", {"logGroupIdentifier": "app"}, MISSING, "The specified data"),
    # What does not go together.
    (
        "CreateLogGroup",
        {"logGroupName": "aws/lambda"},
        INVALID,
        "Log groups starting with AWS/ are reserved for AWS.",
    ),
    (
        "DescribeLogGroups",
        {"logGroupNamePrefix": "a", "logGroupNamePattern": "b"},
        INVALID,
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
    ),
    ("DescribeLogGroups", {"nextToken": "mine"}, INVALID, "The specified nextToken is invalid."),
    (
        "DescribeLogStreams",
        {"logGroupName": "app", "orderBy": "LastEventTime", "logStreamNamePrefix": "a"},
        INVALID,
        "Cannot order by LastEventTime with a logStreamNamePrefix.",
    ),
    (
        "DescribeLogStreams",
        {"logGroupName": "app", "logGroupIdentifier": "app"},
        INVALID,
        "Exactly one of logGroupName and logGroupIdentifier must be specified.",
    ),
    (
        "DescribeMetricFilters",
        {"metricName": "m"},
        INVALID,
        "Describe Metric Filters request must contain either logGroupName or metricName and "
        "metricNamespace",
    ),
    (
        "DescribeMetricFilters",
        {"logGroupName": "app", "metricName": "m", "metricNamespace": "n"},
        INVALID,
        "Describe Metric Filters request must contain either logGroupName or metricName",
    ),
    (
        "PutMetricFilter",
        FILTER | {"filterPattern": "{ $.a", "metricTransformations": [METRIC]},
        INVALID,
        "Invalid filter pattern",
    ),
    (
        "PutMetricFilter",
        FILTER | {"metricTransformations": [METRIC | {"metricValue": "many"}]},
        INVALID,
        "",
    ),
    (
        "TestMetricFilter",
        {"filterPattern": "[a", "logEventMessages": ["x"]},
        INVALID,
        "Invalid filter pattern",
    ),
    ("TagResource", {"resourceArn": "app", "tags": {"a": "b"}}, INVALID, "The specified resource"),
    (
        "PutSubscriptionFilter",
        FILTER | {"destinationArn": "here"},
        INVALID,
        "The destination ARN is invalid.",
    ),
    (
        "PutQueryDefinition",
        {"name": "q", "queryString": "SELECT 1", "queryLanguage": "SQL"},
        INVALID,
        "LogQ runs queries of the language CWLI only.",
    ),
    ("PutIndexPolicy", {"logGroupIdentifier": "app", "policyDocument": "{}"}, INVALID, ""),
    ("CreateLookupTable", {"lookupTableName": "t", "tableBody": "a,a"}, INVALID, "The first line"),
    ("CreateLookupTable", {"lookupTableName": "t"}, INVALID, "LogQ makes lookup tables"),
    ("ListLogGroups", {"fieldIndexNames": ["a"]}, INVALID, "LogQ cannot look for log groups"),
    # What LogQ does not do.
    (
        "PutAccountPolicy",
        {"policyName": "p", "policyDocument": "{}", "policyType": "DATA_PROTECTION_POLICY"},
        "UnknownOperationException",
        "LogQ does not carry out logs PutAccountPolicy; AWS does.",
    ),
]
