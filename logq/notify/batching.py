"""Which entries of a lane go out together: pure functions of what waits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from logq.notify.message import Change, Message
from logq.notify.outbox import Entry
from logq.notify.wording import decode

MOST = 20
"""Notifications in one message."""
BACKLOG_SECONDS = 10
"""What a chat would take longer than this to be told one by one is told in messages of many."""
STALE_MS = 300_000
"""After so long, what has been superseded is not told on its own any more."""


def batches(
    entries: Sequence[Entry], per_second: float, chat: bool, grouped: bool
) -> list[list[Entry]]:
    """The heads for one receiver, oldest first, as they go out: alone, or many in a message."""
    many = grouped or (chat and len(entries) > BACKLOG_SECONDS * per_second)
    size = MOST if many else 1
    return [list(entries[start : start + size]) for start in range(0, len(entries), size)]


def by_receiver(heads: Sequence[Entry]) -> list[list[Entry]]:
    """Heads of a lane by where they go, in order of the oldest."""
    order = sorted(heads, key=lambda entry: (entry.out.to, entry.seq))
    each = [list(found) for _, found in groupby(order, key=lambda entry: entry.out.to)]
    return sorted(each, key=lambda entries: entries[0].seq)


def message(batch: Sequence[Entry], behind: Sequence[Entry]) -> Message:
    """One message of several heads, or of a head and what has superseded it since."""
    if len(batch) == 1:
        line = [batch[0], *behind]
        told = [decode(entry.out.body) for entry in line]
        earlier = tuple(Change(each.status, each.changed_at) for each in told[:-1])
        return Message(told[-1], line[-1].seq, earlier)
    told = [decode(entry.out.body) for entry in batch]
    return Message(told[-1], batch[-1].seq, (), tuple(told[:-1]))


def stale(entry: Entry, now: int) -> bool:
    """Whether a head has waited so long that it is told together with what came after it."""
    return entry.out.kind == "subscription" and now - entry.out.created > STALE_MS
