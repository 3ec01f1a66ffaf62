"""What was learned from the events of a log group, lent to whoever parses its next ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from logq.ingest.shred import Shredder

_GROUPS = 256
_EACH = 4
"""How many are kept of one log group: as many as parse its events at once, at most."""


class Experience:
    """Shredders by log group; safe under several threads, of which each has one for itself."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, list[Shredder]] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def shredder(self, group: str, *, prefix: bool) -> Iterator[Shredder]:
        """A shredder that has perhaps seen events of this log group before."""
        with self._lock:
            kept = self._kept.get(group)
            lent = kept.pop() if kept else Shredder(prefix=prefix)
        yield lent  # one that fails is not used again
        with self._lock:
            kept = self._kept.setdefault(group, [])
            self._kept.move_to_end(group)
            if len(kept) < _EACH:
                kept.append(lent)
            if len(self._kept) > _GROUPS:
                self._kept.popitem(last=False)
