"""What the doctor finds, as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    kind: str
    """catalog, damaged, missing, quarantined, index, journal, orphan or leftover."""
    text: str
    """What it is, in one line."""
    repair: str | None = None
    """What was done about it; None without ``repair`` or where nothing can be done."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the doctor saw."""

    segments: int = 0
    events: int = 0
    bytes: int = 0
    journal_events: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether everything is as it should be, or has been made so without loss."""
        return not self.findings

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield (
            f"checked {self.segments} segments ({self.events} events) "
            f"and {self.journal_events} events in the journal"
        )
        for finding in self.findings:
            done = f" -> {finding.repair}" if finding.repair else ""
            yield f"{finding.kind}: {finding.text}{done}"
