"""Log groups that only LogQ itself writes to."""

from __future__ import annotations

from logq.errors import InvalidValue

RESERVED = frozenset({"/logq/audit"})


def check_writable(group: str) -> None:
    """Raise InvalidValue for a log group that nobody may write to from outside."""
    if group in RESERVED:
        raise InvalidValue(
            f"the log group {group} belongs to LogQ itself",
            hint="send events to another log group",
        )
