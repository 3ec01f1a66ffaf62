"""The nouns of LogQ as frozen values, and the shape of a batch of events.

A *batch* is a ``pyarrow.Table`` with the system columns named here, one column per discovered
field, and a ``BatchInfo`` as JSON under ``BATCH_METADATA`` in its schema's metadata. Segments
are batches on disk; the journal holds batches too. Whoever reads a field asks ``BatchInfo``
where its value is:

* ``Kind.INT FLOAT BOOL TEXT``: the column ``Field.column`` holds it for every event that has it;
* ``Kind.JSON``: that column holds JSON text, because the type differs from event to event;
* ``Kind.LIST`` and ``Kind.DOC``: no column; the value is read from the event's *document*.

The document of an event is a JSON object: ``@message`` itself, or the column ``@json``.
A path that is not in ``fields`` and not below a ``LIST``, ``DOC`` or ``JSON`` field is missing
from every event of the batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

BATCH_METADATA = b"logq"

TIMESTAMP = "@timestamp"  # timestamp[ms], UTC, never null
MESSAGE = "@message"  # string, never null; the event's text as it came (UTF-8, else see RAW)
LOG_STREAM = "@logStream"  # string, never null
INGESTION_TIME = "@ingestionTime"  # timestamp[ms], UTC, never null
SEQ = "@seq"  # int64, unique in a data directory; given by storage, rises with arrival
JSON_DOCUMENT = "@json"  # string; only with Doc.COLUMN: '' = see @message, null = no document
RAW = "@raw"  # binary; the bytes of a message that was not valid UTF-8
TIME_SOURCE = "@timeSource"  # string; 'previous' or 'arrival' when the event names no time
TRUNCATED = "@truncated"  # int64; bytes cut off a message over the size limit
LABELS = "@labels"  # string; JSON object of text values given by the agent's configuration

SYSTEM_COLUMNS = (
    TIMESTAMP,
    MESSAGE,
    LOG_STREAM,
    INGESTION_TIME,
    SEQ,
    JSON_DOCUMENT,
    RAW,
    TIME_SOURCE,
    TRUNCATED,
    LABELS,
)


class Kind(StrEnum):
    """How a batch holds one discovered field."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    TEXT = "text"
    JSON = "json"
    LIST = "list"
    DOC = "doc"


class Doc(StrEnum):
    """Where the documents of a batch are."""

    MESSAGE = "message"  # every @message is a clean JSON object
    COLUMN = "column"  # see JSON_DOCUMENT
    NONE = "none"  # no event has one


@dataclass(frozen=True, slots=True)
class Field:
    """One discovered field as one batch holds it."""

    path: str
    """Dotted name as a query writes it, without backticks: ``http.status``, ``@@level``."""
    kind: Kind
    column: str | None = None
    """The batch's column; differs from ``path`` only where two paths differ only in case."""
    count: int = 0
    """How many events have the field."""
    pointers: tuple[str, ...] = ()
    """JSON pointers (RFC 6901) into the document, best first; empty: ``pointer(path)``."""


@dataclass(frozen=True, slots=True)
class BatchInfo:
    """What a batch says of itself besides its columns."""

    doc: Doc = Doc.NONE
    fields: Mapping[str, Field] = field(default_factory=dict)

    def to_json(self) -> str:
        """JSON for schema metadata and the catalog."""
        rows = [[f.path, f.kind, f.column, f.count, list(f.pointers)] for f in self.fields.values()]
        return json.dumps({"doc": self.doc, "fields": rows}, ensure_ascii=False)

    @staticmethod
    def from_json(text: str | bytes) -> BatchInfo:
        """The inverse of ``to_json``."""
        data: dict[str, Any] = json.loads(text)
        return BatchInfo(
            Doc(data["doc"]),
            fields_by_path(Field(p, Kind(k), c, n, tuple(q)) for p, k, c, n, q in data["fields"]),
        )


def fields_by_path(fields: Iterable[Field]) -> dict[str, Field]:
    """Fields keyed by their path."""
    return {f.path: f for f in fields}


def pointer(path: str) -> str:
    """The JSON pointer of a dotted path whose keys contain no dots."""
    raw = path.removeprefix("@") if path.startswith("@@") else path
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in raw.split("."))


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A named set of log events with one retention."""

    id: int
    name: str
    created: int
    """Epoch milliseconds."""
    retention_days: int | None = None
    format: str = "auto"
    tags: Mapping[str, str] = field(default_factory=dict)
    stored_bytes: int = 0
    """Message bytes plus 26 per event, as CloudWatch counts."""
    disk_bytes: int = 0
    events: int = 0
    first: int | None = None
    last: int | None = None
    """Times of the oldest and newest event, epoch milliseconds."""
    log_class: str = "STANDARD"
    kms_key: str | None = None
    """Both are what clients of CloudWatch gave; nothing here depends on them."""
    protected: bool = False
    """Whether it may not be deleted."""
    embedded_metrics: bool = False
    """Whether its events may name metrics in the embedded metric format of CloudWatch."""


@dataclass(frozen=True, slots=True)
class LogStream:
    """One source of events inside a log group."""

    name: str
    created: int
    first: int | None
    last: int | None
    last_ingestion: int | None
    events: int


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A run of consecutive rows of a segment that can be read alone."""

    rows: int
    start: int
    end: int
    """Oldest and newest event time, epoch milliseconds, both inclusive."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing a query reads: a segment on disk, or a journal batch in memory."""

    group: str
    name: str
    """Segment id, or ``journal:<first id>-<last id>``."""
    rows: int
    bytes: int
    start: int
    end: int
    """Oldest and newest event time, epoch milliseconds, both inclusive."""
    info: BatchInfo
    columns: frozenset[str]
    """The system columns that are there."""
    streams: frozenset[str]
    path: str | None = None
    """The Parquet file of a segment."""
    table: Any = None
    """The ``pyarrow.Table`` of a journal batch."""
    row_groups: tuple[RowGroup, ...] = ()
    """Of a segment, in file order; empty for a journal batch."""
    grams: str | None = None
    """The segment's text index file, see ``storage.grams``."""
    hidden: frozenset[str] = frozenset()
    """Log streams whose events in this piece have been deleted: no reader may show them."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that was visible in some log groups at one moment."""

    pieces: tuple[Piece, ...]
    visible_from: Mapping[str, int]
    """Per log group with retention: events before this time (epoch ms) have expired."""
    groups: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """What is missing from this snapshot and why, for example a quarantined segment."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a source has been read; written in one transaction with its events."""

    owner: str
    key: str
    value: str
    """JSON; None in ``expected`` means there was no checkpoint."""
    expected: str | None = None
    check: bool = False
    """Refuse with ``CheckpointConflict`` unless the stored value equals ``expected``."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What storage made durable."""

    events: int
    bytes: int
    first_seq: int
    expired: int = 0
    """Events older than the group's retention: not stored, counted here."""


@dataclass(frozen=True, slots=True)
class Definition:
    """Something a person defined: a metric filter, a saved query, a key, a policy."""

    kind: str
    name: str
    group: str | None
    """The log group it belongs to and goes with, if any."""
    body: Mapping[str, Any]
    """What was defined, as JSON."""
    created: int
    updated: int
    """Epoch milliseconds."""
    version: int
    """1 when it is made, one more with every change."""


class Operation(StrEnum):
    """What happened to something that people make."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """A log group or a definition was made, changed or deleted."""

    kind: str
    """``log_group`` or the kind of the definition."""
    name: str
    group: str | None
    """The log group of a definition that belongs to one."""
    operation: Operation
