"""How far the agent has read each file, as it stands in storage's checkpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Protocol

from logq.errors import CheckpointConflict
from logq.ingest.fingerprint import Fingerprint
from logq.ingest.paths import family
from logq.model import Checkpoint

OWNER = "agent"
_STARTED = "source:"
_MARKS = 8

FileId = tuple[int, int]
"""Device and inode."""


class Rest(StrEnum):
    """What the bytes after an offset belong to."""

    LINE = ""  # a new line
    CONTINUED = "continued"  # a line whose beginning went out before it was finished
    DISCARDED = "discarded"  # a line over the limit whose beginning went out


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file and the last bytes before it."""

    offset: int
    tail: Fingerprint


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one generation of one file has been read."""

    device: int
    inode: int
    generation: int
    path: str
    group: str
    stream: str
    offset: int = 0
    """Just after the last event that is durable."""
    head: Fingerprint = Fingerprint()
    tail: Fingerprint = Fingerprint()
    """Of the last bytes before ``offset``."""
    rest: Rest = Rest.LINE
    size: int = 0
    """Bytes in the file when it was last looked at."""
    time: int = 0
    """When this was written, epoch milliseconds."""
    event_time: int | None = None
    """Time of the last event, epoch milliseconds."""
    closed: bool = False
    """Nothing more can come: the file is gone, and what was lost with it has been told."""
    earlier: tuple[Mark, ...] = ()
    """Places at which this checkpoint stood before, oldest first."""

    @property
    def id(self) -> FileId:
        return self.device, self.inode

    @property
    def key(self) -> str:
        """The key of the checkpoint."""
        return f"{self.device}:{self.inode}:{self.generation}"

    def to_json(self) -> str:
        """The value of the checkpoint."""
        return json.dumps(asdict(self), ensure_ascii=True, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Progress:
        """The inverse of ``to_json``; members that this version does not know are left out."""
        data: dict[str, Any] = json.loads(text)
        known = {f.name for f in fields(Progress)}
        values = {name: value for name, value in data.items() if name in known}
        values["head"] = Fingerprint(**data["head"])
        values["tail"] = Fingerprint(**data["tail"])
        values["rest"] = Rest(data["rest"])
        values["earlier"] = tuple(
            Mark(mark["offset"], Fingerprint(**mark["tail"])) for mark in data["earlier"]
        )
        return Progress(**values)


class CheckpointStore(Protocol):
    """The part of storage that keeps checkpoints."""

    def get(self, owner: str, key: str) -> str | None: ...

    def list(self, owner: str) -> Mapping[str, str]: ...

    def set(self, checkpoint: Checkpoint) -> None: ...

    def delete(self, owner: str, key: str) -> None: ...


class Ledger:
    """The agent's memory of what storage holds for each file."""

    def __init__(self, store: CheckpointStore) -> None:
        self._store = store
        self._values = dict(store.list(OWNER))
        self._files: dict[FileId, dict[int, Progress]] = {}
        self._families: dict[str, set[FileId]] = {}
        for key, value in self._values.items():
            if not key.startswith(_STARTED):
                self._remember(Progress.from_json(value))

    def all(self) -> list[Progress]:
        """Every file ever read and not forgotten, each generation for itself."""
        return [p for generations in self._files.values() for p in generations.values()]

    def kin(self, name: str) -> list[Progress]:
        """Every generation of every file of one family of names."""
        files = self._families.get(name, set())
        return [p for file in files for p in self._files.get(file, {}).values()]

    def latest(self, file: FileId) -> Progress | None:
        """The newest generation of a file."""
        generations = self._files.get(file)
        return generations[max(generations)] if generations else None

    def change(self, progress: Progress) -> Checkpoint:
        """The checkpoint to store with the events up to ``progress``."""
        before = self._files.get(progress.id, {}).get(progress.generation)
        marks = progress.earlier
        if before is not None and before.offset:
            marks = (*before.earlier, Mark(before.offset, before.tail), *marks)
        progress = replace(progress, earlier=marks[-_MARKS:])
        expected = self._values.get(progress.key)
        return Checkpoint(OWNER, progress.key, progress.to_json(), expected, check=True)

    def stored(self, checkpoint: Checkpoint) -> Progress:
        """Remember that ``checkpoint`` is in storage now."""
        progress = Progress.from_json(checkpoint.value)
        self._values[checkpoint.key] = checkpoint.value
        self._remember(progress)
        return progress

    def holds(self, checkpoint: Checkpoint) -> bool:
        """Whether storage has this very value already, as after an append that failed late."""
        return self._store.get(checkpoint.owner, checkpoint.key) == checkpoint.value

    def write(self, progress: Progress) -> None:
        """Store ``progress`` without events; raises CheckpointConflict."""
        checkpoint = self.change(progress)
        try:
            self._store.set(checkpoint)
        except CheckpointConflict:
            if not self.holds(checkpoint):
                raise
        self.stored(checkpoint)

    def close(self, progress: Progress) -> None:
        """Remember that a file is gone for good."""
        self.write(replace(progress, closed=True))

    def forget(self, progress: Progress) -> None:
        """Drop what is known of a file."""
        self._store.delete(OWNER, progress.key)
        self._values.pop(progress.key, None)
        generations = self._files.get(progress.id, {})
        generations.pop(progress.generation, None)
        if not generations:
            self._files.pop(progress.id, None)

    def is_new(self, source: str) -> bool:
        """Whether a source has never been followed before."""
        return _STARTED + source not in self._values

    def start(self, source: str, now: int) -> None:
        """Remember that a source has been followed."""
        checkpoint = Checkpoint(OWNER, _STARTED + source, str(now))
        self._store.set(checkpoint)
        self._values[checkpoint.key] = checkpoint.value

    def _remember(self, progress: Progress) -> None:
        self._files.setdefault(progress.id, {})[progress.generation] = progress
        self._families.setdefault(family(progress.path), set()).add(progress.id)
