"""Policies as values, and the decision: an explicit deny wins, then an allow, else it is denied.

Resources of the log service are compared in every form in which a policy may name them: a log
group with and without ``:*`` behind it, and a log stream also as its whole group. A log group
below ``/logq/`` is granted only by a statement that names this prefix.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from logq.access.condition import Condition, Known
from logq.access.wildcard import matches
from logq.arns import RESERVED


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that somebody wants to do."""

    action: str
    """In lower case, as actions are compared."""
    forms: tuple[str, ...]
    """The ARNs that mean the resource."""
    reserved: bool
    known: Known


@dataclass(frozen=True, slots=True)
class Statement:
    """One rule of a policy."""

    sid: str
    """Its name, or its place: ``Statement[2]``."""
    allow: bool
    actions: tuple[str, ...]
    """Patterns in lower case."""
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    other_actions: bool = False
    """NotAction: it is about every action that does not match."""
    other_resources: bool = False

    def applies(self, request: Request) -> bool:
        """Whether this rule is about the request."""
        action = any(matches(pattern, request.action) for pattern in self.actions)
        return (
            action is not self.other_actions
            and self._about(request)
            and all(condition.holds(request.known) for condition in self.conditions)
        )

    def _about(self, request: Request) -> bool:
        patterns: Sequence[str] = self.resources
        if self.allow and request.reserved:
            if self.other_resources:
                return False
            patterns = [pattern for pattern in patterns if _names_reserved(pattern)]
        fits = any(matches(pattern, form) for pattern in patterns for form in request.forms)
        return fits is not self.other_resources


@dataclass(frozen=True, slots=True)
class Policy:
    """A named set of rules."""

    name: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policies say to a request, and which rule said it."""

    allowed: bool
    reason: str
    """For people: ``allowed by Read of LogQReadOnly``."""


def request(action: str, resource: str, known: Known) -> Request:
    """A request from how doors name things."""
    group = group_of(resource)
    return Request(
        action.lower(),
        forms(resource),
        group is not None and group.startswith(RESERVED),
        {key.lower(): value for key, value in known.items()},
    )


def decide(policies: Iterable[Policy], boundary: Policy | None, asked: Request) -> Decision:
    """The decision on a request; a boundary can only take away."""
    held = tuple(policies)
    for policy in (*held, *((boundary,) if boundary else ())):
        for statement in policy.statements:
            if not statement.allow and statement.applies(asked):
                return Decision(False, f"denied by {statement.sid} of {policy.name}")
    if boundary is not None and _allowing((boundary,), asked) is None:
        return Decision(False, f"denied: the boundary {boundary.name} does not allow it")
    allowing = _allowing(held, asked)
    if allowing is None:
        reserved = f": a policy must name {RESERVED} to allow it" if asked.reserved else ""
        return Decision(False, f"denied: no policy allows it{reserved}")
    return Decision(True, f"allowed by {allowing}")


def _allowing(policies: Iterable[Policy], asked: Request) -> str | None:
    for policy in policies:
        for statement in policy.statements:
            if statement.allow and statement.applies(asked):
                return f"{statement.sid} of {policy.name}"
    return None


def group_of(resource: str) -> str | None:
    """The log group that an ARN is of, if it is of one."""
    parts = resource.split(":", 6)
    if len(parts) < 7 or (parts[0], parts[2], parts[5]) != ("arn", "logs", "log-group"):
        return None
    return parts[6].partition(":")[0]


def forms(resource: str) -> tuple[str, ...]:
    """Every ARN that means the same resource, or a whole of which it is part."""
    group = group_of(resource)
    if group is None:
        return (resource,)
    base = ":".join((*resource.split(":", 6)[:6], group))
    rest = resource[len(base) :]
    return (base, f"{base}:*") if rest in ("", ":*") else (resource, base)


def _names_reserved(pattern: str) -> bool:
    group = group_of(pattern)
    return group is not None and group.startswith(RESERVED)
