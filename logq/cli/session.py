"""What every command shares: the global options, the screens and the way to the data."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from logq.errors import NotFound
from logq.terminal import YELLOW, Screen, lines, standard_error, standard_output

if TYPE_CHECKING:
    import typer

    from logq.app import LogQ
    from logq.client.remote import Remote


def data_directory(option: str | None, environ: Mapping[str, str] = os.environ) -> Path:
    """``--data``, else ``$LOGQ_DATA``, else ``$XDG_DATA_HOME/logq``, else below the home."""
    if chosen := option or environ.get("LOGQ_DATA"):
        return Path(chosen).expanduser()
    if shared := environ.get("XDG_DATA_HOME"):
        return Path(shared) / "logq"
    return Path.home() / ".local" / "share" / "logq"


class Session:
    """One run of the program; the root command fills in its options."""

    def __init__(self, *, no_color: bool = False, verbose: bool = False) -> None:
        self.data: str | None = None
        self.config: Path | None = None
        self.server: str | None = None
        self.token: str | None = None
        self.verbose = verbose
        self.quiet = False
        self.query: str | None = None  # the text that query errors point into
        self.out: Screen = standard_output(no_color)
        self.err: Screen = standard_error(no_color)

    def now(self) -> int:
        """The time in epoch milliseconds."""
        return time.time_ns() // 1_000_000

    def say(self, text: str) -> None:
        """A line on stderr, unless ``--quiet``."""
        if not self.quiet:
            self._tell(lines(text) if self.err.terminal else text)

    def warn(self, text: str) -> None:
        """A warning on stderr, unless ``--quiet``."""
        if not self.quiet:
            shown = lines(text) if self.err.terminal else text
            self._tell(f"{self.err.paint('warning:', YELLOW)} {shown}")

    def _tell(self, text: str) -> None:
        sys.stdout.flush()
        self.err.write(text + "\n")
        self.err.flush()

    def open(self, *, create: bool = False) -> LogQ | Remote:
        """The server if one is named, else the data directory; raises NotFound."""
        if not self.server:
            return self.open_here(create=create)
        from logq.app import LogQ
        from logq.client.remote import Remote
        from logq.client.server import Server

        local = LogQ(data_directory(self.data), self.config, clock=self.now)
        return Remote(local, Server(self.server, self.token))

    def open_here(self, *, create: bool = False) -> LogQ:
        """The data directory; raises NotFound if it is not there and is not to be made."""
        directory = data_directory(self.data)
        if not create and not directory.is_dir():
            raise NotFound(
                f"there is no data directory {str(directory)!r}",
                hint="'logq ingest FILE -g GROUP' makes it; --data names another one",
            )
        from logq.app import LogQ

        return LogQ(directory, self.config, clock=self.now)


def session(context: typer.Context) -> Session:
    """The session of a command."""
    found = context.find_root().obj
    assert isinstance(found, Session)
    return found
