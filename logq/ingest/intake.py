"""An intake and the registry of all: in which shapes senders push events over HTTP.

One intake is one file in ``intakes/``: a pure function from the body of a request to events by log
group. Where they go is decided in one order everywhere: what the request names (``Sent.group``,
``Sent.stream``), else what the events themselves say, else a default that the intake documents.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar, TypeVar

from logq.errors import LimitExceeded
from logq.ingest.events import Rejected

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.ingest.incoming import Incoming

JSON = "application/json"
NDJSON = "application/x-ndjson"
PROTOBUF = "application/x-protobuf"
MAX_ITEMS = 500_000
"""Events, or what is taken for one, in one request."""

_NOT_IN_GROUPS = re.compile(r"[^A-Za-z0-9_/.#-]")
_NOT_IN_STREAMS = re.compile(r"[:*\x00-\x1f\x7f]")
_LONGEST_NAME = 512


@dataclass(frozen=True, slots=True)
class Sent:
    """A request with events."""

    body: bytes
    """Unpacked, if a ``Content-Encoding`` said that it was packed."""
    media_type: str = JSON
    """Lower case, without parameters."""
    group: str | None = None
    stream: str | None = None
    """The log group and stream that the request names for all of its events."""
    index: str | None = None
    """The index that the path or query names."""
    source: str | None = None
    """The source or host that the query names."""
    sender: str = ""
    """The sender's address."""
    max_bytes: int = 64 << 20
    """Of what the body holds once all that is packed or said but once in it is written out."""

    def group_or(self, *others: str | None) -> str:
        """The log group that is named, else the first of the others that is anything."""
        return self.group or group_name(next((name for name in others if name), ""))

    def stream_or(self, *others: str | None) -> str:
        """The log stream that is named, else the first of the others that is anything."""
        return self.stream or stream_name(next((name for name in others if name), ""))


@dataclass(frozen=True, slots=True)
class Delivery:
    """Events of one request for one log group."""

    group: str
    incoming: Incoming
    items: pa.Array
    """Which item of the request each event is (int64, from 0)."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a request holds; every item is delivered, rejected or skipped."""

    items: int
    deliveries: tuple[Delivery, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    """Items that are no events, counted from 1."""
    skipped: int = 0
    """Items that the protocol says to pass over in silence."""

    @property
    def events(self) -> int:
        """How many are to be stored."""
        return sum(len(delivery.items) for delivery in self.deliveries)


@dataclass(frozen=True, slots=True)
class Example:
    """A request, for the reference and the tests."""

    path: str
    body: str
    media_type: str = JSON
    events: Mapping[str, int] | None = None
    """How many events it brings to which log group."""


class Intake:
    """One shape of requests with events; its docstring describes it."""

    name: ClassVar[str]
    title: ClassVar[str]
    paths: ClassVar[tuple[str, ...]]
    senders: ClassVar[str]
    """Who sends it."""
    group: ClassVar[str]
    stream: ClassVar[str]
    """Where events go of which the request does not say it, in words."""
    examples: ClassVar[tuple[Example, ...]]

    @property
    def description(self) -> str:
        """What users read about it."""
        return " ".join((type(self).__doc__ or "").split())

    max_bytes: ClassVar[int] = 20 << 20
    """Of a body; what is read line by line as columns may be larger than what becomes objects."""

    def decode(self, sent: Sent) -> Decoded:
        """The events of a request.

        Raises InvalidValue if it cannot be read at all, LimitExceeded if it holds too much.
        """
        raise NotImplementedError


_INTAKES: dict[str, Intake] = {}

T = TypeVar("T", bound=type[Intake])


def register(cls: T) -> T:
    """Register an intake under its name; a class decorator."""
    if cls.name in _INTAKES:
        raise ValueError(f"intake {cls.name!r} is registered twice")
    _INTAKES[cls.name] = cls()
    return cls


@cache
def _load() -> None:
    package = importlib.import_module("logq.ingest.intakes")
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def intakes() -> dict[str, Intake]:
    """Every intake by name."""
    _load()
    return dict(sorted(_INTAKES.items()))


def too_many() -> LimitExceeded:
    """The error of a request with more than ``MAX_ITEMS``."""
    return LimitExceeded(
        f"the request holds more than {MAX_ITEMS:,} events", hint="send fewer at once"
    )


def group_name(text: str) -> str:
    """A log group's name made of any text: what may not be in one becomes ``_``."""
    return _NOT_IN_GROUPS.sub("_", text)[:_LONGEST_NAME] or "default"


def stream_name(text: str) -> str:
    """A log stream's name made of any text: what may not be in one becomes ``_``."""
    return _NOT_IN_STREAMS.sub("_", text)[:_LONGEST_NAME] or "default"
