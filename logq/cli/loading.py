"""The progress bar of 'ingest', on a terminal only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from logq.cli.session import Session
from logq.terminal import cell, cut

if TYPE_CHECKING:
    from logq.ingest.report import Progress

PATIENCE = 0.5
"""Seconds before the bar appears: what is quicker needs none."""


class Bar:
    """Shows how far a load has come, at which rate, and how long it will take."""

    def __init__(self, run: Session) -> None:
        self._run = run
        self._shown = run.err.terminal and not run.quiet
        self._begun = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, progress: Progress) -> None:
        """Draw the state of a load."""
        if not self._shown or time.monotonic() - self._begun < PATIENCE:
            return
        if self._bar is None:
            self._bar = self._make()
            self._task = self._bar.add_task("", total=progress.total)
            self._bar.start()
        name = cut(cell(progress.path), 30)
        self._bar.update(
            self._task, completed=progress.done, total=progress.total,
            description=f"{name}  {progress.events:,} events",
        )  # fmt: skip

    def _make(self) -> Any:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        console = Console(stderr=True, no_color=not self._run.err.colour)
        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
