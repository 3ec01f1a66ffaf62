"""The benchmark at a tiny size: every row is there, and both sides give equal answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.__main__ import main

EVENTS = 20_000


@pytest.mark.slow
def test_every_row_of_the_benchmark_has_equal_answers(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    tables: list[str] = []
    rows = main(
        ["--events", f"{EVENTS}", "--repeats", "1", "--work", str(tmp_path), "--out", str(out)],
        tables.append,
    )
    assert [row.name for row in rows if row.equal is False] == []
    assert len([row for row in rows if row.equal]) >= 24
    assert {"load json", "one id", "text: rare word", "logq --version"} <= {r.name for r in rows}
    assert all(row.name in tables[0] for row in rows)
    written = json.loads(out.read_text(encoding="utf-8"))
    assert [row["name"] for row in written["rows"]] == [row.name for row in rows]
    assert all(value > 0 for row in written["rows"] for value in row["ratios"].values())
