"""Batches of different schemas become one without losing or changing a value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from logq.model import Doc, Kind, Piece, Snapshot
from logq.storage.batch import info_of, stamp
from logq.storage.merge import conform, merge, source_of, unify
from tests.storage.building import Document, batch, events_of

Part = tuple[Sequence[Document], Doc]


def merged(*parts: Part) -> Piece:
    """The unified piece; checks that every event is as it was."""
    tables, seq = [], 0
    for documents, doc in parts:
        tables.append(stamp(batch(documents, doc), seq, 0))
        seq += len(documents)
    table, info = merge([(t, info_of(t)) for t in tables])
    piece = _piece(table)
    assert info_of(table) == info
    before: dict[int, Any] = {}
    for part in tables:
        before |= events_of(Snapshot((_piece(part),), {}))
    assert events_of(Snapshot((piece,), {})) == before
    return piece


def _piece(table: Any) -> Piece:
    names = frozenset(n for n in table.column_names if n.startswith("@"))
    return Piece("g", "p", table.num_rows, 0, 0, 0, info_of(table), names, frozenset(), table=table)


CASES: list[tuple[str, list[Part], dict[str, Kind]]] = [
    (
        "the same kind stays",
        [([{"a": 1}], Doc.MESSAGE), ([{"a": 2, "b": "x"}], Doc.MESSAGE)],
        {"a": Kind.INT, "b": Kind.TEXT},
    ),
    (
        "integers join doubles",
        [([{"a": 1}], Doc.MESSAGE), ([{"a": 1.5}], Doc.MESSAGE)],
        {"a": Kind.FLOAT},
    ),
    (
        "integers beyond 2^53 do not",
        [([{"a": (1 << 53) + 1}], Doc.MESSAGE), ([{"a": 1.5}], Doc.MESSAGE)],
        {"a": Kind.JSON},
    ),
    (
        "text and numbers become JSON",
        [([{"a": 'q"\\\n\x01é'}, {"a": "p"}], Doc.NONE), ([{"a": 7}, {"a": True}], Doc.NONE)],
        {"a": Kind.JSON},
    ),
    (
        "lists stay lists",
        [([{"a": [1, 2]}], Doc.MESSAGE), ([{"a": ["x"]}], Doc.COLUMN)],
        {"a": Kind.LIST},
    ),
    (
        "a list and a number in documents are read from the documents",
        [([{"a": [1, 2]}], Doc.MESSAGE), ([{"a": 5, "b": 1}], Doc.COLUMN)],
        {"a": Kind.DOC, "b": Kind.INT},
    ),
    (
        "a number that is only a column gets a document when it meets a list",
        [([{"a": [1, 2]}], Doc.MESSAGE), ([{"a": 5, "b.c": 'x"y'}, {"b.c": "z"}], Doc.NONE)],
        {"a": Kind.DOC, "b.c": Kind.TEXT},
    ),
    (
        "a value in one batch and an object in another are read from the documents",
        [([{"a": 1}, {"a": "x"}], Doc.MESSAGE), ([{"a": {"b": 2}}], Doc.MESSAGE)],
        {"a": Kind.DOC, "a.b": Kind.DOC},
    ),
    (
        "paths that differ in case keep their columns apart",
        [([{"Status": 1}], Doc.MESSAGE), ([{"status": 2}], Doc.MESSAGE)],
        {"Status": Kind.INT, "status": Kind.INT},
    ),
    (
        "text events beside JSON events have no document",
        [([{"a": 1}], Doc.NONE), ([{"a": 2}], Doc.MESSAGE)],
        {"a": Kind.INT},
    ),
]


@pytest.mark.parametrize(("parts", "kinds"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_batches_unify_by_the_rules(parts: list[Part], kinds: dict[str, Kind]) -> None:
    piece = merged(*parts)
    assert {path: f.kind for path, f in piece.info.fields.items()} == kinds
    columns = [f.column.lower() for f in piece.info.fields.values() if f.column]
    assert len(columns) == len(set(columns))


def test_counts_add_up() -> None:
    piece = merged(([{"a": 1}, {"b": 1}], Doc.MESSAGE), ([{"a": 1.5}], Doc.MESSAGE))
    assert {path: f.count for path, f in piece.info.fields.items()} == {"a": 2, "b": 1}


def test_the_rarest_columns_beyond_the_limit_are_read_from_documents() -> None:
    tables = [
        stamp(batch([{f"k{n}": n, "every": 1} for n in range(40)], Doc.NONE), 0, 0),
        stamp(batch([{f"m{n}": n, "every": 1} for n in range(40)], Doc.MESSAGE), 40, 0),
    ]
    plan = unify([source_of(t, info_of(t)) for t in tables], max_columns=10)
    assert plan.info.fields["every"].kind is Kind.INT
    assert sum(f.column is not None for f in plan.info.fields.values()) == 10
    before: dict[int, Any] = {}
    after: dict[int, Any] = {}
    for number, table in enumerate(tables):
        before |= events_of(Snapshot((_piece(table),), {}))
        part = conform(table, info_of(table), plan, number)
        after |= events_of(Snapshot((_piece(part),), {}))
    assert after == before


keys = st.sampled_from(["a", "A", "b", "c.d", "x/y", "~"])
scalars = st.one_of(
    st.integers(-(1 << 60), 1 << 60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(st.characters(codec="utf-8"), max_size=5),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(scalars, max_size=3), st.dictionaries(keys, inner, min_size=1, max_size=2)
    ),
    max_leaves=4,
)


documents = st.lists(st.dictionaries(keys, values, max_size=4), min_size=1, max_size=4)
flat = st.lists(st.dictionaries(keys, scalars, max_size=4), min_size=1, max_size=4)
part = st.one_of(
    st.tuples(documents, st.sampled_from([Doc.MESSAGE, Doc.COLUMN])),
    st.tuples(flat, st.just(Doc.NONE)),
)


@given(st.lists(part, min_size=2, max_size=3))
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_batches_unify_without_losing_or_changing_a_value(parts: list[Part]) -> None:
    merged(*[([json.loads(json.dumps(d)) for d in docs], doc) for docs, doc in parts])
