"""Who asks: the one operation of STS that clients call by themselves."""

from __future__ import annotations

from logq.actions.context import Context
from logq.actions.identity import get_caller_identity
from logq.server.cloudwatch.operation import Params, Result, operation


@operation("sts", "GetCallerIdentity")
def get_identity(context: Context, params: Params) -> Result:
    who = get_caller_identity(context)
    return {"UserId": who.id, "Account": who.account, "Arn": who.arn}
