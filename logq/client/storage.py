"""What a server stores for a client: log groups, batches of events, checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import orjson

from logq.client.groups import Groups
from logq.client.server import Server, segment
from logq.model import Accepted, Checkpoint

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.storage.sealing import Sealed
    from logq.storage.upkeep import Compacted, Retained

_CHECKPOINTS = b"logq.checkpoints"
_ARROW = "application/vnd.apache.arrow.stream"


class Storage:
    """The storage of a server, as far as clients may use it.

    ``client`` is put behind the owners of its checkpoints, so that two agents with files of one
    inode number do not take each other's places.
    """

    def __init__(self, server: Server, client: str = "") -> None:
        self._server = server
        self.groups = Groups(server)
        self.checkpoints = Checkpoints(server, client)
        self.events = Events(server, self.checkpoints)

    def seal(self, group: str | None = None) -> Sealed:
        """Turn the journal into segments; the server does it while it compacts."""
        from logq.storage.sealing import Sealed

        return Sealed(**self._tidied(group)["sealed"])

    def compact(self, group: str | None = None) -> Compacted:
        """Merge small segments into large ones, of one log group or of all."""
        from logq.storage.upkeep import Compacted

        return Compacted(**self._tidied(group)["compacted"])

    def retention(self) -> Retained:
        """Drop expired segments."""
        from logq.storage.upkeep import Retained

        return Retained(**self._server.call("POST", "/retention", patient=True))

    def _tidied(self, group: str | None) -> dict[str, Any]:
        params = {} if group is None else {"group": group}
        found: dict[str, Any] = self._server.call("POST", "/compact", params=params, patient=True)
        return found


class Checkpoints:
    """How far sources have been read, as the server knows it."""

    def __init__(self, server: Server, client: str) -> None:
        self._server = server
        self._client = client

    def owned(self, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint as this client's."""
        return replace(checkpoint, owner=self._owner(checkpoint.owner))

    def get(self, owner: str, key: str) -> str | None:
        """The stored value, or None."""
        return self.list(owner).get(key)

    def list(self, owner: str) -> dict[str, str]:
        """All checkpoints of an owner by key."""
        params = {"owner": self._owner(owner)}
        found: dict[str, str] = self._server.call("GET", "/checkpoints", params=params)[
            "checkpoints"
        ]
        return found

    def set(self, checkpoint: Checkpoint) -> None:
        """Move a checkpoint without events; raises CheckpointConflict."""
        self._server.call("POST", "/checkpoints", json=asdict(self.owned(checkpoint)))

    def delete(self, owner: str, key: str) -> None:
        """Forget a checkpoint."""
        params = {"owner": self._owner(owner), "key": key}
        self._server.call("DELETE", "/checkpoints", params=params)

    def _owner(self, owner: str) -> str:
        return f"{owner}@{self._client}" if self._client else owner


class Events:
    """The writing side of a server."""

    def __init__(self, server: Server, checkpoints: Checkpoints) -> None:
        self._server = server
        self._checkpoints = checkpoints

    def append(
        self, group: str, batch: pa.Table, checkpoints: Sequence[Checkpoint] = ()
    ) -> Accepted:
        """Store a batch and move checkpoints, together and durably; the same again is no matter.

        Raises UnknownLogGroup, CheckpointConflict, ServerUnavailable and what else the server says.
        """
        marks = [asdict(self._checkpoints.owned(each)) for each in checkpoints]
        done = self._server.call(
            "POST",
            f"/groups/{segment(group)}/batches",
            content=encode(batch, marks),
            headers={"Content-Type": _ARROW, "Content-Encoding": "zstd"},
            patient=True,
        )
        return Accepted(done["events"], done["bytes"], 0, done["expired"])


def encode(batch: pa.Table, marks: Sequence[dict[str, object]]) -> bytes:
    """The body of a batch: a compressed Arrow stream with the checkpoints in its metadata."""
    import cramjam
    import pyarrow as pa

    metadata = {**(batch.schema.metadata or {}), _CHECKPOINTS: orjson.dumps(list(marks))}
    table = batch.replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(cramjam.zstd.compress(sink.getvalue(), level=1))
