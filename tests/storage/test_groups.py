"""Log groups and streams: names, totals, retention, deletion."""

from __future__ import annotations

from pathlib import Path

import pytest

from logq.errors import AlreadyExists, InvalidValue, Protected, UnknownLogGroup
from logq.settings import Settings
from logq.storage import Storage
from tests.storage.building import DAY, NOON, batch, messages
from tests.storage.conftest import Clock


def test_a_group_counts_what_it_holds_in_journal_and_segments(
    storage: Storage, clock: Clock
) -> None:
    storage.events.append("app/web", batch([{"n": 1}], times=[NOON]))
    storage.seal()
    storage.events.append("app/web", batch([{"n": 22}], times=[NOON + 5]))
    group = storage.groups.get("app/web")
    assert (group.events, group.stored_bytes) == (2, 8 + 9 + 2 * 26)
    assert (group.first, group.last, group.created) == (NOON, NOON + 5, clock.now)
    assert group.disk_bytes > 0
    assert storage.groups.list() == (group,)


def test_an_empty_group_has_no_times(storage: Storage) -> None:
    group = storage.groups.get("app/web")
    assert (group.events, group.first, group.last, group.stored_bytes) == (0, None, None, 0)


def test_groups_are_listed_in_name_order_by_pattern(storage: Storage) -> None:
    for name in ("b", "a/x", "app/api"):
        storage.groups.create(name, tags={"team": "shop"})
    assert [g.name for g in storage.groups.list()] == ["a/x", "app/api", "app/web", "b"]
    assert [g.name for g in storage.groups.list("app/*")] == ["app/api", "app/web"]
    assert storage.groups.list("zzz*") == ()


@pytest.mark.parametrize("name", ["", "a b", "a*", "../\0", "ä", "x" * 513])
def test_a_name_that_cloudwatch_would_refuse_is_refused(storage: Storage, name: str) -> None:
    with pytest.raises(InvalidValue, match="not a log group name"):
        storage.groups.create(name)


def test_a_second_group_of_the_same_name_is_refused(storage: Storage) -> None:
    with pytest.raises(AlreadyExists, match="already a log group 'app/web'"):
        storage.groups.create("app/web")


@pytest.mark.parametrize("days", [0, -1, 2, 4000])
def test_retention_takes_only_the_days_cloudwatch_takes(storage: Storage, days: int) -> None:
    with pytest.raises(InvalidValue, match=f"{days} days") as error:
        storage.groups.set("app/web", retention_days=days)
    assert "1, 3, 5, 7, 14, 30" in (error.value.hint or "")


def test_any_retention_by_configuration(tmp_path: Path, clock: Clock) -> None:
    with Storage.open(tmp_path / "d", clock, Settings(any_retention=True)) as storage:
        assert storage.groups.create("g", retention_days=2).retention_days == 2
        with pytest.raises(InvalidValue):
            storage.groups.set("g", retention_days=0)


def test_set_changes_only_what_it_is_given(storage: Storage) -> None:
    storage.groups.set("app/web", retention_days=7, format="json", tags={"a": "b"})
    group = storage.groups.set("app/web", format="logfmt")
    assert (group.retention_days, group.format, group.tags) == (7, "logfmt", {"a": "b"})
    assert storage.groups.set("app/web", retention_days=None).retention_days is None


def test_a_deleted_group_takes_its_files_along(direct: Storage) -> None:
    direct.events.append("app/web", batch([{}]))
    direct.groups.create("other")
    direct.events.append("other", batch([{"kept": 1}]))
    direct.groups.delete("app/web")
    assert len(list(direct.directory.segment_files())) == 1
    assert messages(direct) == ['{"kept": 1}']
    with pytest.raises(UnknownLogGroup):
        direct.groups.delete("app/web")


def test_a_group_made_again_is_empty(storage: Storage) -> None:
    storage.events.append("app/web", batch([{}]))
    first = storage.groups.get("app/web")
    storage.groups.delete("app/web")
    again = storage.groups.create("app/web")
    assert again.id > first.id and again.events == 0
    assert storage.groups.streams("app/web") == ()


def test_streams_know_their_times(storage: Storage, clock: Clock) -> None:
    storage.events.append("app/web", batch([{}, {}, {}], streams=["b", "a"]))
    created = clock.now
    clock.now += 1000
    storage.seal()
    storage.events.append("app/web", batch([{}], times=[NOON + 9], streams=["b"]))
    a, b = storage.groups.streams("app/web")
    assert (a.name, a.events, a.first, a.last) == ("a", 1, NOON + 1, NOON + 1)
    assert (b.name, b.events, b.first, b.last) == ("b", 3, NOON, NOON + 9)
    assert (b.created, b.last_ingestion, a.last_ingestion) == (created, created + 1000, created)


def test_a_stream_whose_events_have_expired_is_empty_and_still_there(
    storage: Storage, clock: Clock
) -> None:
    storage.groups.set("app/web", retention_days=1)
    storage.events.append("app/web", batch([{}]))
    clock.now += 2 * DAY
    storage.retention()
    (stream,) = storage.groups.streams("app/web")
    assert (stream.events, stream.first, stream.last) == (0, None, None)


def test_a_protected_log_group_is_not_deleted(storage: Storage) -> None:
    storage.groups.create("g", log_class="INFREQUENT_ACCESS", kms_key="k", protected=True)
    made = storage.groups.get("g")
    assert (made.log_class, made.kms_key, made.protected) == ("INFREQUENT_ACCESS", "k", True)

    with pytest.raises(Protected, match="protected from deletion"):
        storage.groups.delete("g")

    storage.groups.set("g", protected=False)
    storage.groups.delete("g")
    assert "g" not in [group.name for group in storage.groups.list()]
