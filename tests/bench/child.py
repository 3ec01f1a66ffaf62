"""The process that does one task for one side; not for people, ``measuring`` starts it."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any


def serve(answer: Callable[[str], Any]) -> None:
    """Answer questions from standard input, one JSON text a line, with what each cost."""
    for line in sys.stdin:
        question = json.loads(line)
        cpu, wall = time.process_time(), time.monotonic()
        found = answer(question)
        cost = {"cpu": time.process_time() - cpu, "wall": time.monotonic() - wall}
        unit = 1 if sys.platform == "darwin" else 1024
        cost["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        print(json.dumps({**cost, "answer": found}), flush=True)


def main() -> None:
    """Do the task that the command line names."""
    task, arguments = sys.argv[1], json.loads(sys.argv[2])
    side, _, name = task.partition(".")
    # Only the side's own module: nobody pays for what the other one imports.
    if side == "logq":
        from tests.bench import ours as module
    else:
        from tests.bench import reference as module  # type: ignore[no-redef]
    found = getattr(module, name)(**arguments)
    if callable(found):
        serve(found)
    else:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
