"""A call as a record in the shape of CloudTrail's.

Fields and limits are those of the CloudTrail user guide, "CloudTrail record contents".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from logq.arns import Place
from logq.audit.call import Access, Call

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""What CloudTrail writes where a value may not be known."""
VERSION = "1.08"
LONG, PARAMETERS = 1024, 100 * 1024
"""Characters of a text such as the user agent, and of the request's parameters as JSON."""

_SECRET_NAME = re.compile(
    r"secret|password|passwd|token|authorization|signature|credential|webhook|endpoint|url$"
    r"|logevents|messages?$|payload",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(r"lq_[a-z0-9]{12}_[A-Za-z0-9]{43}|AWS4-HMAC-SHA256 .*|https?://\S*@\S*")
_SOURCES = {"cloudwatch": "monitoring.amazonaws.com", "logq": "logq"}
_IDENTITIES = {"administrator": "Root", "service": "AWSService", "anonymous": "Unknown"}
_TYPES = (
    (":log-stream:", "AWS::Logs::LogStream"),
    (":log-group:", "AWS::Logs::LogGroup"),
    (":alarm:", "AWS::CloudWatch::Alarm"),
    (":rule/", "AWS::Events::Rule"),
    ("arn:aws:sns:", "AWS::SNS::Topic"),
)

Record = dict[str, Any]


def of_call(call: Call, place: Place, event_id: str) -> Record:
    """The record of a call; absent instead of null where nothing went wrong."""
    service, _, name = call.action.partition(":")
    management = call.access in (Access.MANAGEMENT_WRITE, Access.MANAGEMENT_READ)
    read_only = call.access in (Access.MANAGEMENT_READ, Access.DATA_READ)
    record = _base(place, event_id, call.at) | {
        "userIdentity": _identity(call, place),
        "eventSource": _SOURCES.get(service, f"{service}.amazonaws.com"),
        "eventName": name or service,
        "sourceIPAddress": clean(call.source_ip, LONG),
        "userAgent": clean(call.user_agent, LONG),
        "requestParameters": parameters(call.request),
        "responseElements": None,
        "requestID": clean(call.request_id, LONG),
        "eventType": "AwsApiCall",
        "managementEvent": management,
        "readOnly": read_only,
        "resources": [_resource(arn, place) for arn in call.resources[:100]],
        "eventCategory": "Management" if management else "Data",
    }
    if call.error is not None:
        record["errorCode"] = clean(call.error, LONG)
        record["errorMessage"] = clean(call.error_message or "", LONG)
    return record


def of_service(
    name: str, place: Place, event_id: str, at: int, details: Mapping[str, Any]
) -> Record:
    """The record of something that LogQ did by itself."""
    return _base(place, event_id, at) | {
        "userIdentity": {"type": "AWSService", "invokedBy": "logq"},
        "eventSource": "logq",
        "eventName": name,
        "requestParameters": None,
        "responseElements": None,
        "additionalEventData": hidden(dict(details)),
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "readOnly": False,
        "resources": [],
        "eventCategory": "Management",
    }


def instant(at: int) -> str:
    """Epoch milliseconds as CloudTrail writes times: UTC, whole seconds."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parameters(given: Mapping[str, Any]) -> Any:
    """The parameters that may be known, cut where they are too long."""
    shown = hidden(dict(given))
    text = json.dumps(shown, ensure_ascii=False)
    if len(text) <= PARAMETERS:
        return shown
    return {"truncated": True, "beginning": text[:PARAMETERS]}


def hidden(value: Any, name: str = "") -> Any:
    """A JSON value without its secrets, by the names of fields and by how texts look."""
    if name and _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, Mapping):
        return {clean(str(key), LONG): hidden(each, str(key)) for key, each in value.items()}
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [hidden(each) for each in value]
    if isinstance(value, float) and not isfinite(value):
        return str(value)  # JSON has no word for it
    return value if value is None or isinstance(value, bool | int | float) else HIDDEN


def clean(text: str, longest: int | None = None) -> str:
    """A text without tokens and without halves of characters, cut to a length."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return _SECRET_TEXT.sub(HIDDEN, whole)[:longest]


def _base(place: Place, event_id: str, at: int) -> Record:
    return {
        "eventVersion": VERSION,
        "eventTime": instant(at),
        "awsRegion": place.region,
        "eventID": event_id,
        "recipientAccountId": place.account,
    }


def _identity(call: Call, place: Place) -> Record:
    kind = _IDENTITIES.get(call.caller_kind, "IAMUser")
    if kind == "Unknown":
        known = {"accessKeyId": clean(call.key_id, LONG)} if call.key_id else {}
        return {"type": kind, **known}
    user = "root" if kind == "Root" else f"user/{clean(call.caller, LONG)}"
    identity: Record = {
        "type": kind,
        "principalId": call.key_id or place.account,
        "arn": f"arn:aws:iam::{place.account}:{user}",
        "accountId": place.account,
        "userName": clean(call.caller, LONG),
    }
    return identity | ({"accessKeyId": call.key_id} if call.key_id else {})


def _resource(arn: str, place: Place) -> Record:
    known = next((kind for mark, kind in _TYPES if mark in arn), None)
    resource = {"ARN": clean(arn, 2048), "accountId": place.account}
    return resource | ({"type": known} if known else {})
