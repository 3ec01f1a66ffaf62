"""When a delivery is tried again: pure functions of what was answered and how often it failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum

SCHEDULE = (1.0, 5.0, 15.0, 60.0, 300.0)
"""Seconds before the second, third, ... attempt; the last is repeated."""
GIVE_UP_SECONDS = 3600
"""After the first attempt; also the longest pause that a receiver may ask for."""
_LATER = frozenset({408, 425, 429})
_SHAPES: dict[str, Callable[[int, int], float]] = {
    # The share of the way from the shortest to the longest delay at the i-th of n delays.
    "linear": lambda i, n: i / n,
    "arithmetic": lambda i, n: i * (i + 1) / (n * (n + 1)),
    "exponential": lambda i, n: (2.0**i - 1) / (2.0**n - 1),
}
BACKOFFS = (*_SHAPES, "geometric")


class Outcome(StrEnum):
    """What came of an attempt."""

    DELIVERED = "delivered"
    LATER = "later"
    NEVER = "never"
    GONE = "gone"
    """Never, and the receiver wants nothing else either."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service answered."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an attempt came to, and why."""

    outcome: Outcome
    why: str = ""
    after: float | None = None
    """Seconds that the service asks for before the next message."""
    unreachable: bool = False
    """Whether the host as a whole did not answer."""


def judge(reply: Reply, now: int) -> Verdict:
    """What an HTTP answer means; ``now`` in epoch milliseconds."""
    status = reply.status
    why = f"it answered {status}"
    if 200 <= status < 300:
        return Verdict(Outcome.DELIVERED, why, _until_reset(reply))
    if status in _LATER or status >= 500:
        return Verdict(Outcome.LATER, why, retry_after(reply, now))
    if status == 410:
        return Verdict(Outcome.GONE, f"{why}: it wants no more")
    if 300 <= status < 400:
        return Verdict(Outcome.NEVER, f"{why}: redirects are not followed")
    return Verdict(Outcome.NEVER, why)


def retry_after(reply: Reply, now: int) -> float | None:
    """The seconds to wait that an answer asks for, at most an hour."""
    asked = [s for s in (_header(reply, now), _discord(reply)) if s is not None]
    return min(max(asked), GIVE_UP_SECONDS) if asked else None


def _header(reply: Reply, now: int) -> float | None:
    text = reply.headers.get("retry-after", "").strip()
    if seconds := _number(text):
        return seconds
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(moment.timestamp() - now / 1000, 0)
    except (ValueError, OverflowError):
        return None


def _discord(reply: Reply) -> float | None:
    try:
        body = json.loads(reply.body)
    except ValueError:
        return None
    asked = body.get("retry_after") if isinstance(body, dict) else None
    return _number(str(asked)) if isinstance(asked, int | float) else None


def _until_reset(reply: Reply) -> float | None:
    """Discord and others say when the last message was the last for now."""
    if reply.headers.get("x-ratelimit-remaining") != "0":
        return None
    return _number(reply.headers.get("x-ratelimit-reset-after", ""))


def _number(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return min(seconds, GIVE_UP_SECONDS) if seconds >= 0 else None  # NaN is not


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often something is tried; None where nobody said."""

    attempts: int | None = None
    seconds: int = GIVE_UP_SECONDS
    """After the first attempt."""
    min_delay: int | None = None
    """Seconds; with it delays go from here to ``max_delay`` in place of the usual ones."""
    max_delay: int = 20
    backoff: str = "linear"

    def next_at(
        self, tried: int, first: int, now: int, after: float | None, chance: float
    ) -> int | None:
        """When to try again after so many attempts, epoch ms; None to give up.

        ``chance`` is a random number from 0 to 1; what the receiver asked for (``after``) wins.
        """
        if self.attempts is not None and tried >= self.attempts:
            return None
        delay = after if after is not None else self._delay(tried, chance)
        at = now + round(delay * 1000)
        return at if at <= first + self.seconds * 1000 else None

    def _delay(self, tried: int, chance: float) -> float:
        if self.min_delay is None:
            return SCHEDULE[min(tried, len(SCHEDULE)) - 1] * chance
        steps = max((self.attempts or 2) - 2, 1)
        step = min(tried - 1, steps)
        if self.backoff == "geometric":
            return float(self.min_delay * (self.max_delay / self.min_delay) ** (step / steps))
        share = _SHAPES[self.backoff](step, steps)
        return self.min_delay + (self.max_delay - self.min_delay) * share
