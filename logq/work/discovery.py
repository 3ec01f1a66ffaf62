"""Which fields the events of log groups have, of what types, how often, and with what values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from logq.terminal import cut
from logq.values import cell_writer

if TYPE_CHECKING:
    from logq.model import Snapshot
    from logq.query.engine import Queries

EXAMPLES, SAMPLE, AT_ONCE, LONGEST = 3, 500, 200, 40
"""Values shown of each field, events they come from, fields asked for at once, their length."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """A field that events have."""

    field: str
    types: tuple[str, ...]
    events: int
    percent: float
    """Of the events that have it, with one decimal."""
    examples: tuple[str, ...]
    """Some values among the newest events, shortened."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """Looks at the events of some log groups within some times (epoch ms, inclusive)."""

    queries: Queries
    snapshot: Snapshot
    groups: Sequence[str]
    start: int | None
    end: int | None
    zone: tzinfo

    def fields(self) -> list[Discovered]:
        """The discovered fields in order of their names."""
        types = self._types()
        paths = sorted(types, key=lambda path: (path.lower(), path))
        counts, total = self._counts(paths)
        examples = self._examples(paths)
        return [
            Discovered(
                path,
                tuple(types[path]),
                counts[path],
                share(counts[path], total),
                tuple(examples.get(path, ())),
            )
            for path in paths
            if counts[path]
        ]

    def _types(self) -> dict[str, list[str]]:
        """The fields of all pieces inside the range with the types they have there."""
        found: dict[str, list[str]] = {}
        for piece in self.snapshot.pieces:
            if self.start is None or piece.end >= self.start:
                for path, field in piece.info.fields.items():
                    kinds = found.setdefault(path, [])
                    if field.kind not in kinds:
                        kinds.append(str(field.kind))
        return found

    def _counts(self, paths: Sequence[str]) -> tuple[dict[str, int], int]:
        """How many events have each field, and how many there are."""
        from logq.query.literals import quote_name

        counts, total = dict.fromkeys(paths, 0), 0
        for some in _portions(paths):
            asked = [f"count({quote_name(p)}) as `f{number}`" for number, p in enumerate(some)]
            row = next(self._rows(f"stats {', '.join(['count(*) as `all`', *asked])}"), None)
            if row is not None:
                total = row[0]
                counts |= dict(zip(some, row[1:], strict=True))
        return counts, total

    def _examples(self, paths: Sequence[str]) -> dict[str, list[str]]:
        """Some different values of each field among the newest events, as short texts."""
        from logq.query.literals import quote_name

        found: dict[str, list[str]] = {}
        for some in _portions(paths):
            result = self.queries.run(
                f"display {', '.join(map(quote_name, some))} | limit {SAMPLE}",
                groups=self.groups,
                start=self.start,
                end=self.end,
            )
            writers = [cell_writer(column.type, self.zone) for column in result.columns]
            for row in result.rows():
                for path, write, value in zip(some, writers, row, strict=True):
                    held = found.setdefault(path, [])
                    if value is not None and len(held) < EXAMPLES:
                        shown = cut(write(value), LONGEST)
                        if shown not in held:
                            held.append(shown)
        return found

    def _rows(self, text: str) -> Iterator[tuple[Any, ...]]:
        return self.queries.run(text, groups=self.groups, start=self.start, end=self.end).rows()


def share(count: int, total: int) -> float:
    """Per cent with one decimal."""
    return round(100 * count / total, 1) if total else 0.0


def _portions(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    return (paths[at : at + AT_ONCE] for at in range(0, len(paths), AT_ONCE))
