"""The structured log of LogQ itself: JSON lines, or plain ones on a terminal.

A line is always one line: what clients sent is escaped, so nobody writes entries of his own.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from logq.terminal import lines

ACCESS = "logq.access"
"""The logger with one line a request."""
ALWAYS = logging.ERROR + 5
"""The level of what is said even with ``--quiet``."""
logging.addLevelName(ALWAYS, "notice")


class Formatter(logging.Formatter):
    """One line a record; what was given as ``extra={"fields": {...}}`` are members of it."""

    def __init__(self, plain: bool) -> None:
        super().__init__()
        self._plain = plain

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        fields = getattr(record, "fields", {})
        trace = self.formatException(record.exc_info) if record.exc_info else None
        level = record.levelname.lower()
        if not self._plain:
            line = {
                "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{int(record.msecs):03d}Z",
                "level": level,
                "logger": record.name,
                "message": record.getMessage(),
                **fields,
            }
            if trace:
                line["trace"] = trace
            return json.dumps(line, default=str)
        more = "".join(
            f" {name}={json.dumps(value, default=str)}" for name, value in fields.items()
        )
        text = record.getMessage().replace("\n", "\\n")
        shown = lines(f"{moment:%H:%M:%S} {level} {text}{more}")
        return f"{shown}\n{lines(trace)}" if trace else shown


def start(verbose: bool, quiet: bool, stream: TextIO | None = None) -> logging.Logger:
    """Send what LogQ and uvicorn have to say to standard error; the logger ``logq.server``."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter(plain=stream.isatty()))
    for name, level in (
        ("logq", logging.WARNING if quiet else logging.INFO),
        (ACCESS, logging.INFO if verbose else logging.WARNING),
        ("uvicorn", logging.WARNING if not verbose else logging.INFO),
    ):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        if "." not in name:
            logger.handlers = [handler]
            logger.propagate = False
    return logging.getLogger("logq.server")
