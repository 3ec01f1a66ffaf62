"""Several actions as one: all of them happen, or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from logq.actions.context import Context
from logq.audit.call import Call


@dataclass(slots=True)
class _Held:
    """Calls that are recorded later."""

    calls: list[Call] = field(default_factory=list)

    def record(self, call: Call) -> None:
        self.calls.append(call)


@contextmanager
def together(context: Context) -> Iterator[Context]:
    """A context whose actions are one transaction; they are recorded when it has ended.

    Of a transaction that is taken back only what failed is recorded: the rest did not happen.
    """
    held = _Held()
    done = False
    try:
        with context.logq.storage.database.write():
            yield replace(context, recorder=held)
        done = True
    finally:
        for call in held.calls:
            if done or call.error is not None:
                context.recorder.record(call)
