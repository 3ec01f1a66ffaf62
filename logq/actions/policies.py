"""Actions on policies."""

from __future__ import annotations

from logq.access.policies import Written
from logq.access.policy import Decision
from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access


@action("logq:PutPolicy", Access.MANAGEMENT_WRITE)
def put_policy(context: Context, name: str, document: str) -> Written:
    """Make or replace a policy; raises InvalidPolicy, InvalidValue or AlreadyExists."""
    context.require("logq:PutPolicy", context.place.own("policy", name))
    return context.logq.access.policies.put(name, document)


@action("logq:ListPolicies", Access.MANAGEMENT_READ)
def list_policies(context: Context) -> tuple[Written, ...]:
    """The policies that the caller may see, built-in ones first."""
    return tuple(
        policy
        for policy in context.logq.access.policies.list()
        if context.may("logq:ListPolicies", context.place.own("policy", policy.name))
    )


@action("logq:GetPolicy", Access.MANAGEMENT_READ)
def get_policy(context: Context, name: str) -> Written:
    """A policy by name; raises NotFound."""
    context.require("logq:GetPolicy", context.place.own("policy", name))
    return context.logq.access.policies.get(name)


@action("logq:DeletePolicy", Access.MANAGEMENT_WRITE)
def delete_policy(context: Context, name: str) -> None:
    """Delete a policy; raises NotFound, InvalidValue, or Conflict while a key has it."""
    context.require("logq:DeletePolicy", context.place.own("policy", name))
    access = context.logq.access
    access.policies.delete(name, access.keys.attached())


@action("logq:TestPolicy", Access.MANAGEMENT_READ)
def test_policy(context: Context, key_id: str, action_name: str, resource: str) -> Decision:
    """What the policies of a key say to an action on a resource, and which rule says it.

    The resource is an ARN or the name of a log group. Raises Unauthenticated for a key that is
    not in force.
    """
    context.require("logq:TestPolicy", context.place.own("key", key_id))
    caller = context.logq.access.caller(key_id)
    named = resource.startswith(("arn:", "*"))
    return caller.decide(action_name, resource if named else context.place.log_group(resource))
