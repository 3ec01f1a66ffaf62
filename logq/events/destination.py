"""What an ARN means as a target: a topic, a log group, a metric, the bus, or a web address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from logq.arns import RESERVED
from logq.errors import InvalidValue

MAX_LENGTH = 1600

_KINDS = (
    ("topic", r"arn:[^:]*:sns:[^:]*:[^:]*:(?P<name>[A-Za-z0-9_-]{1,256})"),
    (
        "log_group",
        r"arn:[^:]*:logs:[^:]*:[^:]*:log-group:(?P<name>[A-Za-z0-9_/.#-]{1,512})(?::\*)?",
    ),
    ("metric", r"arn:[^:]*:cloudwatch:[^:]*:[^:]*:metric/(?P<name>[^/:][^:]*/[^:/]+)"),
    ("bus", r"arn:[^:]*:events:[^:]*:[^:]*:event-bus/(?P<name>default)"),
    ("http", r"(?P<name>https?://\S+)"),
)


class DestinationKind(StrEnum):
    """Where something can be sent."""

    TOPIC = "topic"
    LOG_GROUP = "log_group"
    METRIC = "metric"
    BUS = "bus"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Destination:
    """What an ARN or an address means."""

    kind: DestinationKind
    name: str
    """Of the topic or the log group; ``NAMESPACE/NAME`` of a metric; or the address."""

    @property
    def metric(self) -> tuple[str, str]:
        """The namespace and the name of a metric."""
        namespace, _, name = self.name.rpartition("/")
        return namespace, name


def destination(arn: str, shown: str = "") -> Destination | None:
    """What it means, or None; ``shown`` is given with a sealed address."""
    if shown:
        return Destination(DestinationKind.HTTP, arn)
    for kind, expression in _KINDS:
        match = re.fullmatch(expression, arn) if len(arn) <= MAX_LENGTH else None
        if match:
            return Destination(DestinationKind(kind), match["name"])
    return None


def target_of(arn: str) -> Destination:
    """What a rule's target means; raises InvalidValue."""
    found = destination(arn)
    if found is None or found.kind is DestinationKind.BUS:
        raise InvalidValue(
            f"{arn[:200]!r} cannot be a target",
            hint="a target is the ARN of a topic, a log group or a metric "
            "(arn:aws:cloudwatch:REGION:ACCOUNT:metric/NAMESPACE/NAME), or an https:// address",
        )
    if found.kind is DestinationKind.LOG_GROUP and found.name.startswith(RESERVED):
        raise InvalidValue(
            f"log groups below {RESERVED} belong to LogQ itself", hint="choose another log group"
        )
    return found


_STREAM = re.compile(r"forwarded/(\d{1,3})/.*", re.DOTALL)


def stream(name: str, hops: int) -> str:
    """The log stream for what a rule or a filter sends; it tells how often it was sent on."""
    return f"forwarded/{hops}/{name}"


def hops(stream: str) -> int:
    """How often the events of a log stream have been sent on by rules and filters."""
    match = _STREAM.fullmatch(stream)
    return int(match[1]) if match else 0
