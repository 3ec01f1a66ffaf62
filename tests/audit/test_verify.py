"""Tampering with the audit in every way: each is found, and the record is named."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from logq.app import LogQ, OwnGroups
from logq.audit import chain, digest
from logq.audit.chain import Head
from logq.audit.digest import HOUR
from logq.audit.store import AUDIT, DIGESTS, OWNER, RETENTION_DAYS, Line
from logq.audit.stored import Stored, stored
from logq.model import Checkpoint
from tests.audit.conftest import Clock, call, check

DAY = 24 * HOUR
Lines = list[Line]
Change = Callable[[Lines], Lines]


@pytest.fixture
def written(logq: LogQ, clock: Clock) -> LogQ:
    """Thirty records over three hours, signed up to the twentieth."""
    for _ in range(3):
        for number in range(10):
            clock.now += 1000
            logq.audit.record(call(request={"logGroupName": f"/app/{number}"}))
        clock.now += HOUR
    return logq


def lines(logq: LogQ, group: str = AUDIT) -> Lines:
    found = [e for e in stored(logq.storage.snapshot([group])) if isinstance(e, Stored)]
    return [Line(event.text, event.time, event.stream) for event in found]


def rewrite(logq: LogQ, group: str, changed: Lines) -> None:
    """What somebody can do who has the data directory and not the master key."""
    logq.storage.groups.set(group, protected=False)
    logq.storage.groups.delete(group)
    logq.storage.groups.create(group, RETENTION_DAYS[group])
    if changed:
        OwnGroups(logq).append(group, changed, Checkpoint("test", "x", "1"))


def forged(text: str, change: Callable[[dict[str, object]], None]) -> str:
    """A record changed with a hash that is right again."""
    record = json.loads(text)
    head = Head(record.pop("sequence") - 1, record.pop("previousHash"))
    time = record.pop("recordedTime")
    del record["hash"]
    change(record)
    return chain.link(head, record, time)[0]


def rechained(changed: Lines) -> Lines:
    """Every record linked anew, so that the chain itself is right."""
    head, found = Head(), []
    for line in changed:
        record = json.loads(line.text)
        for name in ("sequence", "previousHash", "recordedTime", "hash"):
            record.pop(name)
        text, head = chain.link(head, record, line.time)
        found.append(replace(line, text=text))
    return found


def edit(text: str, before: str, after: str) -> str:
    assert before in text
    return text.replace(before, after)


def someone(record: dict[str, object]) -> None:
    record["userIdentity"] = {"userName": "someone else"}


CHANGES: dict[str, tuple[Change, str, int | None, str]] = {
    "a record is deleted": (
        lambda all: all[:14] + all[15:], "missing", 15, "record 15 is missing",
    ),
    "several records are deleted": (
        lambda all: all[:3] + all[8:], "missing", 4, "records 4 to 8 are missing",
    ),
    "the newest record is deleted": (
        lambda all: all[:-1], "missing", 30, "record 30 is missing at the end",
    ),
    "the oldest records are deleted": (
        lambda all: all[4:], "missing", 1, "records 1 to 4 are missing, and they have not expired",
    ),
    "everything is deleted": (
        lambda all: [], "missing", 1, "records 1 to 30 are missing at the end",
    ),
    "a text is edited": (
        lambda all: [replace(line, text=edit(line.text, '"/app/4"', '"/app/x"')) if n == 4 else line
                     for n, line in enumerate(all)],
        "changed", None, "is not what was written",
    ),
    "a record is edited and its hash with it": (
        lambda all: [*all[:4], replace(all[4], text=forged(all[4].text, someone)), *all[5:]],
        "changed", 6, "record 6 does not follow record 5",
    ),
    "the newest is edited and its hash with it": (
        lambda all: [*all[:-1], replace(all[-1], text=forged(all[-1].text, someone))],
        "changed", 30, "record 30 is not the one that was written last",
    ),
    "a record is deleted and the chain is made anew": (
        lambda all: rechained(all[:14] + all[15:]), "changed", 20, "digest 2 signed",
    ),
    "two records change places": (
        lambda all: [*all[:4], replace(all[5], time=all[4].time), replace(all[4], time=all[5].time),
                     *all[6:]],
        "changed", 6, "the time or log stream of record 6 was changed",
    ),
    "a record is moved in time": (
        lambda all: [*all[:4], replace(all[4], time=all[4].time - DAY), *all[5:]],
        "changed", 5, "time or log stream",
    ),
    "a record is moved to another log stream": (
        lambda all: [*all[:4], replace(all[4], stream="2020-01-01"), *all[5:]],
        "changed", 5, "time or log stream",
    ),
    "a record is doubled": (
        lambda all: [*all, all[7]], "doubled", 8, "record 8 is there twice",
    ),
    "a record is added behind the newest": (
        lambda all: [*all, replace(all[-1], text=chain.link(
            Head(30, json.loads(all[-1].text)["hash"]), {"eventName": "X"}, all[-1].time)[0])],
        "changed", 31, "record 31 and those after it were not written by LogQ",
    ),
    "something else is written among them": (
        lambda all: [*all, replace(all[-1], text='{"eventName":"DeleteLogGroup"}')],
        "changed", None, "is not what was written",
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", ["journal", "segments", "compacted"])
def test_an_untouched_audit_is_whole(written: LogQ, layout: str) -> None:
    if layout != "journal":
        written.storage.seal(AUDIT)
    if layout == "compacted":
        written.storage.compact()

    report = check(written)

    assert (report.records, report.first, report.last) == (30, 1, 30)
    assert (report.digests, report.signed, report.findings) == (2, 20, [])


@pytest.mark.parametrize("sealed", [False, True], ids=["journal", "segment"])
@pytest.mark.parametrize("name", CHANGES)
def test_tampering_is_found(written: LogQ, name: str, sealed: bool) -> None:
    change, kind, sequence, words = CHANGES[name]
    rewrite(written, AUDIT, change(lines(written)))
    if sealed:
        written.storage.seal(AUDIT)

    found = check(written).findings[0]

    assert (found.kind, found.sequence) == (kind, sequence)
    assert words in found.text


def test_a_chain_made_anew_with_its_head_is_found_by_the_digests(written: LogQ) -> None:
    """The head in the catalog can be changed as well; the digests cannot."""
    kept = rechained(lines(written)[:14] + lines(written)[15:])
    rewrite(written, AUDIT, kept)
    last = chain.read(kept[-1].text)
    assert last is not None
    head = Head(last.sequence, last.hash, last.time)
    written.storage.checkpoints.set(Checkpoint(OWNER, "head", head.to_json()))

    found = check(written).findings

    assert [(each.kind, each.sequence) for each in found] == [("changed", 20)]


def test_taking_digests_away_is_found(written: LogQ) -> None:
    rewrite(written, DIGESTS, [])
    assert check(written).findings[0].text == "all digests are missing"

    written.storage.checkpoints.delete(OWNER, "digest")
    found = check(written).findings

    assert [(each.kind, each.sequence) for each in found] == [("unsigned", 1)]


def test_forged_digests_are_found(written: LogQ) -> None:
    def forge(text: str) -> str:
        body = json.loads(text)
        body["headHash"] = "0" * 64
        return chain.canonical(body)

    rewrite(
        written, DIGESTS, [replace(line, text=forge(line.text)) for line in lines(written, DIGESTS)]
    )

    texts = [(each.kind, each.text) for each in check(written).findings]

    assert ("unsigned", "digest 1 is not signed by LogQ") in texts
    assert ("changed", "digest 2 does not follow the one before") in texts


def test_a_digest_that_is_gone_is_found(written: LogQ, clock: Clock) -> None:
    clock.now += HOUR
    written.audit.tick()
    every = lines(written, DIGESTS)

    rewrite(written, DIGESTS, [every[0], *every[2:]])
    assert [f.text for f in check(written).findings] == ["digest 2 is missing"]
    rewrite(written, DIGESTS, every[:-1])
    assert [f.text for f in check(written).findings] == [f"digest {len(every)} is missing"]


def test_another_master_key_is_told(written: LogQ, tmp_path: Path, clock: Clock) -> None:
    environ = {"LOGQ_KEY_FILE": str(tmp_path / "other.key")}
    with LogQ(tmp_path / "data", clock=clock, environ=environ) as other:
        texts = [each.text for each in check(other).findings]

    assert texts[0] == "digest 1 was signed with another master key"


# ---- segment files


def segment(logq: LogQ) -> Path:
    logq.storage.seal(AUDIT)
    pieces = logq.storage.snapshot([AUDIT]).pieces
    assert pieces[0].path is not None
    return Path(pieces[0].path)


def overwrite(path: Path, column: str, row: int, value: object) -> None:
    table = pq.read_table(path, partitioning=None)
    values = table.column(column).to_pylist()
    values[row] = value
    at = table.column_names.index(column)
    changed = table.set_column(at, column, pa.array(values, table.schema.field(column).type))
    pq.write_table(changed, path)


def test_a_message_edited_in_a_segment_file_is_found(written: LogQ) -> None:
    path = segment(written)
    before = pq.read_table(path, partitioning=None).column("@message").to_pylist()[3]
    overwrite(path, "@message", 3, before.replace("CreateLogGroup", "DeleteLogGroup"))

    assert check(written).findings[0].kind == "changed"


def test_a_column_edited_in_a_segment_file_is_found_though_the_message_is_whole(
    written: LogQ,
) -> None:
    overwrite(segment(written), "userIdentity.userName", 3, "someone else")

    found = check(written).findings

    assert [(each.sequence, each.text) for each in found] == [
        (4, "the field userIdentity.userName of record 4 was changed")
    ]


@pytest.mark.parametrize("damage", ["gone", "cut", "overwritten"])
def test_a_segment_file_that_cannot_be_read_is_told_with_its_records(
    written: LogQ, damage: str
) -> None:
    path = segment(written)
    data = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "overwritten":
        path.write_bytes(b"x" * len(data))

    kinds = [each.kind for each in check(written).findings]

    assert kinds[0] == "unreadable"
    assert "missing" in kinds


def test_a_record_deleted_from_the_journal_table_is_found(written: LogQ, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data" / "catalog.sqlite") as connection:
        connection.execute("DELETE FROM journal WHERE id = (SELECT min(id) + 5 FROM journal)")

    assert check(written).findings[0].kind == "missing"


# ---- time


def test_expired_records_are_not_missed(written: LogQ, clock: Clock) -> None:
    clock.now += 200 * DAY
    written.audit.record(call())
    clock.now += 180 * DAY
    written.audit.record(call())
    written.storage.seal()
    written.storage.retention()

    report = check(written)

    assert (report.first, report.last, report.findings) == (31, 32, [])


def test_a_range_is_checked_by_itself(written: LogQ, clock: Clock) -> None:
    every = lines(written)
    report = check(written, every[5].time, every[15].time)
    assert (report.records, report.first, report.last, report.findings) == (11, 6, 16, [])

    rewrite(written, AUDIT, every[:7] + every[8:])
    found = check(written, every[5].time, every[15].time).findings
    assert [(each.kind, each.sequence) for each in found] == [("missing", 8)]
    assert check(written, every[9].time).findings == []


def test_an_audit_without_records_is_whole(logq: LogQ) -> None:
    report = check(logq)

    assert (report.records, report.findings) == (0, [])


def test_the_chain_goes_on_after_the_catalog_was_rebuilt(
    written: LogQ, open_logq: Callable[[], LogQ], tmp_path: Path
) -> None:
    written.storage.seal()
    written.close()
    for path in (tmp_path / "data").glob("catalog.sqlite*"):
        path.unlink()
    with open_logq() as logq:
        logq.doctor(repair=True)
        logq.audit.record(call())
        report = check(logq)

    assert (report.records, report.last, report.findings) == (31, 31, [])


def test_findings_are_counted_only_up_to_a_limit(written: LogQ) -> None:
    rewrite(written, AUDIT, lines(written)[::2] * 3)

    report = check(written)

    assert report.more
    assert len(report.findings) == 20


def test_a_digest_reads_back_as_it_was_made(written: LogQ) -> None:
    found = digest.read(lines(written, DIGESTS)[1].text)

    assert found is not None
    assert (found.number, found.first, found.last) == (2, 11, 20)
    assert digest.is_signed(found, written.master_key)
    assert not digest.is_signed(replace(found, end="2030-01-01T00:00:00Z"), written.master_key)
