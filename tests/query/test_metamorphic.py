"""Random queries over random events: the layout of the events never shows in the answer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from logq.errors import QueryError
from logq.query.connection import Session
from logq.query.engine import Queries
from tests.query.layouts import LAYOUTS, engines, line, rows_of, same
from tests.query.query_maker import Maker

SEEDS = 8
QUERIES = 25


@pytest.fixture(autouse=True)
def one_select_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every SQL text that reaches DuckDB is one SELECT."""
    execute = Session.execute

    def checked(self: Session, sql: str) -> duckdb.DuckDBPyConnection:
        (statement,) = duckdb.extract_statements(sql)
        assert statement.type == duckdb.StatementType.SELECT
        return execute(self, sql)

    monkeypatch.setattr(Session, "execute", checked)
    yield


def answer(queries: Queries, text: str) -> Any:
    """Rows and columns, or the fault; anything of DuckDB's own passes through as an error."""
    try:
        result = queries.run(text, groups=["app"])
        return [c.name for c in result.columns], rows_of(result)
    except QueryError as error:
        return type(error).__name__, error.message


def compare(path: Path, seed: int, queries: int) -> int:
    """Run queries of one seed over its events in all layouts; how many had rows."""
    maker = Maker(seed)
    # Some events share a time: then the order of arrival decides.
    texts = [line(d, maker.random.randrange(n + 1)) for n, d in enumerate(maker.documents(40))]
    every = engines(path, texts)
    answered = 0
    for _ in range(queries):
        text = maker.query()
        wanted = answer(every[0], text)
        answered += isinstance(wanted[0], list) and bool(wanted[1])
        for layout, engine in zip(LAYOUTS[1:], every[1:], strict=True):
            found = answer(engine, text)
            alike = found[0] == wanted[0] and same(found[1], wanted[1], tolerance=1e-9)
            assert alike, f"seed {seed}, {layout}: {text}\n{found}\n{wanted}"
    for engine in every:
        engine.close()
    return answered


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_queries_give_the_same_rows_in_every_layout(seed: int, tmp_path: Path) -> None:
    assert compare(tmp_path, seed, QUERIES) > QUERIES // 4


@pytest.mark.soak
def test_thousands_of_random_queries_give_the_same_rows_in_every_layout(tmp_path: Path) -> None:
    first = int(os.environ.get("LOGQ_SOAK_SEED", "1000"))
    for seed in range(first, first + int(os.environ.get("LOGQ_SOAK", "100"))):
        compare(tmp_path / str(seed), seed, 40)
