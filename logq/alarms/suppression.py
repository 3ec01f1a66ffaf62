"""When the actions of a composite alarm wait for, or are held back by, another alarm.

Times are epoch milliseconds. It reproduces the documented examples:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from logq.alarms.state import State

WAIT, EXTENSION = "WaitPeriod", "ExtensionPeriod"
ALARM = "Alarm"


@dataclass(frozen=True, slots=True)
class Suppression:
    """What is held back, and until when."""

    pending: bool = False
    """Whether the actions of the present state have not run."""
    timer: str | None = None
    """``WaitPeriod`` or ``ExtensionPeriod``, while one runs."""
    due: int | None = None
    """When it ends."""

    def transitioned(self, suppressor: State | None, now: int, wait: int) -> Suppression:
        """The composite alarm has changed its state; drops a timer that runs."""
        if suppressor == State.ALARM:
            return Suppression(pending=True)
        return Suppression(True, WAIT, now + wait)

    def suppressor_moved(
        self, before: State | None, after: State | None, now: int, extension: int
    ) -> Suppression:
        """The suppressor has changed its state."""
        if after == State.ALARM:
            return replace(self, timer=None, due=None)
        if before == State.ALARM:
            return replace(self, timer=EXTENSION, due=now + extension)
        return self

    def expired(self, now: int) -> tuple[Suppression, bool]:
        """After a timer that may have ended: what is left, and whether the actions run now."""
        if self.due is None or now < self.due:
            return self, False
        return Suppression(), self.pending

    def by(self, suppressor: State | None) -> str | None:
        """What suppresses the actions now, in CloudWatch's words."""
        if self.timer is not None:
            return self.timer
        return ALARM if self.pending and suppressor == State.ALARM else None
