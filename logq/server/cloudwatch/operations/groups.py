"""Log groups."""

from __future__ import annotations

from logq.actions import groups
from logq.actions.context import Context
from logq.server.cloudwatch.operation import Params, Result, operation


@operation("logs", "CreateLogGroup")
def create_log_group(context: Context, params: Params) -> Result:
    groups.create_log_group(context, params["logGroupName"], tags=params.get("tags"))
    return None
