"""Shredders that are lent to whoever parses the next events of a log group."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from logq.ingest.experience import Experience
from logq.ingest.shred import Shredder


def test_the_next_events_of_a_log_group_find_what_was_learned_from_the_last() -> None:
    experience = Experience()

    with experience.shredder("a", prefix=True) as first:
        pass
    with experience.shredder("b", prefix=True) as other:
        pass
    with experience.shredder("a", prefix=True) as second:
        pass

    assert second is first
    assert other is not first


def test_everybody_who_parses_at_once_has_a_shredder_alone() -> None:
    experience = Experience()
    lent: list[Shredder] = []
    together = threading.Barrier(6)

    def use() -> None:
        with experience.shredder("a", prefix=True) as shredder:
            together.wait(60)
            lent.append(shredder)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(map(id, lent))) == 6


def test_a_shredder_that_failed_is_not_lent_again() -> None:
    experience = Experience()

    with pytest.raises(ZeroDivisionError), experience.shredder("a", prefix=True) as failed:
        raise ZeroDivisionError
    with experience.shredder("a", prefix=True) as next_one:
        assert next_one is not failed


def test_only_so_many_log_groups_are_remembered() -> None:
    experience = Experience()
    with experience.shredder("first", prefix=True) as first:
        pass

    with ExitStack() as stack:
        for number in range(300):
            stack.enter_context(experience.shredder(str(number), prefix=True))
    with experience.shredder("first", prefix=True) as again:
        assert again is not first
