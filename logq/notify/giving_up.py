"""What cannot be delivered: kept in a log group, told to the bus, counted; never just dropped."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

from logq.event import Event
from logq.notify import outbox
from logq.notify.outbox import Entry
from logq.notify.wording import iso
from logq.outgoing import LOG_GROUP, SUBSCRIPTION, Outgoing

DEAD_LETTERS = "/logq/dead-letters"
FAILED = "LogQ Delivery Failed"


class Emit(Protocol):
    """Puts an event on the bus, in the transaction of the connection."""

    def __call__(self, connection: sqlite3.Connection, event: Event) -> object: ...


class Count(Protocol):
    """Counts what became of messages: ``Delivered``, ``Failed`` (an attempt) or ``Dead``."""

    def __call__(self, outcome: str, amount: int) -> None: ...


class GivingUp:
    """Takes entries out of the outbox that cannot be delivered."""

    def __init__(self, emit: Emit, count: Count, clock: Callable[[], int]) -> None:
        self._emit = emit
        self._count = count
        self._clock = clock

    def __call__(
        self, connection: sqlite3.Connection, entries: Sequence[Entry], why: str, shown: str
    ) -> None:
        """Replace entries by dead letters; ``shown`` is their address without its secret."""
        now = self._clock()
        outbox.remove(connection, [entry.seq for entry in entries])
        letters = [self._letter(entry, why, shown, now) for entry in entries]
        outbox.enqueue(connection, [letter for letter in letters if letter is not None])
        for entry in entries:
            self._emit(connection, self._event(entry, why, shown, now))
        self._count("Dead", len(entries))

    def _letter(self, entry: Entry, why: str, shown: str, now: int) -> Outgoing | None:
        if entry.out.to == DEAD_LETTERS:
            return None
        text = json.dumps(_account(entry, why, shown, now) | {"body": _body(entry.out)})
        id = str(uuid5(NAMESPACE_URL, f"{entry.out.id} {entry.out.to} dead"))
        group = DEAD_LETTERS
        return Outgoing(id, group, LOG_GROUP, group, "", text, now, "dead-letters")

    def _event(self, entry: Entry, why: str, shown: str, now: int) -> Event:
        id = str(uuid5(NAMESPACE_URL, f"{entry.out.id} {entry.out.to} failed"))
        about = [entry.out.source, entry.out.to if entry.out.kind == SUBSCRIPTION else ""]
        detail = _account(entry, why, shown, now)
        resources = tuple(arn for arn in about if arn)
        return Event(id, "logq.notify", FAILED, now, detail, resources, entry.out.hops)


def _account(entry: Entry, why: str, shown: str, now: int) -> dict[str, Any]:
    return {
        "id": entry.out.id,
        "source": entry.out.source,
        "kind": entry.out.kind,
        "target": entry.out.to if entry.out.kind == SUBSCRIPTION else shown,
        "address": shown,
        "reason": why,
        "attempts": entry.tried + 1,
        "created": iso(entry.out.created),
        "failed": iso(now),
    }


def _body(out: Outgoing) -> Any:
    try:
        return json.loads(out.body)
    except ValueError:
        return out.body
