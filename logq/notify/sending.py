"""One attempt: what a notifier made is handed to the network, a log group or a library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from logq.errors import LogQError, StorageError
from logq.notify.guard import Allowed, Refused
from logq.notify.notifier import Words
from logq.notify.retry import Outcome, Reply, Verdict, judge
from logq.notify.speaking import speak
from logq.notify.transport import Request, Unreachable

Send = Callable[[Request], Reply]


class Append(Protocol):
    """Stores events in a log group in order: number in the outbox, epoch ms, stream, text.

    Numbers rise, and what has one that was stored before is left out; 0 is never left out.
    Raises LogQError.
    """

    def __call__(self, group: str, lines: Sequence[tuple[int, int, str, str]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was answered, and what that means."""

    verdict: Verdict
    reply: Reply | None = None


class Sender:
    """Sends whatever notifiers make."""

    def __init__(self, send: Send, append: Append, allowed: Allowed) -> None:
        self._send = send
        self._append = append
        self._allowed = allowed

    def store(self, group: str, lines: Sequence[tuple[int, int, str, str]]) -> Verdict:
        """Put events into a log group."""
        try:
            self._append(group, lines)
        except StorageError as error:
            return Verdict(Outcome.LATER, error.message, unreachable=True)
        except LogQError as error:
            return Verdict(Outcome.NEVER, error.message)
        return Verdict(Outcome.DELIVERED, "it is stored")

    def __call__(
        self, sent: Request | Words, now: int, judged: Callable[[Reply, int], Verdict] = judge
    ) -> Attempt:
        """Make one attempt."""
        try:
            if isinstance(sent, Words):
                return Attempt(speak(sent, self._allowed))
            reply = self._send(sent)
        except Refused as error:
            return Attempt(Verdict(Outcome.NEVER, str(error)))
        except Unreachable as error:
            return Attempt(Verdict(Outcome.LATER, str(error), unreachable=True))
        return Attempt(judged(reply, now), reply)
