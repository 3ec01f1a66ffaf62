"""What the audit needs of whoever keeps its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from logq.model import Checkpoint, Snapshot

AUDIT, DIGESTS = "/logq/audit", "/logq/audit-digest"
"""The log groups of the records and of their signed digests."""
RETENTION_DAYS = {AUDIT: 365, DIGESTS: 731}
OWNER = "audit"
"""Of the checkpoints."""


@dataclass(frozen=True, slots=True)
class Line:
    """A text to be stored as one event."""

    text: str
    time: int
    """Epoch milliseconds."""
    stream: str


class Store(Protocol):
    """Log groups, as the audit uses them."""

    def prepare(self, group: str, retention_days: int) -> None:
        """Make the log group unless it is there."""
        ...

    def append(self, group: str, lines: Sequence[Line], checkpoint: Checkpoint) -> None:
        """Store events and move the checkpoint in one transaction, durably.

        Raises CheckpointConflict, UnknownLogGroup or StorageError; then nothing is stored.
        """
        ...

    def checkpoint(self, owner: str, key: str) -> str | None:
        """The stored value, or None."""
        ...

    def snapshot(self, group: str) -> Snapshot:
        """Every event that is there; empty without the group."""
        ...


class Signer(Protocol):
    """The master key, as the audit uses it."""

    def derive(self, purpose: str, name: str = "") -> bytes:
        """32 bytes that only this key yields for this purpose."""
        ...

    @property
    def fingerprint(self) -> str:
        """Tells this key from others."""
        ...
