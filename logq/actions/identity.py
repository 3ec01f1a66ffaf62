"""Actions on the caller itself."""

from __future__ import annotations

from dataclasses import dataclass

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks."""

    id: str
    account: str
    arn: str


@action("sts:GetCallerIdentity", Access.MANAGEMENT_READ)
def get_caller_identity(context: Context) -> Identity:
    """Who the caller is; everybody may ask this of themselves."""
    caller, account = context.caller, context.place.account
    arn = f"arn:aws:iam::{account}:user/{caller.name}"
    return Identity(caller.key_id or caller.name, account, arn)
