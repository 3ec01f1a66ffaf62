"""A log format and the registry of all formats.

One format (or a pair that belongs together) is one file in ``formats/``. A format is declared: how
to recognise one line, sample lines with their meaning, and a projection over a column of events
that yields times and fields. Nothing here loops over lines in Python.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cache
from typing import TYPE_CHECKING, ClassVar, TypeVar

from logq.errors import InvalidValue

if TYPE_CHECKING:
    import pyarrow as pa

HEAD = 100
"""How many lines of a source decide its format."""

FALLBACK = "text"


@dataclass(frozen=True, slots=True)
class Context:
    """What a line does not say about its own time."""

    arrival: int
    """Epoch milliseconds at which the lines were read."""
    zone: tzinfo
    """The zone of times that name none."""
    reference: int
    """Epoch milliseconds near which a time without a year lies: the file's, else arrival."""


@dataclass(frozen=True, slots=True)
class Projection:
    """What a column of events means; every array is as long as the column."""

    timestamps: pa.TimestampArray
    """``timestamp[ms]``, UTC without a zone; null where the event names no time."""
    columns: Mapping[str, pa.Array] = field(default_factory=dict)
    """Field path -> int64, float64, bool or string array; null where the field is missing."""
    messages: pa.StringArray | None = None
    """The text inside an envelope; None: the events themselves."""
    shred: bool = False
    """Look for a JSON document in each message; where it has a field of ``columns`` and that
    column is not null, the column wins."""
    time_fields: tuple[str, ...] = ()
    """With ``shred``: paths of a document that may hold the time of an event whose ``timestamps``
    entry is null, best first."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An example line of a format and what it means."""

    line: str
    timestamp: int | None
    """Epoch milliseconds, read in UTC near the year 2026."""
    fields: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    """Every discovered field, those of a JSON document included."""


class Format:
    """How the events of one kind of log are recognised and read; its docstring describes it."""

    name: ClassVar[str]
    title: ClassVar[str]
    samples: ClassVar[tuple[Sample, ...]]
    multiline: ClassVar[str | None] = None
    """The preset of ``multiline`` that goes with it; None: one line is one event."""
    priority: ClassVar[int] = 0
    """Decides between formats that recognise equally many lines; more specific is higher."""

    @property
    def description(self) -> str:
        """What users read about the format."""
        return " ".join((type(self).__doc__ or "").split())

    def recognises(self, line: str) -> bool:
        """Whether one line looks like this format; cheap, and never raises."""
        raise NotImplementedError

    def project(self, lines: pa.StringArray, context: Context) -> Projection:
        """Times and fields of a column of events; an event that does not fit has no fields."""
        raise NotImplementedError


_FORMATS: dict[str, Format] = {}

F = TypeVar("F", bound=type[Format])


def register(cls: F) -> F:
    """Register a format class under its name; a class decorator."""
    if cls.name in _FORMATS:
        raise ValueError(f"format {cls.name!r} is registered twice")
    _FORMATS[cls.name] = cls()
    return cls


@cache
def _load() -> None:
    package = importlib.import_module("logq.ingest.formats")
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def formats() -> dict[str, Format]:
    """Every format by name."""
    _load()
    return dict(sorted(_FORMATS.items()))


def format_named(name: str) -> Format:
    """The format that a person pinned; raises InvalidValue with a did-you-mean."""
    known = formats()
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name.lower(), known, n=1)
    raise InvalidValue(
        f"there is no log format {name!r}",
        hint=f"did you mean {close[0]!r}?" if close else f"known formats: {', '.join(known)}",
    )


def detect(lines: Sequence[str]) -> Format:
    """The format that recognises most of the first lines of a source.

    Blank lines and indented lines, which belong to the event before, do not count. A format must
    recognise at least half of the others; else the source is plain text.
    """
    heads = [line for line in lines[:HEAD] if line.strip() and not line[0].isspace()]
    known = formats()
    best, best_rank = known[FALLBACK], (0, 0)
    for candidate in known.values():
        if candidate.name == FALLBACK:
            continue
        score = sum(map(candidate.recognises, heads))
        rank = (score, candidate.priority)
        if score and score * 2 >= len(heads) and rank > best_rank:
            best, best_rank = candidate, rank
    return best
