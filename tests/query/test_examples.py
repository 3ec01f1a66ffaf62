"""Every example of the language has a case with rows."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

CASES = Path(__file__).parents[1] / "cases"
EXAMPLES = {
    case["number"]: case["query"]
    for case in tomllib.loads((CASES / "examples.toml").read_text("utf-8"))["case"]
}
ELSEWHERE = frozenset({40, *range(88, 96)})
"""Those of `pattern`, `diff`, `anomaly`, `filterIndex`, `relevantfields` and `logcompare`, which
have cases of their own."""
RUN = {
    case["example"]
    for path in CASES.glob("results/*.toml")
    for case in tomllib.loads(path.read_text("utf-8"))["case"]
    if "example" in case
}


def test_there_are_all_examples() -> None:
    assert sorted(EXAMPLES) == list(range(1, 154))


@pytest.mark.parametrize("number", EXAMPLES)
def test_an_example_is_run_word_for_word(number: int) -> None:
    assert number in RUN or number in ELSEWHERE
