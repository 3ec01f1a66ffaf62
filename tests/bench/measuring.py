"""What something costs, measured in processes of its own, and what it may cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds and bytes; 0 stands for what was not measured."""

    cpu: float = 0.0
    """User and system time of all threads and child processes."""
    wall: float = 0.0
    memory: int = 0
    """Peak resident set."""
    disk: int = 0


@dataclass(frozen=True, slots=True)
class Goal:
    """At most ``factor`` times the reference plus ``plus`` of one quantity."""

    of: str
    """A field of ``Cost``."""
    factor: float
    plus: float = 0.0

    def limit(self, reference: Cost) -> float:
        """The most that is allowed."""
        return self.factor * float(getattr(reference, self.of)) + self.plus


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report."""

    name: str
    ours: Cost
    reference: Cost
    goal: Goal | None = None
    equal: bool | None = None
    """Whether both sides gave the same answer; None: there is nothing to compare."""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.goal is None:
            return None
        return bool(getattr(self.ours, self.goal.of) <= self.goal.limit(self.reference))

    def to_dict(self) -> dict[str, Any]:
        """For the JSON report."""
        ratios = {
            name: round(getattr(self.ours, name) / getattr(self.reference, name), 4)
            for name in ("cpu", "wall", "memory", "disk")
            if getattr(self.reference, name)
        }
        return {**asdict(self), "ratios": ratios, "met": self.met}


def best(costs: Sequence[Cost]) -> Cost:
    """The least of every quantity: other users of the machine only ever add to it."""
    return Cost(
        min(c.cpu for c in costs),
        min(c.wall for c in costs),
        min(c.memory for c in costs),
        min(c.disk for c in costs),
    )


def alternate(
    times: int, ours: Callable[[], Cost], reference: Callable[[], Cost]
) -> tuple[Cost, Cost]:
    """The best of several runs of both sides, taken in turns."""
    pairs = [(ours(), reference()) for _ in range(times)]
    return best([pair[0] for pair in pairs]), best([pair[1] for pair in pairs])


def run(command: Sequence[str]) -> tuple[Cost, bytes]:
    """Run a program to its end; its cost and its standard output. Raises RuntimeError."""
    began = time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=environment(), cwd=ROOT, stdin=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit), output


def child(task: str, **arguments: Any) -> tuple[Cost, Any]:
    """Run one task of ``tests.bench.child`` in a process; its cost and its answer."""
    cost, output = run(_command(task, arguments))
    return cost, json.loads(output)


class Worker:
    """A process that has opened its data and answers questions, again and again."""

    def __init__(self, task: str, **arguments: Any) -> None:
        self._process = subprocess.Popen(
            _command(task, arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
            cwd=ROOT,
            text=True,
        )

    def ask(self, question: str) -> tuple[Cost, Any]:
        """The cost of one question as the worker measured it, and its answer."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker ended before it answered: {question}")
        reply = json.loads(line)
        return Cost(reply["cpu"], reply["wall"], reply["memory"]), reply["answer"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def environment() -> Mapping[str, str]:
    """The environment of children: this checkout, and byte code kept as in an installation."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LOGQ_", "PYTHONDONTWRITE"))}
    return {**kept, "PYTHONPATH": str(ROOT)}


def _command(task: str, arguments: Mapping[str, Any]) -> list[str]:
    return [sys.executable, "-m", "tests.bench.child", task, json.dumps(arguments)]
