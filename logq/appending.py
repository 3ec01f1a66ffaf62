"""What the outbox has for log groups goes into them, each entry once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from logq.arns import RESERVED
from logq.errors import AlreadyExists
from logq.ingest.incoming import Incoming, incoming
from logq.model import Accepted, Checkpoint
from logq.storage import Storage

Accept = Callable[[str, Incoming, Sequence[Checkpoint]], Accepted]
"""Stores events of a log group and moves checkpoints with them."""
OWNER = "outbox"
"""Of the checkpoints."""


class Appending:
    """Stores events of the outbox; what was stored before a crash is not stored again."""

    def __init__(self, storage: Storage, accept: Accept) -> None:
        self._storage = storage
        self._accept = accept

    def __call__(self, group: str, lines: Sequence[tuple[int, int, str, str]]) -> None:
        """Store events: number in the outbox, epoch ms, log stream, text; raises LogQError.

        Numbers rise, and what has one that was stored before is left out; 0 is never left out.
        """
        stored = int(self._storage.checkpoints.get(OWNER, group) or 0)
        new = [line for line in lines if line[3] and not 0 < line[0] <= stored]
        if not new:
            return
        if group.startswith(RESERVED):  # LogQ's own, such as that of dead letters
            with suppress(AlreadyExists):
                self._storage.groups.create(group)
        last = max(line[0] for line in new)
        events = incoming(
            [line[3] for line in new], [line[1] for line in new], [line[2] for line in new]
        )
        self._accept(group, events, [Checkpoint(OWNER, group, str(last))] if last else [])
