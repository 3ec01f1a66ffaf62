"""What an action needs to know of the call it serves."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from logq.access.policy import group_of
from logq.arns import Place
from logq.audit.call import Call
from logq.errors import AccessDenied, InvalidValue
from logq.work.job import Pool
from logq.work.runs import Runs

if TYPE_CHECKING:
    from logq.app import LogQ


class Caller(Protocol):
    """Who asks, and what the policies say."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def key_id(self) -> str | None: ...

    def allows(
        self, action: str, resource: str, conditions: Mapping[str, str] | None = None
    ) -> bool: ...


class Recorder(Protocol):
    """Where calls are recorded."""

    def record(self, call: Call) -> None: ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call comes from."""

    request_id: str
    source_ip: str
    user_agent: str = ""
    secure: bool = False
    """Whether it came over TLS."""


@dataclass(frozen=True, slots=True)
class Context:
    """One call: who asks, from where, of what."""

    logq: LogQ
    caller: Caller
    origin: Origin
    pool: Pool
    recorder: Recorder
    runs: Runs = field(default_factory=Runs)
    """The queries that were started and run on."""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the server ends."""
    checked: list[str] = field(default_factory=list)
    """The ARNs whose permissions were asked for."""

    @property
    def place(self) -> Place:
        """For making ARNs."""
        return self.logq.place

    def may(self, action: str, resource: str, conditions: Mapping[str, str] | None = None) -> bool:
        """Whether the caller may do this; for leaving things out of lists."""
        return self.caller.allows(action, resource, {**self._conditions(), **(conditions or {})})

    def require(
        self, action: str, *resources: str, conditions: Mapping[str, str] | None = None
    ) -> None:
        """Raise AccessDenied unless the caller may do this to all of them.

        ``conditions`` are further keys of policies, such as ``cloudwatch:namespace``.
        Raises InvalidValue for a pattern of log groups: what it fits would not have been asked for.
        """
        for resource in resources:
            group = group_of(resource) or ""
            if "*" in group and not action.startswith("logq:"):
                raise InvalidValue(f"{group!r} is no log group", hint="name one, without *")
            self.checked.append(resource)
            if not self.may(action, resource, conditions):
                raise AccessDenied(
                    f"{self.caller.name} is not authorized to perform {action} on {resource}",
                    hint="a policy of the key must allow it, and none may deny it",
                )

    def _conditions(self) -> Mapping[str, str]:
        return {
            "aws:SourceIp": self.origin.source_ip,
            "aws:SecureTransport": "true" if self.origin.secure else "false",
            "aws:username": self.caller.name,
            "aws:CurrentTime": str(self.logq.clock() // 1000),
        }
