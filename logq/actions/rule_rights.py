"""What somebody who writes a rule must be allowed to see and to send to.

A rule works for as long as it stands under the rights that its author had when it was written.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from logq.actions.context import Context
from logq.errors import AccessDenied, InvalidValue
from logq.events.destination import DestinationKind, destination, target_of
from logq.events.pattern import EventPattern
from logq.events.watched import AUDIT, AUDIT_GROUP, CONFIG, LOGS

HIDDEN = "***"
"""What stands for the secret part of an address that is shown."""
_READ = "logs:FilterLogEvents"


def withheld(context: Context, pattern: EventPattern) -> tuple[str, ...]:
    """The sources whose events the author may not see; raises AccessDenied if one is named."""
    named = pattern.literals.get("source", frozenset())
    hidden = []
    for source, action, groups in (
        (AUDIT, _READ, [AUDIT_GROUP]),
        (LOGS, _READ, _groups(pattern)),
        (CONFIG, "logs:DescribeLogGroups", ["*"]),
    ):
        if all(context.may(action, context.place.log_group(group)) for group in groups):
            continue
        if source in named:
            raise AccessDenied(
                f"{context.caller.name} is not authorized to perform {action} on what events of "
                f"{source} tell of",
                hint="name the log groups in the pattern: detail.logGroup",
            )
        hidden.append(source)
    return tuple(hidden)


def check_target_rights(context: Context, arn: str) -> None:
    """Raise AccessDenied unless the author may send there; raises InvalidValue for no target."""
    if HIDDEN not in arn:
        target_of(arn)
    check_destination_rights(context, arn)


def check_destination_rights(context: Context, arn: str) -> None:
    """Raise AccessDenied unless the author may send there; what is not known here may be named."""
    found = destination(arn)
    if found is None:
        return
    match found.kind:
        case DestinationKind.TOPIC:
            context.require("sns:Publish", arn)
        case DestinationKind.LOG_GROUP:
            context.require("logs:PutLogEvents", context.place.log_stream(found.name, "*"))
        case DestinationKind.METRIC:
            context.require("cloudwatch:PutMetricData", "*")
        case _:
            pass


def seal_address(context: Context, url: str) -> tuple[str, str]:
    """A web address encrypted, and what may be shown of it; raises InvalidValue."""
    from logq.notify.secrets import shown
    from logq.outgoing import HTTP

    if HIDDEN in url:
        raise InvalidValue("the address is not whole", hint="give it with what is secret in it")
    return context.logq.monitoring.notify.seals.seal({"url": url}, HTTP), shown(url)


def _groups(pattern: EventPattern) -> Sequence[str]:
    """The log groups that a pattern is limited to; ``*`` if it is not."""
    detail = json.loads(pattern.text).get("detail")
    wanted = detail.get("logGroup") if isinstance(detail, dict) else None
    if isinstance(wanted, list) and all(isinstance(one, str) for one in wanted):
        return wanted
    return ["*"]
