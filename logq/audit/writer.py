"""Writing records behind the head of the chain, by any number of processes at once.

The head is a checkpoint of the catalog. It moves in the transaction that stores the records, and
only from where it was read: of two processes one has to try again, and a crash leaves both or
neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from logq.audit import chain, digest
from logq.audit.chain import Head
from logq.audit.digest import HOUR, Last
from logq.audit.record import Record, instant
from logq.audit.store import AUDIT, DIGESTS, OWNER, RETENTION_DAYS, Line, Signer, Store
from logq.audit.stored import Stored, stored
from logq.errors import CheckpointConflict, NotFound, StorageError
from logq.model import Checkpoint

HEAD, DIGEST = "head", "digest"
_ATTEMPTS = 200
_AT_ONCE = 256
_AHEAD = HOUR
"""How far the head's time may lie in the future before it is taken for a wrong clock."""


class Writer:
    """The chain's end in one data directory."""

    def __init__(self, store: Store, signer: Signer) -> None:
        self._store = store
        self._signer = signer

    def write(self, records: Sequence[Record], now: int) -> None:
        """Add records to the chain, durably; raises StorageError."""
        for at in range(0, len(records), _AT_ONCE):
            self._write(records[at : at + _AT_ONCE], now)

    def _write(self, records: Sequence[Record], now: int) -> None:
        for _ in range(_ATTEMPTS):
            expected, head = self._head()
            time = now if head.time > now + _AHEAD else max(now, head.time)
            lines: list[Line] = []
            for record in records:
                text, head = chain.link(head, record, time)
                lines.append(Line(text, time, day(time)))
            if self._append(AUDIT, lines, HEAD, head.to_json(), expected):
                return
        raise StorageError(
            "the audit could not be written: other processes were always quicker",
            hint="try again",
        )

    def sign(self, now: int) -> str | None:
        """Write the digest that is due, if one is; its text. Raises StorageError."""
        end = now // HOUR * HOUR
        for _ in range(_ATTEMPTS):
            expected, last = self._last()
            _, head = self._head()
            begun = last.end or head.time // HOUR * HOUR
            if head.sequence == 0 or begun >= end:
                return None
            text, new = digest.make(last, head, begun, end, self._signer)
            line = Line(text, now, day(now))
            if self._append(DIGESTS, [line], DIGEST, new.to_json(), expected):
                return text
        return None

    def head(self) -> Head:
        """The newest record."""
        return self._head()[1]

    def last_digest(self) -> Last:
        """The newest digest."""
        return self._last()[1]

    def _append(
        self, group: str, lines: Sequence[Line], key: str, value: str, expected: str | None
    ) -> bool:
        checkpoint = Checkpoint(OWNER, key, value, expected, check=True)
        try:
            self._store.append(group, lines, checkpoint)
        except CheckpointConflict:
            return False
        except NotFound:
            self._store.prepare(group, RETENTION_DAYS[group])
            return False
        return True

    def _head(self) -> tuple[str | None, Head]:
        text = self._store.checkpoint(OWNER, HEAD)
        if text is not None:
            return text, Head.from_json(text)
        return None, max(self._heads(), key=lambda head: head.sequence, default=Head())

    def _heads(self) -> Iterator[Head]:
        """The records that are there although the catalog knows of no head: it was rebuilt."""
        for event in stored(self._store.snapshot(AUDIT)):
            if isinstance(event, Stored) and (found := chain.read(event.text)) is not None:
                yield Head(found.sequence, found.hash, found.time)

    def _last(self) -> tuple[str | None, Last]:
        text = self._store.checkpoint(OWNER, DIGEST)
        if text is not None:
            return text, Last.from_json(text)
        return None, max(self._digests(), key=lambda last: last.number, default=Last())

    def _digests(self) -> Iterator[Last]:
        for event in stored(self._store.snapshot(DIGESTS)):
            if isinstance(event, Stored) and (found := digest.read(event.text)) is not None:
                yield Last(
                    found.number, event.time // HOUR * HOUR, found.last, found.hash, found.signature
                )


def day(time: int) -> str:
    """The UTC day of a time, which names the log stream."""
    return instant(time)[:10]
