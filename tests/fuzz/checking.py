"""What must hold for any text at all: rows, or a fault of the query in LogQ's own words."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from logq.errors import LogQError, QueryError, StorageError
from logq.query.build import render
from logq.query.completion import Known, complete
from logq.query.engine import Queries
from logq.query.formatting import format_query
from logq.query.transform import parse
from logq.settings import Settings
from logq.storage import Storage
from logq.storage.grams import may_contain
from tests.fuzz.pipelines import Pipelines
from tests.fuzz.sentences import Sentences
from tests.query.layouts import LAYOUTS, NOW, lay_out, line, rows_of, same

DEFINED: dict[tuple[str, str], Mapping[str, Any]] = {
    ("lookup_table", "levels"): {"csv": "s,word\nalpha,first\n200,number\n"},
    ("lookup_table", "nets"): {"csv": "cidr,net\n10.0.0.0/8,home\n"},
    ("query", "S"): {
        "query": "filter i < {{x}} or s like {{x}}",
        "groups": [],
        "parameters": [{"name": "x", "default": '"2"', "description": None}],
    },
}
FOREIGN = re.compile(
    r"duckdb|(?:binder|catalog|parser|conversion|invalid input) error|sqlglot", re.IGNORECASE
)
OF_THE_WHOLE = ("no log group is named", "nested too deeply")
"""Faults that have no place in the query."""


class Bug(AssertionError):
    """Something that no user may meet."""


@dataclass
class Tally:
    """What became of the queries."""

    outcomes: Counter[str] = field(default_factory=Counter)
    bugs: list[str] = field(default_factory=list)


class Fuzz:
    """Queries from a seed, over the same events in some layouts."""

    def __init__(self, root: Path, seed: int) -> None:
        self._chance = random.Random(seed)
        self._pipelines = Pipelines(seed)
        self._sentences = Sentences(self._chance)
        documents = self._pipelines.documents(40)
        # Some events share a time: then the order of arrival decides.
        texts = [line(d, self._chance.randrange(n + 1)) for n, d in enumerate(documents)]
        self._engines = {layout: over(lay_out(root / layout, layout, texts)) for layout in LAYOUTS}

    def close(self) -> None:
        """Give the data back."""
        for engine in self._engines.values():
            engine.close()

    def texts(self, count: int) -> Iterator[str]:
        """A third of them makes sense, a third follows the grammar only, the rest is damaged."""
        for number in range(count):
            if number % 3 == 0:
                yield self._pipelines.query()
            elif number % 3 == 1:
                yield self._sentences.query()
            else:
                made = self._pipelines.query() if number % 2 else self._sentences.query()
                yield self._sentences.damaged(made)

    def compile(self, text: str) -> str:
        """Compile one query, lay it out and complete it; what became of it. Raises Bug."""
        try:
            if self._chance.random() < 0.02:
                complete(text, self._chance.randrange(len(text) + 1), Known())
            engine = self._engines["segments"]
            prepared = engine.prepare(engine._request(text, groups_for(text), None, None, None))
            if self._chance.random() < 0.2:
                render(prepared.program.sql(prepared.events(prepared.plan)))
            if self._chance.random() < 0.1:
                self._lay_out(text)
        except Bug:
            raise
        except Exception as error:
            return fault(error)
        return "compiled"

    def _lay_out(self, text: str) -> None:
        made = format_query(text)
        if parse(made) != parse(text):
            raise Bug(f"laid out it means something else: {made!r}")
        if format_query(made) != made:
            raise Bug(f"laid out again it looks different: {made!r}")

    def run(self, text: str, layouts: tuple[str, ...]) -> str:
        """Run one query in some layouts, whose answers must be equal. Raises Bug."""
        first: Any = None
        if re.search(r"limit\s+any", text, re.IGNORECASE):
            layouts = layouts[:1]  # which rows these are is left open
        for layout in layouts:
            found = self._answer(self._engines[layout], text)
            if first is None:
                first = found
            elif found[0] != first[0] or not same(found[1], first[1], tolerance=1e-9):
                raise Bug(f"{layouts[0]} gives {first}\nbut {layout} gives {found}")
        return str(first[0]) if isinstance(first[0], str) else "rows" if first[1] else "no rows"

    def _answer(self, engine: Queries, text: str) -> tuple[Any, Any]:
        try:
            result = engine.run(text, groups=groups_for(text))
            rows = rows_of(result)
            return [column.name for column in result.columns], rows
        except Exception as error:
            return fault(error), getattr(error, "message", "")


def fault(error: Exception) -> str:
    """The name of a fault that a user may be told; raises Bug for any other."""
    if not isinstance(error, LogQError) or isinstance(error, StorageError):
        raise Bug(f"{type(error).__name__}: {error}") from error
    if FOREIGN.search(error.message):
        raise Bug(f"the words are not LogQ's: {error.message}") from error
    placed = not isinstance(error, QueryError) or error.span is not None
    if not placed and not any(each in error.message for each in OF_THE_WHOLE):
        raise Bug(f"without a place: {error.message}") from error
    return type(error).__name__


def groups_for(text: str) -> list[str]:
    """The log group to ask, unless the query names one."""
    return [] if re.match(r"\s*\|?\s*source\b", text, re.IGNORECASE) else ["app"]


def over(path: Path) -> Queries:
    """A query engine over a data directory, with tables and a saved query."""
    settings = Settings(query_threads=1)
    storage = Storage.open(path, lambda: NOW, settings)
    return Queries(
        storage,
        settings,
        lambda: NOW,
        directory=str(path),
        text_index=may_contain,
        define=lambda kind, name: DEFINED.get((kind, name)),
        log_groups=storage.log_groups,
    )


def fuzz(
    root: Path, seed: int, count: int, executed: int, compared: int, seconds: float = 1e9
) -> Tally:
    """Compile ``count`` queries, run ``executed`` of them and some in every layout."""
    began = time.monotonic()
    tally = Tally()
    every = Fuzz(root, seed)
    for number, text in enumerate(every.texts(count)):
        try:
            outcome = every.compile(text)
            tally.outcomes[outcome] += 1
            if outcome == "compiled" and tally.outcomes["run"] < executed:
                tally.outcomes["run"] += 1
                layouts = LAYOUTS if tally.outcomes["run"] <= compared else ("segments",)
                tally.outcomes[f"run: {every.run(text, layouts)}"] += 1
        except Bug as bug:
            tally.bugs.append(f"seed {seed}, query {number}: {text!r}\n  {bug}")
        if time.monotonic() - began > seconds:
            break
    every.close()
    return tally
