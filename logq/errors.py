"""Every deliberate error of LogQ, in one tree.

::

    LogQError                    code = class name; message says what, hint says what to do
    ├─ QueryError                span: where in the query text
    │  ├─ QuerySyntaxError       the text does not follow the grammar
    │  ├─ UnknownField           a name that cannot exist at this point of the query
    │  ├─ UnknownFunction
    │  ├─ WrongArguments         number or kind of a function's arguments
    │  ├─ InvalidRegex
    │  ├─ NotInInsights          what CloudWatch would refuse, in strict mode
    │  └─ InvalidPattern         a filter pattern that does not follow its rules
    ├─ NotFound
    │  ├─ UnknownLogGroup
    │  └─ UnknownLogStream
    ├─ AlreadyExists
    ├─ InvalidValue              names the parameter and the rule it broke
    │  ├─ InvalidConfig          path and line of the configuration
    │  ├─ InvalidDocument        file, line and path of what is declared wrongly
    │  ├─ InvalidPolicy          path of the fault in a policy document
    │  └─ InvalidEventPattern    path of the fault in an event pattern
    ├─ LimitExceeded             names the limit and the setting that moves it
    │  ├─ TimedOut
    │  ├─ TooManyTags
    │  └─ Throttled              too much at once; says when to try again
    ├─ CheckpointConflict        another process moved the same checkpoint
    ├─ Conflict                  a definition was changed by somebody else meanwhile
    ├─ Protected                 what may not be deleted as long as it is protected
    ├─ Cancelled                 somebody stopped the query
    ├─ Unauthenticated           who asks is not known
    ├─ AccessDenied              who asks may not do this
    ├─ EngineFault               LogQ asked DuckDB for something that it could not do
    ├─ ServerUnavailable         a server does not answer, or breaks off
    └─ StorageError              the disk, a damaged or missing file
       ├─ CatalogMissing         data is present but its catalog is not
       └─ DiskFull

Engines raise; doors translate. Anything that is not a ``LogQError`` is a bug and must look
like one. A query error finds its place by itself: code that notices the fault raises without a
position and ``located`` adds the innermost one on the way up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters in a query text."""

    start: int
    end: int


class LogQError(Exception):
    """A problem the user can understand and act on."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def code(self) -> str:
        """The stable name of this kind of error."""
        return type(self).__name__

    def __str__(self) -> str:
        return f"{self.message}\n  = {self.hint}" if self.hint else self.message


class QueryError(LogQError):
    """A fault in a query; ``span`` is its place once ``located`` has seen it."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        span: Span | None = None,
        expected: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.span = span
        self.expected = expected


class QuerySyntaxError(QueryError):
    """The text does not follow the grammar."""


class UnknownField(QueryError):
    """A name that cannot exist at this point of the query."""


class UnknownFunction(QueryError):
    """A function that is not registered."""


class WrongArguments(QueryError):
    """A function or command was given arguments it does not take."""


class InvalidRegex(QueryError):
    """A regular expression that RE2 refuses."""


class InvalidPattern(QueryError):
    """A filter pattern that does not follow its rules."""


class NotInInsights(QueryError):
    """CloudWatch would refuse this, and the setting ``compat`` asks for that."""


class NotFound(LogQError):
    """A named thing that is not there."""


class UnknownLogGroup(NotFound):
    """No log group has this name."""


class UnknownLogStream(NotFound):
    """No log stream of the log group has this name."""


class AlreadyExists(LogQError):
    """A named thing that is already there."""


class InvalidValue(LogQError):
    """A value that breaks a rule."""


class InvalidConfig(InvalidValue):
    """A configuration file that cannot be used."""


class InvalidDocument(InvalidValue):
    """A file of 'logq plan' that cannot be applied."""


class InvalidPolicy(InvalidValue):
    """A policy document that does not follow the policy language."""


class InvalidEventPattern(InvalidValue):
    """An event pattern that does not follow the rules of Amazon EventBridge."""


class LimitExceeded(LogQError):
    """A limit was reached; the hint names the setting."""


class TimedOut(LimitExceeded):
    """The time limit was reached."""


class TooManyTags(LimitExceeded):
    """More tags than one thing can have."""


class Throttled(LimitExceeded):
    """Too much at once: nothing was done, and the same call may go through later."""

    def __init__(self, message: str, *, hint: str | None = None, retry_after: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        """Seconds."""


class CheckpointConflict(LogQError):
    """Another process moved the same checkpoint in between."""


class Conflict(LogQError):
    """A definition was changed by somebody else since it was read."""


class Protected(LogQError):
    """Something that is not deleted as long as its protection is on."""


class Cancelled(LogQError):
    """Somebody stopped the query before it had ended."""


class Unauthenticated(LogQError):
    """Who asks is not known: no credentials, or none that hold."""

    def __init__(self, message: str, *, reason: str = "missing", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        """A stable word that doors turn into their protocol's code."""


class AccessDenied(LogQError):
    """Who asks may not do this."""


class StorageError(LogQError):
    """The data directory cannot be read or written."""


class CatalogMissing(StorageError):
    """Data is present but its catalog is not."""


class DiskFull(StorageError):
    """No space is left for new data."""


class EngineFault(LogQError):
    """LogQ has a fault: what it asked of DuckDB could not be done."""

    @classmethod
    def of(cls, reason: str) -> EngineFault:
        """A fault with what DuckDB says, in one line."""
        return cls(
            f"the query could not be run, by a fault of LogQ: {' '.join(reason.split())[:300]}",
            hint="the data is not affected; please report it with what 'logq explain' prints",
        )


class ServerUnavailable(LogQError):
    """A server cannot be reached, does not answer, or broke off in the middle."""


class Spanned(Protocol):
    """Anything that knows its place in the query text."""

    @property
    def span(self) -> Span | None: ...


@contextmanager
def located(node: Spanned) -> Iterator[None]:
    """Give a query error raised inside this block the place of ``node``, unless it has one."""
    try:
        yield
    except QueryError as error:
        if error.span is None:
            error.span = node.span
        raise


def draw(error: QueryError, text: str) -> str:
    """The error with the line of the query it is about and carets under the fault."""
    lines = [f"{error.code}: {error.message}"]
    if error.span is not None:
        start = min(error.span.start, len(text))
        line_start = text.rfind("\n", 0, start) + 1
        line_end = text.find("\n", start)
        line_end = len(text) if line_end < 0 else line_end
        number = str(text.count("\n", 0, start) + 1)
        width = max(1, min(error.span.end, line_end) - start)
        before = "".join("\t" if c == "\t" else " " for c in text[line_start:start])
        lines.append(f"{number} | {text[line_start:line_end]}")
        lines.append(f"{' ' * len(number)} | {before}{'^' * width}")
    if error.expected:
        lines.append(f"  = expected {', '.join(error.expected)}")
    if error.hint:
        lines.append(f"  = {error.hint}")
    return "\n".join(lines)
