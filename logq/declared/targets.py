"""Where something is sent, as people write it in a file: ``{topic = "ops"}``."""

from __future__ import annotations

from typing import Any

from logq.actions.context import Context
from logq.errors import InvalidValue

SHORT = frozenset({"topic", "group", "url", "metric", "arn"})


def arn_of(context: Context, given: Any) -> str:
    """The ARN or the address; raises InvalidValue."""
    if isinstance(given, str):
        return context.place.bus if given == "bus" else given
    if not isinstance(given, dict) or len(given) != 1 or not given.keys() <= SHORT:
        raise InvalidValue(
            "it is not clear where to send to",
            hint=f"give exactly one of {', '.join(sorted(SHORT))}",
        )
    ((name, value),) = given.items()
    if not isinstance(value, str) or not value:
        raise InvalidValue(f"the {name} to send to is a text")
    place = context.place
    if value.startswith("arn:"):
        return value
    match name:
        case "topic":
            return place.topic(value)
        case "group":
            return place.log_group(value)
        case "metric":
            return place.metric(value)
    return value


def address(context: Context, arn: str, shown: str) -> str:
    """The ARN, or the address that is kept encrypted, to compare it; never to be shown."""
    from logq.outgoing import HTTP

    if not shown:
        return arn
    return str(context.logq.monitoring.notify.seals.open(arn, HTTP)["url"])
