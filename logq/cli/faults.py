"""Faults as the user sees them: a few lines on stderr and an exit code, never a traceback."""

from __future__ import annotations

from logq.errors import (
    InvalidValue,
    LimitExceeded,
    LogQError,
    NotFound,
    QueryError,
    draw,
)
from logq.terminal import RED, Screen, lines

DONE, FAILED, WRONG_USAGE, NOT_FOUND, LIMIT, INTERRUPTED = 0, 1, 2, 3, 4, 130
IN_ALARM = 10
"""Of 'alarms list --exit-code' where an alarm is in ALARM."""


class Failed(LogQError):
    """Something was done, and not all of it went well; what, has been said already."""


class WrongUsage(LogQError):
    """The command line does not follow the rules of its command."""


_CODES: tuple[tuple[type[LogQError], int], ...] = (
    (WrongUsage, WRONG_USAGE),
    (QueryError, WRONG_USAGE),
    (InvalidValue, WRONG_USAGE),
    (NotFound, NOT_FOUND),
    (LimitExceeded, LIMIT),
)


def exit_code(error: LogQError) -> int:
    """The exit code of an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAILED)


def show(error: LogQError, screen: Screen, query: str | None = None) -> None:
    """Draw an error; ``query`` is the text that a query error points into."""
    if isinstance(error, Failed) and not error.message:
        return
    if isinstance(error, QueryError) and query is not None:
        text = draw(error, query)
    else:
        text = f"{error.code}: {error}"
    if screen.terminal:
        text = lines(text)
    name, colon, rest = text.partition(":")
    screen.write(screen.paint(name, RED) + colon + rest + "\n")
    screen.flush()
