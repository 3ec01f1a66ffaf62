"""``limit``, ``head`` and ``tail``: keep some rows of the current order."""

from __future__ import annotations

from dataclasses import dataclass

from logq.errors import WrongArguments
from logq.query.command import Command, command
from logq.query.compiler import Step


def _positive(rows: int, name: str) -> int:
    if rows < 1:
        raise WrongArguments(f"{name} takes a positive number of rows", hint=f"write '{name} 20'")
    return rows


@command("limit")
@dataclass(frozen=True)
class Limit(Command):
    """Keep the first rows; with ``any``, whichever are found first."""

    syntax = "limit [any] ROWS"
    examples = ("fields @timestamp, @message | limit 20", "fields @message | limit any 1")

    rows: int
    any: bool = False

    def apply(self, step: Step) -> Step:
        rows = _positive(self.rows, self.name)
        return step.limit(self.name, rows, order=() if self.any else None)


@command("head")
@dataclass(frozen=True)
class Head(Command):
    """The same as ``limit``."""

    syntax = "head ROWS"
    examples = ("sort @timestamp asc | head 5",)

    rows: int

    def apply(self, step: Step) -> Step:
        return step.limit(self.name, _positive(self.rows, self.name))


@command("tail")
@dataclass(frozen=True)
class Tail(Command):
    """Keep the last rows of the current order."""

    syntax = "tail ROWS"
    examples = ("sort duration_ms | tail 5",)

    rows: int

    def apply(self, step: Step) -> Step:
        backwards = tuple(key.reversed() for key in step.order)
        return step.limit(self.name, _positive(self.rows, self.name), order=backwards)
