"""Time zones as functions take them: names of the tz database, and offsets such as ``+02:00``.

DuckDB brings its own tz database, so that a name means the same on every machine.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache

import duckdb

from logq.errors import WrongArguments
from logq.query.build import Sql, fn, number, operate, text

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
_MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone: a fixed offset, or a name with rules."""

    name: str
    offset: int | None
    """Milliseconds east of UTC; None where the offset changes."""

    def to_local(self, time: Sql) -> Sql:
        """The TIMESTAMP that clocks there show at a UTC TIMESTAMP."""
        if self.offset is not None:
            return _shifted(time, self.offset)
        return fn("timezone", text(self.name), fn("timezone", text("UTC"), time))

    def to_utc(self, local: Sql) -> Sql:
        """The UTC TIMESTAMP at which clocks there show a TIMESTAMP."""
        if self.offset is not None:
            return _shifted(local, -self.offset)
        return fn("timezone", text("UTC"), fn("timezone", text(self.name), local))


UTC = Zone("UTC", 0)


def _shifted(time: Sql, milliseconds: int) -> Sql:
    if not milliseconds:
        return time
    return operate("+", time, fn("to_milliseconds", number(milliseconds)))


@cache
def names() -> tuple[str, ...]:
    """Every named zone of the tz database."""
    with duckdb.connect(":memory:") as connection:
        rows = connection.execute("SELECT name FROM pg_timezone_names() ORDER BY name").fetchall()
    return tuple(str(name) for (name,) in rows)


def zone(given: object) -> Zone:
    """The zone of a constant; raises WrongArguments."""
    wanted = str(given).strip()
    if wanted.upper() in ("UTC", "GMT", "Z"):
        return UTC
    fixed = _OFFSET.fullmatch(wanted)
    if fixed is not None and int(fixed[2]) <= 18:
        minutes = int(fixed[2]) * 60 + int(fixed[3] or 0)
        return Zone(wanted, minutes * _MINUTE * (-1 if fixed[1] == "-" else 1))
    found = {name.lower(): name for name in names()}
    if wanted.lower() in found:
        return Zone(found[wanted.lower()], None)
    close = difflib.get_close_matches(wanted.lower(), found, n=1, cutoff=0.6)
    raise WrongArguments(
        f"'{wanted}' is not a time zone",
        hint=f"did you mean '{found[close[0]]}'?" if close else 'write for example "Europe/Berlin"',
    )
