"""Every query case in ``cases/``, over four layouts of the same events.

The rows of an answer must not depend on whether the events lie in the journal, in many small
segments, in one compacted segment, or in all of these.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from logq.errors import QueryError
from logq.ingest.parser import Parser
from logq.query.engine import Queries
from logq.query.result import Result
from logq.settings import Settings
from logq.storage import Storage
from logq.storage.grams import may_contain
from logq.units import format_time, parse_time

CASES = Path(__file__).parent / "cases"
NOW = 1_767_700_000_000
EXAMPLES: dict[int, str] = {
    case["number"]: case["query"]
    for case in tomllib.loads((CASES / "examples.toml").read_text("utf-8"))["case"]
}
"""The examples of the language by number; cases run them word for word, ``then`` goes on."""
LAYOUTS = ("journal", "segments", "compacted", "mixed")


def load() -> list[Any]:
    """Every case with the events of its file, named file/sentence."""
    found = []
    for path in sorted(CASES.rglob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        if path.parent in (CASES, CASES / "filter_patterns") or path.stem == "syntax":
            continue
        for case in content.get("case", ()):
            if "example" in case:
                query, then = EXAMPLES[case["example"]], case.get("then")
                case |= {
                    "name": f"example {case['example']}",
                    "query": f"{query}\n| {then}" if then else query,
                }
            case.setdefault("events", content.get("events", ""))
            case.setdefault("groups", content.get("groups", {}))
            case.setdefault("tables", content.get("tables", {}))
            case.setdefault("queries", content.get("queries", {}))
            case.setdefault("indexes", content.get("indexes", {}))
            case.setdefault("file", str(path.relative_to(CASES)))
            found.append(pytest.param(case, id=f"{path.relative_to(CASES)}: {case['name']}"))
    return found


@pytest.fixture(scope="session")
def directories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Path]]:
    """Data directories by the events they hold, so that cases of one file share them."""
    return {}


def prepared(
    case: Mapping[str, Any],
    directories: dict[str, dict[str, Path]],
    factory: pytest.TempPathFactory,
) -> dict[str, Path]:
    """The data directories of a case, one a layout."""
    streams = case.get("streams") or {"s": case["events"]}
    events = {"app": streams} | {g: {"s": text} for g, text in case["groups"].items()}
    attributes = case.get("attributes", {})
    key = json.dumps([events, attributes, "example" in case], sort_keys=True)
    if key not in directories:
        root = factory.mktemp("case")
        layouts = ("journal", "mixed") if "example" in case else LAYOUTS
        directories[key] = {layout: root / layout for layout in layouts}
        for layout, path in directories[key].items():
            for group, texts in events.items():
                lay_out(path, layout, texts, group, attributes.get(group, {}))
    return directories[key]


def lay_out(
    path: Path,
    layout: str,
    streams: Mapping[str, str],
    group: str = "app",
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Store the events of the streams in one layout."""
    with Storage.open(path, lambda: NOW, Settings()) as storage:
        storage.groups.create(group, **(attributes or {}))
        for stream, text in streams.items():
            parser = Parser()
            lines = [line.encode() for line in text.splitlines() if line]
            # In one piece, or one event at a time, so that each becomes a batch of its own.
            pieces = [lines] if layout == "journal" else [[line] for line in lines]
            for number, piece in enumerate(pieces):
                parsed = parser.parse(piece, stream=stream, arrival=NOW, reference=NOW)
                if parsed.batch.num_rows:
                    storage.events.append(group, parsed.batch)
                half = layout == "mixed" and number == len(pieces) // 2
                if layout in ("segments", "compacted") or (layout == "mixed" and number < 2):
                    storage.seal()
                if half:
                    storage.seal()
                    storage.compact()
        if layout == "compacted":
            storage.compact()


def run(path: Path, case: Mapping[str, Any]) -> Result:
    defined = {name: case[name] for name in ("tables", "queries", "indexes")}
    queries = engine(path, json.dumps(defined), case.get("account", Settings().account))
    times: dict[str, Any] = {
        name: parse_time(str(case[name]), NOW, end=name == "end")
        for name in ("start", "end")
        if name in case
    }
    sourced = case.get("sourced", case["query"].lower().startswith("source"))
    groups = case.get("ask", [] if sourced else ["app"])
    return queries.run(
        case["query"], groups=groups, limit=case.get("limit"), strict=case.get("strict"), **times
    )


@lru_cache(maxsize=len(LAYOUTS))
def engine(path: Path, defined: str, account: str) -> Queries:
    kept = json.loads(defined)

    def define(kind: str, name: str) -> Mapping[str, Any] | None:
        if kind == "lookup_table" and name in kept["tables"]:
            return {"csv": kept["tables"][name]}
        if kind == "query" and name in kept["queries"]:
            return {"groups": [], "parameters": [], **kept["queries"][name]}
        if kind == "index_policy" and name in kept["indexes"]:
            return {"since": kept["indexes"][name]}
        return None

    settings = Settings(account=account)
    storage = Storage.open(path, lambda: NOW, settings)
    return Queries(
        storage,
        settings,
        lambda: NOW,
        directory=str(path),
        text_index=may_contain,
        define=define,
        log_groups=storage.log_groups,
    )


def as_json(result: Result) -> list[dict[str, Any]]:
    """The rows as ``-o json`` gives them, by an independent few lines."""
    rows = []
    for values in result.rows():
        row = {}
        for column, value in zip(result.columns, values, strict=True):
            if value is None:
                continue
            if column.type == "timestamp":
                value = format_time(value)
            elif column.type == "dynamic":
                value = json.loads(value)
            row[column.name] = value
        rows.append(row)
    return rows


def same(left: Any, right: Any) -> bool:
    """Equality in which 200 is 200.0 and true is not 1; floats to 12 digits."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left == right or math.isclose(left, right, rel_tol=1e-12, abs_tol=1e-12)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def sorted_rows(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True, default=str))


@pytest.mark.parametrize("case", load())
def test_a_case_has_the_same_rows_in_every_layout(
    case: dict[str, Any],
    directories: dict[str, dict[str, Path]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    paths = prepared(case, directories, tmp_path_factory)
    if "error" in case:
        return check_error(paths["journal"], case)
    layouts = ("journal", "mixed") if "example" in case else LAYOUTS
    for layout in layouts:
        result = run(paths[layout], case)
        rows, wanted = as_json(result), case["rows"]
        if not case.get("ordered", True):
            rows, wanted = sorted_rows(rows), sorted_rows(wanted)
        assert same(rows, wanted), f"{layout}: {rows} is not {wanted}"
        if "columns" in case:
            assert [c.name for c in result.columns] == case["columns"], layout
        for part in case.get("warnings", ()):
            assert any(part in warning for warning in result.warnings), (layout, result.warnings)
    return None


def check_error(path: Path, case: Mapping[str, Any]) -> None:
    with pytest.raises(QueryError) as caught:
        run(path, case)
    error = caught.value
    assert error.code == case["error"], error
    for part in case.get("message", ()):
        assert part in error.message
    for part in case.get("hint", ()):
        assert error.hint is not None and part in error.hint, error.hint
    if "at" in case:
        assert error.span is not None
        assert case["query"][error.span.start : error.span.end] == case["at"]
