"""Twenty thousand generated queries: rows, or a fault of the query in LogQ's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.checking import Bug, fault, fuzz
from tests.fuzz.sentences import _heights, _rules

SEEDS = range(1, 11)
EACH = 2_000
RUN = 60
COMPARED = 12


@pytest.mark.parametrize("seed", SEEDS)
def test_no_query_finds_anything_but_rows_or_a_fault_of_the_query(
    seed: int, tmp_path: Path
) -> None:
    tally = fuzz(tmp_path, seed, EACH, RUN, COMPARED)

    assert "\n".join(tally.bugs[:5]) == ""
    assert tally.outcomes.total() - 2 * RUN == EACH
    assert tally.outcomes["compiled"] > EACH // 4
    assert tally.outcomes["run: rows"] > RUN // 3


def test_every_rule_of_the_grammar_can_be_derived() -> None:
    assert all(_heights()[name] < 20 for name in _rules())


@pytest.mark.parametrize("error", [ValueError("x"), RecursionError(), KeyError("x")])
def test_what_is_no_fault_of_the_query_is_a_bug(error: Exception) -> None:
    with pytest.raises(Bug):
        fault(error)
