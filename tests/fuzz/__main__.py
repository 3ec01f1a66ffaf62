"""``python -m tests.fuzz``: more queries than the tests ask, until something is found."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.fuzz.checking import fuzz

BATCH = 2_000


def main() -> int:
    """Fuzz with one seed after another; print what became of the queries and every bug."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=main.__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=20_000, help="how many queries")
    parser.add_argument("--run", type=float, default=0.5, help="the share that is also run")
    parser.add_argument("--compare", type=float, default=0.1, help="the share run in every layout")
    chosen = parser.parse_args()
    outcomes: Counter[str] = Counter()
    bugs = 0
    for number in range(-(-chosen.count // BATCH)):
        size = min(BATCH, chosen.count - number * BATCH)
        with tempfile.TemporaryDirectory() as root:
            seed = chosen.seed + number
            shares = int(size * chosen.run), int(size * chosen.compare)
            tally = fuzz(Path(root), seed, size, *shares)
        outcomes += tally.outcomes
        bugs += len(tally.bugs)
        for bug in tally.bugs:
            print(bug, flush=True)
    for outcome, times in outcomes.most_common():
        print(f"{times:8,} {outcome}")
    print(f"{bugs} bugs")
    return 1 if bugs else 0


if __name__ == "__main__":
    sys.exit(main())
