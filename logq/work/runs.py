"""Queries that this process has started and that nobody waits for: their answers are kept.

A thread for each reads the answer as a worker process makes it and writes it to the data
directory, so that it can be read, page by page, while the query runs and for days afterwards.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from logq.errors import Cancelled, LimitExceeded, LogQError, TimedOut
from logq.work.job import Answer

if TYPE_CHECKING:
    from logq.storage.answers import Answers, Asked

PATIENCE_SECONDS = 1.0
"""How long starting waits for the query's first rows, so that its faults are told at once."""
CLOSE_SECONDS = 5.0

_LOG = logging.getLogger(__name__)


@dataclass(eq=False)
class _Run:
    """One query on its way."""

    asked: Asked
    answer: Answer
    known: threading.Event
    """Set when the query runs, or has failed."""
    lock: threading.RLock
    told: bool = False
    """Whether its id has been given away: from then on it is remembered."""
    error: LogQError | None = None


class Runs:
    """The started queries of one process; safe to use from several threads."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def start(self, answers: Answers, asked: Asked, answer: Answer) -> None:
        """Have an answer read and kept; raises what is wrong with the query if that shows soon."""
        run = _Run(asked, answer, threading.Event(), threading.RLock())
        self._runs[asked.id] = run
        threading.Thread(
            target=self._drive, args=(answers, run), name=f"query {asked.id}", daemon=True
        ).start()
        run.known.wait(PATIENCE_SECONDS)
        with run.lock:
            if run.error is not None:
                raise run.error
            run.told = True
            answers.save(run.asked)

    def get(self, id: str) -> Asked | None:
        """A query of this process that has not ended yet."""
        run = self._runs.get(id)
        return run.asked if run else None

    def cancel(self, id: str) -> bool:
        """Stop a query; False if it is not running here."""
        run = self._runs.get(id)
        if run is None:
            return False
        run.answer.cancel()
        return True

    def close(self) -> None:
        """Cancel every query and wait until what became of them is kept."""
        for run in list(self._runs.values()):
            run.answer.cancel()
        deadline = time.monotonic() + CLOSE_SECONDS
        while self._runs and time.monotonic() < deadline:
            time.sleep(0.01)

    def _drive(self, answers: Answers, run: _Run) -> None:
        try:
            changes = self._read(answers, run)
        except LogQError as error:
            if not run.known.is_set():
                run.error = error
            changes = {"status": _status(error), "error": str(error)}
        except Exception as error:  # a fault of ours must not leave the query running for ever
            changes = {"status": "Failed", "error": f"LogQ failed: {error!r}"}
        try:
            with run.lock:
                run.asked = replace(run.asked, ended=answers.clock(), **changes)  # type: ignore[arg-type]
                if run.told:
                    answers.save(run.asked)
        except Exception:  # nobody waits for this thread: the log is where to say it
            _LOG.exception("what became of query %s could not be kept", run.asked.id)
        finally:
            self._runs.pop(run.asked.id, None)
            run.known.set()

    def _read(self, answers: Answers, run: _Run) -> Mapping[str, object]:
        groups = run.answer.header.get("groups", run.asked.groups)
        run.asked = replace(run.asked, status="Running", groups=tuple(groups))
        run.known.set()
        with answers.writing(run.asked.id) as file:
            for chunk in run.answer.chunks():
                _write(file, chunk)
                rows, size = run.asked.rows + chunk.count(b"\n"), run.asked.bytes + len(chunk)
                if size > answers.settings.answer_bytes:
                    raise LimitExceeded(
                        f"the answer is longer than {answers.settings.answer_bytes:,} bytes",
                        hint="ask for fewer rows, or raise the setting answer_bytes",
                    )
                run.asked = replace(run.asked, rows=rows, bytes=size)
        return {"status": "Complete", "statistics": run.answer.summary.get("stats", {})}


def _write(file: BinaryIO, chunk: bytes) -> None:
    file.write(chunk)
    file.flush()


_STATUS: tuple[tuple[type[LogQError], str], ...] = ((TimedOut, "Timeout"), (Cancelled, "Cancelled"))


def _status(error: LogQError) -> str:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), "Failed")
