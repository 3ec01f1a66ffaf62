"""Batches of a client are stored exactly once; checkpoints belong to who moved them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from logq.actions.batches import append_batch
from logq.actions.checkpoints import delete_checkpoint, list_checkpoints, put_checkpoint
from logq.actions.context import Context, Origin
from logq.actions.upkeep import check_data, compact, run_retention
from logq.app import LogQ
from logq.errors import AccessDenied, CheckpointConflict, InvalidValue, UnknownLogGroup
from logq.model import BATCH_METADATA, BatchInfo, Checkpoint, Doc, Field, Kind
from tests.actions.test_actions import NOW, Calls, NoPool, Only


@pytest.fixture
def logq(tmp_path: Path) -> Iterator[LogQ]:
    with LogQ(tmp_path / "data", clock=lambda: NOW, environ={}) as opened:
        opened.storage.groups.create("app")
        yield opened


def context(logq: LogQ, ending: str = "", name: str = "tester") -> Context:
    return Context(logq, Only(ending, name), Origin("r1", "127.0.0.1"), NoPool(), Calls())


def batch(*messages: str, stream: str = "web", **columns: pa.Array) -> pa.Table:
    count = len(messages)
    return pa.table(
        {
            "@timestamp": pa.array([NOW] * count, pa.timestamp("ms")),
            "@message": pa.array(messages, pa.string()),
            "@logStream": pa.array([stream] * count, pa.string()),
            **columns,
        }
    )


def mark(value: str, expected: str | None = None) -> Checkpoint:
    return Checkpoint("agent", "file-1", value, expected, check=True)


def messages(logq: LogQ, group: str = "app") -> list[str]:
    result = logq.queries.run("fields @message | sort @message asc", groups=[group])
    return [row[0] for row in result.rows()]


def test_a_batch_and_its_checkpoint_are_stored_together(logq: LogQ) -> None:
    done = append_batch(context(logq), "app", batch("a", "b"), [mark("10")])

    assert (done.accepted.events, done.repeated) == (2, False)
    assert messages(logq) == ["a", "b"]
    assert list_checkpoints(context(logq), "agent") == {"file-1": "10"}


def test_a_batch_that_is_sent_again_is_not_stored_again(logq: LogQ) -> None:
    append_batch(context(logq), "app", batch("a"), [mark("10")])

    again = append_batch(context(logq), "app", batch("a"), [mark("10")])

    assert again.repeated
    assert (again.accepted.events, again.accepted.bytes) == (1, 1)
    assert messages(logq) == ["a"]


def test_a_batch_after_somebody_elses_is_refused(logq: LogQ) -> None:
    append_batch(context(logq), "app", batch("a"), [mark("10")])

    with pytest.raises(CheckpointConflict):
        append_batch(context(logq), "app", batch("b"), [mark("20")])
    append_batch(context(logq), "app", batch("b"), [mark("20", "10")])

    assert messages(logq) == ["a", "b"]


def test_checkpoints_of_different_callers_do_not_meet(logq: LogQ) -> None:
    mine, yours = context(logq, name="mine"), context(logq, name="yours")
    put_checkpoint(mine, mark("1"))
    put_checkpoint(yours, mark("2"))

    delete_checkpoint(yours, "agent", "file-1")

    assert list_checkpoints(mine, "agent") == {"file-1": "1"}
    assert list_checkpoints(yours, "agent") == {}
    assert logq.storage.checkpoints.list("agent") == {}


def test_every_stream_of_a_batch_must_be_allowed(logq: LogQ) -> None:
    with pytest.raises(AccessDenied, match="logs:PutLogEvents"):
        append_batch(context(logq, ":log-stream:other"), "app", batch("a"))

    assert messages(logq) == []


def test_a_log_group_is_made_only_where_that_is_asked_for(logq: LogQ) -> None:
    with pytest.raises(UnknownLogGroup):
        append_batch(context(logq), "new", batch("a"))

    append_batch(context(logq), "new", batch("a"), create=True)

    assert messages(logq, "new") == ["a"]


def test_nobody_may_write_to_the_audit(logq: LogQ) -> None:
    with pytest.raises(InvalidValue, match="belongs to LogQ itself"):
        append_batch(context(logq), "/logq/audit", batch("a"), create=True)


def with_fields(table: pa.Table, *fields: Field) -> pa.Table:
    info = BatchInfo(Doc.NONE, {field.path: field for field in fields})
    return table.replace_schema_metadata({BATCH_METADATA: info.to_json().encode()})


def broken_text() -> pa.Array:
    buffers = pa.array(["ok"], pa.string()).buffers()
    return pa.Array.from_buffers(pa.string(), 1, [None, buffers[1], pa.py_buffer(b"\xff\xfe")])


@pytest.mark.parametrize(
    "table",
    [
        batch("a").drop_columns(["@timestamp"]),
        batch("a").append_column("@message", pa.array(["b"])),
        batch("a").set_column(1, "@message", broken_text()),
        batch("a").set_column(1, "@message", pa.array([None], pa.string())),
        batch("a").set_column(0, "@timestamp", pa.array(["never"])),
        batch("a").replace_schema_metadata({BATCH_METADATA: b"{"}),
        batch("a").replace_schema_metadata({BATCH_METADATA: b'{"doc":"all","fields":[]}'}),
        with_fields(batch("a"), Field("x", Kind.INT, "x")),
        with_fields(batch("a", x=pa.array(["text"])), Field("x", Kind.INT, "x")),
        with_fields(batch("a"), Field("x", Kind.TEXT, "@message")),
        with_fields(
            batch("a", x=pa.array(["t"])), Field("x", Kind.TEXT, "x"), Field("y", Kind.TEXT, "x")
        ),
        batch("x" * 2_000_000),
    ],
    ids=lambda table: "table",
)
def test_what_is_no_batch_of_events_is_refused(logq: LogQ, table: pa.Table) -> None:
    with pytest.raises(InvalidValue):
        append_batch(context(logq), "app", table)

    assert messages(logq) == []


def test_numbers_that_only_storage_gives_are_not_taken_from_a_batch(logq: LogQ) -> None:
    sent = batch("a", **{"@seq": pa.array([7]), "@ingestionTime": pa.array([0])})

    append_batch(context(logq), "app", sent)

    row = next(logq.queries.run("fields @ingestionTime", groups=["app"]).rows())
    assert row == (NOW,)


@pytest.mark.parametrize(
    "checkpoint",
    [mark("x" * 70_000), replace(mark("1"), key="k" * 5_000), replace(mark("1"), owner="")],
)
def test_a_checkpoint_has_a_size(logq: LogQ, checkpoint: Checkpoint) -> None:
    with pytest.raises(InvalidValue):
        put_checkpoint(context(logq), checkpoint)


def test_looking_after_the_data_is_for_those_who_may_do_it_to_every_group(logq: LogQ) -> None:
    logq.storage.events.append("app", batch("a"))
    may, may_not = context(logq), context(logq, ":app")

    tidied = compact(may)
    assert (tidied.sealed.events, tidied.compacted.damaged) == (1, ())
    assert compact(may_not, "app").sealed.events == 0
    assert run_retention(may).segments == 0
    assert check_data(may).healthy
    for forbidden in (compact, run_retention, check_data):
        with pytest.raises(AccessDenied):
            forbidden(may_not)
