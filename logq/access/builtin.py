"""The policies that are always there, each with the least that its work needs.

``LogQIngest`` and ``LogQReadOnly`` may be narrowed to log groups: ``LogQIngest:/app/*``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from logq.access import document
from logq.access.policy import Policy
from logq.arns import RESERVED
from logq.errors import InvalidPolicy, NotFound

_READ_LOGS = (
    *("logs:Describe*", "logs:Get*", "logs:List*", "logs:FilterLogEvents", "logs:StartQuery"),
    *("logs:StopQuery", "logs:StartLiveTail", "logs:TestMetricFilter"),
)
_READ_ALARMS = (
    *("cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*", "sns:Get*", "sns:List*"),
    *("events:Describe*", "events:List*", "events:TestEventPattern"),
)
_ALARMS = (
    *("cloudwatch:PutMetricAlarm", "cloudwatch:PutCompositeAlarm", "cloudwatch:PutLogAlarm"),
    *("cloudwatch:DeleteAlarms", "cloudwatch:SetAlarmState", "cloudwatch:PutMetricData"),
    *("cloudwatch:EnableAlarmActions", "cloudwatch:DisableAlarmActions"),
    *("cloudwatch:PutAlarmMuteRule", "cloudwatch:DeleteAlarmMuteRule"),
    *("cloudwatch:TagResource", "cloudwatch:UntagResource"),
    *("sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Publish"),
    *("sns:Subscribe", "sns:ConfirmSubscription", "sns:Unsubscribe"),
    *("sns:SetSubscriptionAttributes", "sns:TagResource", "sns:UntagResource"),
    *("logq:TestTopic", "logq:RotateSecret"),
    *("events:PutRule", "events:DeleteRule", "events:EnableRule", "events:DisableRule"),
    *("events:PutTargets", "events:RemoveTargets", "events:PutEvents"),
)
_EVERY_GROUP = "arn:aws:logs:*:*:log-group:*"


def _allow(sid: str, actions: tuple[str, ...], *resources: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": [*actions], "Resource": [*resources]}


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": document.VERSIONS[0], "Statement": [*statements]}


BUILTIN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "LogQIngest": (
        "send events to log groups",
        _document(
            _allow(
                "Ingest",
                ("logs:CreateLogStream", "logs:PutLogEvents", "logs:CallWithBearerToken"),
                _EVERY_GROUP,
            )
        ),
    ),
    "LogQReadOnly": (
        "read and query log groups, except LogQ's own",
        _document(_allow("Read", _READ_LOGS, _EVERY_GROUP)),
    ),
    "LogQAlarmAdmin": (
        "make alarms, topics, rules and metric filters over what may be read",
        _document(
            _allow("Read", _READ_LOGS, _EVERY_GROUP),
            _allow("Filters", ("logs:PutMetricFilter", "logs:DeleteMetricFilter"), _EVERY_GROUP),
            _allow("Alarms", _READ_ALARMS + _ALARMS, "*"),
        ),
    ),
    "LogQAuditor": (
        "read and query the audit, and nothing else",
        _document(
            _allow("Audit", _READ_LOGS, f"{_EVERY_GROUP[:-1]}{RESERVED}audit*"),
        ),
    ),
    "LogQAdmin": (
        "everything",
        _document(
            _allow("Everything", ("*",), "*"),
            _allow("Reserved", ("*",), f"{_EVERY_GROUP[:-1]}{RESERVED}*"),
        ),
    ),
}
"""Each policy's purpose and document by its name."""

SCOPED = frozenset({"LogQIngest", "LogQReadOnly"})
"""Those that may be narrowed to some log groups."""

_SCOPE = re.compile(r"[A-Za-z0-9_/.#*?-]{1,512}")


def document_of(reference: str) -> Mapping[str, Any]:
    """The document of ``LogQReadOnly`` or ``LogQReadOnly:/app/*``; raises NotFound."""
    name, colon, scope = reference.partition(":")
    if name not in BUILTIN:
        raise NotFound(
            f"there is no built-in policy {name!r}", hint=f"there are {', '.join(BUILTIN)}"
        )
    whole = BUILTIN[name][1]
    if not colon:
        return whole
    if name not in SCOPED or not _SCOPE.fullmatch(scope):
        raise InvalidPolicy(
            f"{reference!r} does not name log groups",
            hint=f"write {' or '.join(f'{each}:/app/*' for each in sorted(SCOPED))}",
        )
    return _document(
        *({**rule, "Resource": [_EVERY_GROUP[:-1] + scope]} for rule in whole["Statement"])
    )


@lru_cache(maxsize=1024)
def builtin(reference: str) -> Policy:
    """A built-in policy; raises NotFound or InvalidPolicy."""
    return document.parse(reference, document_of(reference))


def is_builtin(reference: str) -> bool:
    """Whether this name is, or would be, that of a built-in policy."""
    return reference.partition(":")[0] in BUILTIN
