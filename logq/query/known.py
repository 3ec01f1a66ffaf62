"""What a query may refer to besides events: things that people defined, and log groups by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from logq.query.selection import Selector, Words

Define = Callable[[str, str], Mapping[str, Any] | None]
"""Finds what a person defined, by kind and name."""
Select = Callable[[Sequence[Selector]], Words]
"""Finds the names of the log groups that all functions behind a SOURCE mean."""


def nothing_defined(kind: str, name: str) -> Mapping[str, Any] | None:
    """Where nobody has defined anything."""
    return None


def nothing_selected(selectors: Sequence[Selector]) -> Words:
    """Where there are no log groups."""
    return ()


@dataclass(frozen=True, slots=True)
class Known:
    """What one query may refer to."""

    define: Define = nothing_defined
    select: Select = nothing_selected
