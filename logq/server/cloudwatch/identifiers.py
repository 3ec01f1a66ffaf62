"""How calls name log groups."""

from __future__ import annotations

from typing import Any

from logq.arns import group_name
from logq.server.cloudwatch.fault import WireError


def group_of(params: dict[str, Any]) -> str:
    """The log group of a call that takes a name or an identifier; exactly one must be there."""
    name, identifier = params.get("logGroupName"), params.get("logGroupIdentifier")
    if (name is None) == (identifier is None):
        raise WireError(
            "InvalidParameterException",
            "Exactly one of logGroupName and logGroupIdentifier must be specified.",
        )
    return str(name) if name is not None else group_name(str(identifier))
