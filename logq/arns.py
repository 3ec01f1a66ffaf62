"""Amazon resource names: what clients and policies call log groups, alarms and topics."""

from __future__ import annotations

import re
from dataclasses import dataclass

from logq.errors import InvalidValue

RESERVED = "/logq/"
"""What the names of LogQ's own log groups begin with: nobody else writes to them."""

_LOG_GROUP = re.compile(r"arn:[^:]*:logs:[^:]*:[^:]*:log-group:([^:]+)(?::\*)?")


@dataclass(frozen=True, slots=True)
class Place:
    """The region and account that stand in the names of this server's things."""

    region: str
    account: str
    """Twelve digits."""

    def log_group(self, name: str) -> str:
        """The ARN of a log group, without the ``:*`` that some answers put behind it."""
        return f"arn:aws:logs:{self.region}:{self.account}:log-group:{name}"

    def log_stream(self, group: str, stream: str) -> str:
        """The ARN of a log stream."""
        return f"{self.log_group(group)}:log-stream:{stream}"

    def logs(self, kind: str, name: str) -> str:
        """The ARN of another thing of the logs service, for example a ``query-definition``."""
        return f"arn:aws:logs:{self.region}:{self.account}:{kind}:{name}"

    def own(self, kind: str, name: str) -> str:
        """The ARN of something that only LogQ has: a ``key`` or a ``policy``."""
        return f"arn:aws:logq:{self.region}:{self.account}:{kind}/{name}"

    def alarm(self, name: str) -> str:
        """The ARN of an alarm."""
        return f"arn:aws:cloudwatch:{self.region}:{self.account}:alarm:{name}"

    def mute_rule(self, name: str) -> str:
        """The ARN of a rule that mutes alarms."""
        return f"arn:aws:cloudwatch:{self.region}:{self.account}:alarm-mute-rule:{name}"

    def topic(self, name: str) -> str:
        """The ARN of a topic."""
        return f"arn:aws:sns:{self.region}:{self.account}:{name}"

    def rule(self, name: str) -> str:
        """The ARN of an event rule."""
        return f"arn:aws:events:{self.region}:{self.account}:rule/{name}"

    def metric(self, name: str) -> str:
        """The ARN of a metric as a target of events; ``NAMESPACE/NAME``."""
        return f"arn:aws:cloudwatch:{self.region}:{self.account}:metric/{name}"

    @property
    def bus(self) -> str:
        """The ARN of the one bus of events."""
        return f"arn:aws:events:{self.region}:{self.account}:event-bus/default"


def group_name(identifier: str) -> str:
    """The log group that a name or an ARN (with or without ``:*``) means; raises InvalidValue."""
    if not identifier.startswith("arn:"):
        return identifier
    match = _LOG_GROUP.fullmatch(identifier)
    if match is None:
        raise InvalidValue(
            f"{identifier!r} is not the ARN of a log group",
            hint="it looks like arn:aws:logs:REGION:ACCOUNT:log-group:NAME",
        )
    return match[1]
