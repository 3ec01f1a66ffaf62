"""Knowing a file again: where ``logq ingest`` stopped reading it the last time.

A file is known by its content, not by its name: by a hash of its beginning (up to ``HEAD`` bytes,
after unpacking) and one of the bytes before the place where reading stopped. So a rotated, renamed
or packed file is not read twice into one log group, and one that has grown is read on. Files with
equal beginnings have checkpoints of their own, told apart by the second hash; two files of one run
never share one, so equal files that lie side by side are both read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Protocol

from logq.ingest.reader import digest
from logq.model import Checkpoint

OWNER = "ingest"
HEAD = 4096


class Checkpoints(Protocol):
    """Where checkpoints are kept."""

    def list(self, owner: str) -> dict[str, str]:
        """All checkpoints of an owner by key."""
        ...


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one file was read into one log group."""

    group: str
    head_length: int
    head: str
    offset: int
    """Content bytes read; after the last durable event."""
    tail_length: int
    tail: str
    path: str
    """The name it had; only told to people."""
    lines: int = 0
    last: int | None = None
    """Time of the last event, epoch milliseconds."""
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A checkpoint's key and value as stored; no value if it is new."""

    key: str
    stored: str | None = None
    mark: Mark | None = None

    def moved(self, mark: Mark) -> tuple[Checkpoint, Place]:
        """The checkpoint that moves this place, if nobody else has, and the place after it."""
        value = json.dumps(asdict(mark), ensure_ascii=False)
        return (
            Checkpoint(OWNER, self.key, value, expected=self.stored, check=True),
            Place(self.key, value, mark),
        )


class Marks:
    """The checkpoints of one log group, each given out once."""

    def __init__(self, checkpoints: Checkpoints, group: str) -> None:
        self._group = group
        self._places: dict[str, Place] = {}
        self._claimed: set[str] = set()
        for key, value in checkpoints.list(OWNER).items():
            mark = _read(value)
            if mark is not None and mark.group == group:
                self._places[key] = Place(key, value, mark)

    def candidates(self, head: bytes, path: str) -> list[Place]:
        """Places of files that began like this one, furthest first."""
        hashes = {
            length: digest(head[:length])
            for length in {p.mark.head_length for p in self._places.values() if p.mark}
            if length <= len(head)
        }
        found = [
            place
            for key, place in self._places.items()
            if place.mark is not None
            and key not in self._claimed
            and hashes.get(place.mark.head_length) == place.mark.head
        ]
        found.sort(key=lambda p: (p.mark.offset, p.mark.path == path) if p.mark else (0, False))
        return found[::-1]

    def claim(self, place: Place) -> Place:
        """Keep a place from being given to another file of this run."""
        self._claimed.add(place.key)
        return place

    def new(self, head: bytes) -> Place:
        """A place for a file that was never read."""
        first = f"{self._group}\n{min(len(head), HEAD)}:{digest(head[:HEAD])}"
        key, number = first, 1
        while key in self._places or key in self._claimed:
            number += 1
            key = f"{first}#{number}"
        return self.claim(Place(key))


def furthest(places: Iterable[Place], tail_at: Callable[[int, int], bytes | None]) -> Place | None:
    """The first place whose last bytes are in the content too.

    ``tail_at(offset, length)`` gives the bytes before ``offset``, None if it is not that long.
    """
    for place in places:
        mark = place.mark
        if mark is None:
            continue
        tail = tail_at(mark.offset, mark.tail_length)
        if tail is not None and digest(tail) == mark.tail:
            return place
    return None


def _read(value: str) -> Mark | None:
    try:
        return Mark(**json.loads(value))
    except (ValueError, TypeError):
        return None
