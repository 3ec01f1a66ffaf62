"""The same events in four physical layouts, and answers as plain rows, for tests of the engine."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from logq.ingest.parser import Parser
from logq.query.engine import Queries
from logq.query.result import Result
from logq.query.value import Type
from logq.settings import Settings
from logq.storage import Storage
from logq.storage.grams import may_contain
from logq.units import format_time

NOW = 1_767_700_000_000
START = 1_767_607_200_000
"""2026-01-05T10:00:00Z, the time of the first event."""
LAYOUTS = ("journal", "segments", "compacted", "mixed")
MISSING = None

Row = dict[str, Any]


def line(document: Mapping[str, Any], number: int = 0) -> str:
    """A document as a line of JSON, ``number`` seconds after START."""
    stamp = format_time(START + number * 1000).replace(" ", "T") + "Z"
    return json.dumps({"timestamp": stamp, **document})


def lines(documents: Iterable[Mapping[str, Any]]) -> list[str]:
    """Documents as lines of JSON, one second apart."""
    return [line(document, number) for number, document in enumerate(documents)]


def append(storage: Storage, group: str, texts: Sequence[str], stream: str = "s") -> None:
    """Store lines as one batch."""
    raw = [text.encode("utf-8", "surrogatepass") for text in texts]
    parsed = Parser().parse(raw, stream=stream, arrival=NOW, reference=NOW)
    storage.events.append(group, parsed.batch)


def lay_out(path: Path, layout: str, texts: Sequence[str], pieces: int = 4) -> Path:
    """Store lines under ``path`` in one layout; ``pieces`` is how many batches they make."""
    size = max(1, -(-len(texts) // pieces))
    batches = [texts[n : n + size] for n in range(0, len(texts), size)]
    with Storage.open(path, lambda: NOW, Settings()) as storage:
        storage.groups.create("app")
        for number, batch in enumerate(batches if layout != "journal" else [texts]):
            append(storage, "app", batch)
            if layout in ("segments", "compacted") or (layout == "mixed" and number < 2):
                storage.seal()
            if layout == "mixed" and number == 1:
                storage.compact()
            if layout == "mixed" and number == 2:
                storage.seal()
        if layout == "compacted":
            storage.compact()
    return path


def over(path: Path, settings: Settings | None = None) -> Queries:
    """A query engine over a data directory."""
    chosen = settings or Settings()
    storage = Storage.open(path, lambda: NOW, chosen)
    return Queries(storage, chosen, lambda: NOW, directory=str(path), text_index=may_contain)


def engines(root: Path, texts: Sequence[str], layouts: Sequence[str] = LAYOUTS) -> list[Queries]:
    """Engines over the same lines in several layouts."""
    return [over(lay_out(root / layout, layout, texts)) for layout in layouts]


def rows_of(result: Result) -> list[Row]:
    """Rows by column name; missing values left out, maps and lists as Python has them."""
    rows = []
    for values in result.rows():
        row = {}
        for column, value in zip(result.columns, values, strict=True):
            if value is not None:
                dynamic = column.type is Type.DYNAMIC
                row[column.name] = json.loads(value) if dynamic else value
        rows.append(row)
    return rows


def ask(queries: Queries, text: str, **options: Any) -> list[Row]:
    """The rows of a query over the log group ``app``."""
    return rows_of(queries.run(text, groups=["app"], **options))


def same(left: Any, right: Any, tolerance: float = 1e-12) -> bool:
    """Equality in which true is not 1 and doubles may differ in the last digits."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left == right or math.isclose(left, right, rel_tol=tolerance, abs_tol=tolerance)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k], tolerance) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(same(a, b, tolerance) for a, b in pairs)
    if isinstance(left, str) and isinstance(right, str) and left != right:
        return _same_text(left, right, tolerance)
    return type(left) is type(right) and bool(left == right)


def _same_text(left: str, right: str, tolerance: float) -> bool:
    """Texts in which only fractions differ, in their last digits."""
    ours, theirs = (re.split(r"(\d+\.\d{9,})", text) for text in (left, right))
    return len(ours) == len(theirs) and all(
        math.isclose(float(a), float(b), rel_tol=tolerance) if number % 2 else a == b
        for number, (a, b) in enumerate(zip(ours, theirs, strict=True))
    )
