"""Calls of actions as metrics of LogQ itself, beside their record in the audit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from logq.actions.context import Recorder
from logq.audit.call import Call

_THROTTLED = "Throttled"


@dataclass(frozen=True, slots=True)
class Counted:
    """A recorder that counts what it records."""

    recorder: Recorder
    count: Callable[[str, Mapping[str, str]], object]
    """Counts for a metric by its name and dimensions."""

    def record(self, call: Call) -> None:
        """Count the call and record it."""
        dimensions = {"Action": call.action}
        self.count("CallCount", dimensions)
        if call.error == _THROTTLED:
            self.count("ThrottleCount", dimensions)
        elif call.error is not None:
            self.count("ErrorCount", dimensions)
        self.recorder.record(call)
