"""Log groups that only LogQ itself writes to."""

from __future__ import annotations

from logq.arns import RESERVED
from logq.errors import InvalidValue


def check_writable(group: str) -> None:
    """Raise InvalidValue for a log group that nobody may write to from outside."""
    if group.startswith(RESERVED):
        raise InvalidValue(
            f"the log group {group} belongs to LogQ itself",
            hint=f"names below {RESERVED} are its own; choose another one",
        )
