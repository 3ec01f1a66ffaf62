"""Named places where a test may kill the process, to prove that any crash is survivable.

``LOGQ_FAIL_POINT=name`` kills the process with SIGKILL when it first reaches ``name``;
``name:3`` at the third time. Without the variable nothing happens.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "LOGQ_FAIL_POINT"

_reached: dict[str, int] = {}


def reach(name: str) -> None:
    """Die here if the environment asks for it."""
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return
    point, _, times = wanted.partition(":")
    if point != name:
        return
    _reached[name] = _reached.get(name, 0) + 1
    if _reached[name] >= int(times or 1):
        os.kill(os.getpid(), signal.SIGKILL)
