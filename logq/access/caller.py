"""Who asks, and what the policies say to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from logq.access.builtin import builtin
from logq.access.condition import Known
from logq.access.policy import Decision, Policy, decide, request

Kind = Literal["administrator", "key", "token", "service", "anonymous"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks for something."""

    name: str
    kind: Kind
    key_id: str | None = None
    policies: tuple[Policy, ...] = field(default=(), repr=False)
    boundary: Policy | None = field(default=None, repr=False)

    def allows(self, action: str, resource: str, conditions: Known | None = None) -> bool:
        """Whether this caller may do ``logs:StartQuery`` and the like to an ARN."""
        return self.decide(action, resource, conditions).allowed

    def decide(self, action: str, resource: str, conditions: Known | None = None) -> Decision:
        """As ``allows``, with the reason."""
        known = {"aws:username": self.name, **(conditions or {})}
        return decide(self.policies, self.boundary, request(action, resource, known))


ADMINISTRATOR = Caller("administrator", "administrator", None, (builtin("LogQAdmin"),))
"""Who asks in the data directory itself, or at a server that is open to its own machine."""

ANONYMOUS = Caller("anonymous", "anonymous")
"""Somebody without credentials: may do nothing."""
