"""What the agent makes of everything that can happen to a log file."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import pytest

from logq.errors import DiskFull
from logq.units import format_bytes
from tests.ingest.agent.standins import Bench, held_until, reuse_inode


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def lines(first: int, last: int, word: str = "line") -> str:
    return "".join(f"{word} {n}\n" for n in range(first, last))


def expected(first: int, last: int, word: str = "line") -> list[str]:
    return lines(first, last, word).splitlines()


def pack(path: Path, *, keep: bool = False) -> None:
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    if not keep:
        path.unlink()


def test_lines_are_stored_once_as_they_are_written(bench: Bench) -> None:
    bench.write("app.log", lines(0, 3))
    bench.tick(2)
    bench.write("app.log", lines(3, 5))
    bench.tick(2)

    assert bench.messages == expected(0, 5)
    assert {event.stream for event in bench.storage.stored} == {str(bench.path("app.log"))}


def test_a_restart_goes_on_where_the_last_agent_stopped(bench: Bench) -> None:
    bench.write("app.log", lines(0, 3))
    bench.tick(2)
    bench.start()
    bench.write("app.log", lines(3, 4))
    bench.tick(2)

    assert bench.messages == expected(0, 4)


def test_a_renamed_file_is_read_to_its_end_before_its_successor(bench: Bench) -> None:
    bench.write("app.log", lines(0, 2))
    bench.tick()
    bench.write("app.log", lines(2, 4))
    bench.path("app.log").rename(bench.path("app.log.1"))
    bench.write("app.log", lines(4, 6))
    bench.settle()

    assert bench.messages == expected(0, 6)
    assert bench.agent.counters.rotations == 1
    assert {event.stream for event in bench.storage.stored} == {str(bench.path("app.log"))}


def test_a_file_renamed_away_from_the_paths_is_read_to_its_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "app.log")
    bench.write("app.log", lines(0, 2))
    bench.tick()
    writer = bench.path("app.log").open("a")
    bench.path("app.log").rename(bench.path("old"))
    bench.tick()
    with writer:
        writer.write(lines(2, 4))
    bench.settle()

    assert bench.messages == expected(0, 4)
    assert bench.agent.roster.files == {}


def test_a_file_renamed_away_while_no_agent_ran_is_found_beside(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "app.log")
    bench.write("app.log", lines(0, 2))
    bench.tick(2)
    bench.agent.close()
    bench.write("app.log", lines(2, 4))
    bench.path("app.log").rename(bench.path("app.log.1"))
    bench.write("app.log", lines(4, 6))
    bench.start()
    bench.settle()

    assert sorted(bench.messages) == expected(0, 6)


def test_a_thousand_rotations_lose_and_double_nothing(bench: Bench) -> None:
    for round_ in range(1000):
        bench.write("app.log", lines(3 * round_, 3 * round_ + 2))
        if round_ % 3 == 0:
            bench.tick(milliseconds=100)
        bench.write("app.log", lines(3 * round_ + 2, 3 * round_ + 3))
        for number in (2, 1):
            if bench.path(f"app.log.{number}").exists():
                bench.path(f"app.log.{number}").rename(bench.path(f"app.log.{number + 1}"))
        bench.path("app.log").rename(bench.path("app.log.1"))
        bench.tick(milliseconds=100)
    bench.settle()

    assert bench.messages == expected(0, 3000)


def test_a_copy_that_precedes_a_truncation_is_not_read_again(bench: Bench) -> None:
    bench.write("app.log", lines(0, 300))
    bench.tick(2)
    shutil.copyfile(bench.path("app.log"), bench.path("app.log.1"))
    bench.tick()
    os.truncate(bench.path("app.log"), 0)
    bench.write("app.log", lines(300, 400))
    bench.settle()

    assert bench.messages == expected(0, 400)
    assert bench.agent.counters.truncations == 1


def test_what_was_not_read_before_a_truncation_is_read_from_the_copy(bench: Bench) -> None:
    bench.write("app.log", lines(0, 100))
    bench.tick(2)
    bench.write("app.log", lines(100, 200) + "line 2")
    shutil.copyfile(bench.path("app.log"), bench.path("app.log.1"))
    os.truncate(bench.path("app.log"), 0)
    bench.write("app.log", lines(300, 400))
    bench.settle()

    assert sorted(bench.messages) == sorted([*expected(0, 200), "line 2", *expected(300, 400)])
    assert not bench.agent.counters.dropped


def test_a_copy_outside_the_paths_still_saves_unread_lines(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "app.log")
    bench.write("app.log", lines(0, 100))
    bench.tick(2)
    bench.write("app.log", lines(100, 200))
    shutil.copyfile(bench.path("app.log"), bench.path("app.log.1"))
    os.truncate(bench.path("app.log"), 0)
    bench.settle()

    assert bench.messages == expected(0, 200)


def test_a_copy_shorter_than_what_was_read_is_not_read_again(bench: Bench) -> None:
    bench.write("app.log", lines(0, 300))
    bench.tick(2)
    shutil.copyfile(bench.path("app.log"), bench.path("app.log.1"))
    bench.write("app.log", lines(300, 303))
    bench.tick(2)
    os.truncate(bench.path("app.log"), 0)
    bench.settle()

    assert bench.messages == expected(0, 303)


def test_a_copytruncate_while_no_agent_ran_loses_nothing(bench: Bench) -> None:
    bench.write("app.log", lines(0, 100))
    bench.tick(2)
    bench.agent.close()
    bench.write("app.log", lines(100, 200))
    shutil.copyfile(bench.path("app.log"), bench.path("app.log.1"))
    os.truncate(bench.path("app.log"), 0)
    bench.write("app.log", lines(200, 250))
    bench.start()
    bench.settle()

    assert sorted(bench.messages) == sorted(expected(0, 250))


def test_a_packed_rotation_is_recognised(bench: Bench) -> None:
    bench.write("app.log", lines(0, 100))
    bench.tick(2)
    bench.path("app.log").rename(bench.path("app.log.1"))
    bench.tick()
    pack(bench.path("app.log.1"))
    bench.settle()

    assert bench.messages == expected(0, 100)


def test_a_packed_file_beside_its_original_is_not_read_again(bench: Bench) -> None:
    bench.write("app.log", lines(0, 100))
    bench.tick(2)
    pack(bench.path("app.log"), keep=True)
    bench.settle()

    assert bench.messages == expected(0, 100)


def test_the_rest_of_a_file_is_read_from_its_packed_form(bench: Bench) -> None:
    bench.write("app.log", lines(0, 100))
    bench.tick(2)
    bench.agent.close()
    bench.write("app.log", lines(100, 90_000))
    bench.path("app.log").rename(bench.path("app.log.1"))
    pack(bench.path("app.log.1"))
    bench.write("app.log", lines(90_000, 90_010))
    bench.start()
    bench.settle()

    assert sorted(bench.messages) == sorted(expected(0, 90_010))
    assert not bench.agent.counters.dropped


def test_a_packed_file_that_is_still_being_written_is_waited_for(bench: Bench) -> None:
    data = gzip.compress(lines(0, 5000).encode())
    bench.write("old.log.gz", data[:2000])
    bench.tick(2)
    bench.write("old.log.gz", data[2000:])
    bench.settle()

    assert bench.messages == expected(0, 5000)


def test_a_packed_file_of_two_members_is_read_whole(bench: Bench) -> None:
    bench.write("old.log.gz", gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    bench.settle()

    assert bench.messages == ["one", "two"]


def test_a_file_that_is_removed_and_made_again_is_read_anew(bench: Bench) -> None:
    bench.write("app.log", lines(0, 2))
    bench.tick(2)
    bench.path("app.log").unlink()
    bench.write("app.log", lines(0, 2))
    bench.settle()

    assert bench.messages == expected(0, 2) * 2


def test_a_new_file_with_a_reused_inode_is_read_from_its_start(bench: Bench) -> None:
    bench.write("app.log", lines(0, 50))
    bench.tick(2)
    bench.agent.close()
    if not reuse_inode(bench.path("app.log"), lines(50, 200)):
        pytest.skip("this file system does not reuse inodes at once")
    bench.start()
    bench.settle()

    assert bench.messages == expected(0, 200)


def test_a_file_rewritten_longer_than_before_gives_its_new_lines_once(bench: Bench) -> None:
    bench.write("app.log", lines(0, 5, "old"))
    bench.tick(2)
    bench.path("app.log").write_text(lines(0, 500, "new"))
    bench.settle()

    assert bench.messages == expected(0, 5, "old") + expected(0, 500, "new")
    assert bench.agent.counters.truncations == 1


def test_files_with_equal_beginnings_are_not_mixed_up(bench: Bench) -> None:
    header = "time,level," + ",".join(f"column{n}" for n in range(200)) + "\n"
    for number in range(100):
        bench.write(f"data-{number}.log", header)
    bench.tick(2)
    for number in range(100):
        bench.write(f"data-{number}.log", f"row of {number}\n")
    bench.start()
    bench.settle()

    assert sorted(bench.messages) == sorted(
        [header.strip()] * 100 + [f"row of {number}" for number in range(100)]
    )


def test_an_equal_file_beside_a_live_one_is_read_too(bench: Bench) -> None:
    bench.write("app.log", lines(0, 5))
    bench.tick(2)
    bench.write("app.log.1", lines(0, 5))
    bench.settle()

    assert bench.messages == expected(0, 5) * 2


def test_a_removed_file_that_is_held_open_is_read_to_its_end(bench: Bench) -> None:
    bench.write("app.log", lines(0, 2))
    bench.tick()
    bench.write("app.log", lines(2, 4))
    bench.path("app.log").unlink()
    bench.settle()

    assert bench.messages == expected(0, 4)


def test_bytes_that_went_with_a_file_are_counted_and_named(bench: Bench) -> None:
    block = (b"x" * 99 + b"\n") * 20_000
    bench.write("app.log", block)
    bench.storage.most_appends = 1
    bench.tick(2)
    bench.agent.close()
    bench.path("app.log").unlink()
    bench.start()
    bench.settle()
    bench.start()
    bench.settle()

    lost = len(block) - 100 * len(bench.messages)
    assert 0 < lost < len(block)
    assert bench.notes[1:] == [
        f"{bench.path('app.log')} was removed before it was read to its end: "
        f"{format_bytes(lost)} are lost after offset {len(block) - lost}"
    ]


def test_a_removed_file_is_read_to_its_end_after_storage_recovers(bench: Bench) -> None:
    block = (b"x" * 99 + b"\n") * 20_000
    bench.write("app.log", block)
    bench.storage.most_appends = 1
    bench.tick(2)
    bench.path("app.log").unlink()
    bench.tick(20)
    bench.storage.most_appends = 1 << 60
    bench.tick(60)

    assert len(bench.messages) == 20_000
    assert not bench.agent.counters.dropped


def test_an_unfinished_line_is_one_event_once_it_is_finished(bench: Bench) -> None:
    bench.write("app.log", "half of ")
    bench.tick(2)
    bench.write("app.log", "a line\n")
    bench.tick(2)

    assert bench.messages == ["half of a line"]


def test_a_line_that_stays_unfinished_is_stored_and_marked(bench: Bench) -> None:
    bench.write("app.log", "first\nhalf of ")
    bench.tick(10)
    assert bench.agent.counters.unfinished_lines == 1
    bench.start()
    bench.write("app.log", "a line\nlast\n")
    bench.tick(2)

    assert [(e.message, e.labels) for e in bench.storage.stored] == [
        ("first", None),
        ("half of ", '{"unfinished": "true"}'),
        ("a line", '{"continued": "true"}'),
        ("last", None),
    ]


def test_characters_are_not_split_between_reads(bench: Bench) -> None:
    text = "grüße €".encode()
    for place in range(len(text)):
        bench.write("app.log", text[place : place + 1])
        bench.tick()
    bench.write("app.log", b"\n")
    bench.tick(2)
    bench.write("app.log", "a€".encode()[:3])
    bench.settle()

    assert bench.messages == ["grüße €".encode().decode("latin-1"), "a"]


def test_an_event_of_several_lines_goes_out_when_no_more_come(bench: Bench) -> None:
    bench.parsers.boundary_of = held_until("ERROR")
    bench.write("app.log", "ERROR one\n  at a\n  at b\n")
    bench.tick(1, 500)
    assert bench.messages == []
    bench.write("app.log", "  at c\n")
    bench.tick(1, 900)
    assert bench.messages == []
    bench.tick(3, 600)

    assert bench.messages == ["ERROR one", "  at a", "  at b", "  at c"]


def test_held_lines_of_an_event_survive_a_kill(bench: Bench) -> None:
    bench.parsers.boundary_of = held_until("ERROR")
    bench.write("app.log", "ERROR one\n  at a\n")
    bench.tick(1, 500)
    bench.start()
    bench.write("app.log", "  at b\nERROR two\n")
    bench.settle()

    assert bench.messages == ["ERROR one", "  at a", "  at b", "ERROR two"]


def test_a_swapped_symlink_is_followed_and_the_old_target_is_drained(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "current.log")
    bench.write("a", lines(0, 2))
    bench.path("current.log").symlink_to("a")
    bench.tick()
    bench.write("a", lines(2, 3))
    bench.write("b", lines(3, 5))
    bench.path("current.log").unlink()
    bench.path("current.log").symlink_to("b")
    bench.settle()

    assert bench.messages == expected(0, 5)


def test_a_directory_that_is_removed_and_made_again_is_followed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "**/*.log")
    deep = tmp_path / "a" / "b"
    for round_ in range(3):
        deep.mkdir(parents=True)
        (deep / "app.log").write_text(f"round {round_}\n")
        bench.tick(2)
        shutil.rmtree(tmp_path / "a")
        bench.tick(10)

    assert bench.messages == ["round 0", "round 1", "round 2"]


def test_two_agents_on_one_file_store_it_once(bench: Bench) -> None:
    bench.write("app.log", lines(0, 3))
    bench.tick(2)
    other = Bench(bench.directory)
    other.storage = bench.storage
    other.start()
    bench.write("app.log", lines(3, 5))
    bench.tick(2)
    other.tick(3)
    bench.write("app.log", lines(5, 6))
    bench.tick(2)
    other.tick(3)

    assert bench.messages == expected(0, 6)
    assert other.notes == [
        f"{bench.path('app.log')} is read by another process; it is left to that one"
    ]


def test_a_refusing_storage_loses_nothing_and_is_told_once(bench: Bench) -> None:
    bench.write("app.log", lines(0, 3))
    bench.storage.refuse = DiskFull("no space left")
    bench.tick(100)
    bench.write("app.log", lines(3, 5))
    bench.tick(100)
    bench.storage.refuse = None
    bench.tick(60)

    assert bench.messages == expected(0, 5)
    assert bench.notes == [
        "events cannot be stored: no space left; the files are kept and tried again",
        "events can be stored again",
    ]


def test_an_append_that_fails_after_its_commit_is_not_repeated(bench: Bench) -> None:
    bench.write("app.log", lines(0, 3))
    bench.storage.fail_after_commit = DiskFull("no space left")
    bench.tick(10)

    assert bench.messages == expected(0, 3)


def test_a_parser_that_fails_does_not_lose_lines(bench: Bench) -> None:
    bench.parsers.broken = True
    bench.write("app.log", lines(0, 3))
    bench.tick(2)

    assert bench.messages == expected(0, 3)
    assert bench.agent.counters.parse_failures == 1


def test_a_refusing_storage_stops_the_reading(bench: Bench) -> None:
    bench.storage.refuse = DiskFull("no space left")
    bench.write("app.log", "x" * 99 + "\n")
    for _ in range(200):
        bench.write("app.log", ("x" * 99 + "\n") * 1000)
        bench.tick(1, 100)
    (followed,) = bench.agent.roster.all()

    assert followed.place <= 4 << 20


def test_reading_from_the_end_begins_only_with_the_first_agent(tmp_path: Path) -> None:
    (tmp_path / "old.log").write_text(lines(0, 100) + "unfin")
    bench = Bench(tmp_path, start="end")
    bench.tick(2)
    bench.write("old.log", "ished\n")
    bench.agent.close()
    bench.write("new.log", "new\n")
    bench.start()
    bench.tick(2)

    assert sorted(bench.messages) == ["new", "unfinished"]


def test_a_log_group_that_was_deleted_is_made_again(bench: Bench) -> None:
    bench.write("app.log", lines(0, 1))
    bench.tick(2)
    bench.storage.names.clear()
    bench.write("app.log", lines(1, 2))
    bench.tick(2)

    assert bench.messages == expected(0, 2)


def test_finish_with_drain_takes_unfinished_lines_and_waits_for_nothing(bench: Bench) -> None:
    bench.write("app.log", "one\ntwo")
    bench.write("app.log.1", "one\n")
    pack(bench.path("app.log.1"), keep=True)

    assert bench.agent.finish(bench.now, drain=True)
    assert sorted(bench.messages) == ["one", "one", "two"]


def test_finish_without_drain_leaves_unfinished_lines_for_the_next_start(bench: Bench) -> None:
    bench.write("app.log", "one\ntw")
    bench.tick(1)

    assert bench.agent.finish(bench.now, drain=False)
    bench.write("app.log", "o\n")
    bench.start()
    bench.tick(2)
    assert bench.messages == ["one", "two"]


def test_a_file_of_two_sources_goes_to_the_first_one(bench: Bench) -> None:
    source = bench.config.sources[0]
    from dataclasses import replace

    both = replace(bench.config, sources=(source, replace(source, group="second")))
    bench.start(both)
    bench.write("app.log", "one\n")
    bench.tick(3)

    assert [(e.group, e.message) for e in bench.storage.stored] == [("app", "one")]
    assert bench.notes == [
        f"{bench.path('app.log')} belongs to two sources; it goes to log group app only"
    ]


def test_a_large_backlog_does_not_starve_small_files(bench: Bench) -> None:
    with bench.path("big.log").open("wb") as file:
        file.write((b"x" * 99 + b"\n") * 200_000)
    bench.write("small.log", "small\n")
    bench.tick(2)

    assert "small" in bench.messages
    assert len(bench.messages) < 200_001


def test_a_line_over_the_limit_is_cut_without_being_held(tmp_path: Path) -> None:
    bench = Bench(tmp_path, max_event_bytes=1000)
    with bench.path("app.log").open("wb") as file:
        file.write(b"short\n" + b"x" * 10_000_000 + b"\nafter\n")
    bench.settle()

    assert [len(message) for message in bench.messages] == [5, 1000, 5]
    assert bench.agent.counters.cut_lines == 1
    assert bench.agent.counters.dropped == {"cut": 10_000_000 - 1000}


def test_the_rest_of_a_cut_line_that_went_out_unfinished_is_left_out(tmp_path: Path) -> None:
    bench = Bench(tmp_path, max_event_bytes=1000)
    bench.write("app.log", "x" * 3000)
    bench.settle()
    bench.start()
    bench.write("app.log", "y" * 3000 + "\nafter\n")
    bench.settle()

    assert [message[:5] for message in bench.messages] == ["xxxxx", "after"]
