"""When what happened in the story of ``sample_logs/``, and what all its tellers share."""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

BEGIN = datetime(2026, 3, 17, 14, 0, tzinfo=UTC)
MINUTES = 90
OLD, NEW = "2.3.1", "2.4.0"
ROLLOUT, ROLLBACK = (20.1, 20.7, 21.4), (46.2, 46.8, 47.5)  # minutes, pod by pod
RESTARTS = ((31.2, 1), (32.6, 0), (33.4, 2), (39.1, 1), (40.3, 2), (41.0, 0), (45.2, 1))
TROUBLE = (
    (0, 0.0),
    (23.5, 0.0),
    (26, 0.35),
    (31, 0.8),
    (33.5, 0.45),
    (38.5, 0.85),
    (41, 0.5),
    (45, 0.85),
    (47.5, 0.6),
    (49, 0.0),
    (MINUTES, 0.0),
)
POD_NAMES = ("x2k9p", "m7wqd", "t4hzc")


def trouble(minute: float) -> float:
    """How likely a request to checkout fails at this minute."""
    for (start, low), (end, high) in pairwise(TROUBLE):
        if start <= minute <= end:
            return low + (high - low) * (minute - start) / (end - start)
    return 0.0


def version(minute: float, pod: int) -> str:
    return NEW if ROLLOUT[pod] <= minute < ROLLBACK[pod] else OLD


def at(minute: float) -> datetime:
    return BEGIN + timedelta(milliseconds=round(minute * 60_000))


def iso(minute: float) -> str:
    return f"{at(minute):%Y-%m-%dT%H:%M:%S}.{at(minute).microsecond // 1000:03}Z"


class Dice:
    """The one source of chance; everything comes from ``Random.random``, equal in every Python."""

    def __init__(self, seed: int) -> None:
        self.roll = random.Random(seed).random

    def chance(self, probability: float) -> bool:
        return self.roll() < probability

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.roll()

    def whole(self, low: int, high: int) -> int:
        return low + int(self.roll() * (high - low + 1))

    def pick(self, items: Any) -> Any:
        return items[int(self.roll() * len(items))]

    def spread(self, middle: float) -> float:
        """Around ``middle``, with a long tail upwards, as response times are."""
        return middle * math.exp(1.1 * (self.roll() + self.roll() + self.roll() - 1.5))

    def hex(self, digits: int) -> str:
        return "".join("0123456789abcdef"[int(self.roll() * 16)] for _ in range(digits))


class Story:
    """Collects lines by file with their times (minutes after 14:00), and sorts them at the end."""

    def __init__(self, seed: int = 20260317) -> None:
        self.dice = Dice(seed)
        self.lines: dict[str, list[tuple[float, int, str]]] = defaultdict(list)

    def tell(self, file: str, minute: float, text: str) -> None:
        self.lines[file].append((minute, len(self.lines[file]), text))

    def fails(self, minute: float, share: float) -> bool:
        return self.dice.chance(share * trouble(minute))

    def app(
        self,
        service: str,
        minute: float,
        level: str,
        message: str,
        rid: str | None,
        release: str,
        pod: int,
        **fields: Any,
    ) -> None:
        clock = "@timestamp" if service == "payment" else "time"
        head = {clock: iso(minute), "level": level, "message": message, "service": service}
        about = {"version": release, "pod": f"{service}-{POD_NAMES[pod]}"}
        request = {"request_id": rid} if rid else {}
        record = {**head, **about, **request, **fields}
        self.tell(f"{service}.json", minute, json.dumps(record, ensure_ascii=False))

    def files(self) -> dict[str, str]:
        """File name -> content."""
        return {
            name: "".join(f"{text}\n" for _, _, text in sorted(lines))
            for name, lines in sorted(self.lines.items())
        }
