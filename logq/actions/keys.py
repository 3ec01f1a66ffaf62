"""Actions on access keys and bearer tokens.

Whoever may make keys can make one that may do everything, so only administrators should.
"""

from __future__ import annotations

from collections.abc import Sequence

from logq.access.keys import Form, Key, NewKey
from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access


@action("logq:CreateKey", Access.MANAGEMENT_WRITE)
def create_key(
    context: Context,
    name: str,
    policies: Sequence[str],
    form: str = Form.ACCESS_KEY,
    *,
    boundary: str | None = None,
    days: int | None = None,
) -> NewKey:
    """Make a key; its secret is in the answer and nowhere else.

    Raises InvalidValue, and NotFound or InvalidPolicy for a policy.
    """
    context.require("logq:CreateKey", context.place.own("key", "*"))
    made = context.logq.access.keys.create(name, policies, Form(form), boundary=boundary, days=days)
    context.checked.append(context.place.own("key", made.key.id))
    return made


@action("logq:ListKeys", Access.MANAGEMENT_READ)
def list_keys(context: Context) -> tuple[Key, ...]:
    """The keys that the caller may see, oldest first, also revoked ones."""
    return tuple(
        key
        for key in context.logq.access.keys.list()
        if context.may("logq:ListKeys", context.place.own("key", key.id))
    )


@action("logq:RevokeKey", Access.MANAGEMENT_WRITE)
def revoke_key(context: Context, key_id: str) -> Key:
    """Make a key invalid for ever; raises NotFound, or InvalidValue if it is already."""
    context.require("logq:RevokeKey", context.place.own("key", key_id))
    return context.logq.access.keys.revoke(key_id)
