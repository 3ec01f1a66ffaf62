"""A renderer writes an answer in one output format; one file each in ``renderers/``.

Renderers read an answer once, in batches of rows, and hand every batch on before they ask for the
next: a big answer needs little memory, and an answer that never ends (``tail -f``) is shown live.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from logq.errors import InvalidValue
from logq.terminal import Screen

if TYPE_CHECKING:
    import pyarrow as pa

Row = tuple[Any, ...]
BATCH_ROWS = 1_000


class Column(Protocol):
    """A column of an answer."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Shape:
    """What the query says about drawing its answer."""

    time_column: str | None = None
    """The column of time buckets."""
    bucket_ms: int | None = None
    """Length of a bucket, where it is always the same."""
    keys: tuple[str, ...] = ()
    """The columns of ``by``."""
    additive: frozenset[str] = frozenset()
    """Columns whose values may be summed over rows, like counts."""
    numeric_order: bool = False
    """The key is a histogram's: draw its bars in numeric order."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns and rows, to be read once."""

    columns: Sequence[Column]
    batches: Iterator[Sequence[Row]]
    """Values are int, float, bool, str, None (missing), epoch ms or JSON text, by column type."""
    arrow: Callable[[], pa.RecordBatchReader] | None = None
    """The same rows for Arrow formats; takes the place of ``batches``."""
    shape: Shape = Shape()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)


def batches(rows: Iterable[Row], size: int = BATCH_ROWS) -> Iterator[list[Row]]:
    """Rows in lists of at most ``size``."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


@dataclass(frozen=True, slots=True)
class Options:
    """How an answer is to be written."""

    zone: tzinfo = UTC
    file: str | None = None
    """Where formats that need a file put it."""


Render = Callable[[Answer, Screen, Options], int]


@dataclass(frozen=True, slots=True)
class Renderer:
    """One output format: ``render`` writes an answer and returns the number of its rows."""

    name: str
    summary: str
    render: Render
    binary: bool = False
    """Nothing that a terminal should get."""
    needs_file: bool = False
    live: bool = True
    """Can show an answer that never ends."""


_RENDERERS: dict[str, Renderer] = {}


def renderer(
    name: str,
    summary: str,
    *,
    binary: bool = False,
    needs_file: bool = False,
    live: bool = True,
) -> Callable[[Render], Render]:
    """Register a function as the renderer of this name."""

    def register(render: Render) -> Render:
        if name in _RENDERERS:
            raise ValueError(f"renderer {name!r} is registered twice")
        _RENDERERS[name] = Renderer(name, summary, render, binary, needs_file, live)
        return render

    return register


@cache
def names() -> tuple[str, ...]:
    """The names of all renderers; loads none of them."""
    package = importlib.import_module("logq.renderers")
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__)))


def get(name: str) -> Renderer:
    """The renderer of this name; loads only its own module. Raises InvalidValue."""
    if name not in names():
        raise InvalidValue(
            f"there is no output format {name!r}", hint=f"choose one of: {', '.join(names())}"
        )
    importlib.import_module(f"logq.renderers.{name}")
    return _RENDERERS[name]


def renderers() -> Mapping[str, Renderer]:
    """Every renderer by name."""
    return {name: get(name) for name in names()}


def render(name: str, answer: Answer, screen: Screen, options: Options) -> int:
    """Write an answer in a format and return its number of rows; raises InvalidValue."""
    chosen = get(name)
    if chosen.needs_file and options.file is None:
        raise InvalidValue(f"{name} needs a file", hint=f"write: -o {name} FILE")
    if not chosen.needs_file and options.file is not None:
        raise InvalidValue(
            f"{name} is written to standard output, not to {options.file!r}",
            hint="send it to a file with: > FILE",
        )
    if chosen.binary and not chosen.needs_file and screen.terminal:
        raise InvalidValue(
            f"{name} is binary and this is a terminal",
            hint=f"send it to a file or a program: -o {name} > FILE",
        )
    return chosen.render(answer, screen, options)
