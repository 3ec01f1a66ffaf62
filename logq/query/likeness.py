"""Names with stars: which of the fields that can be named somewhere they mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logq.query.compiler import Step


def names_like(step: Step, wildcard: str) -> tuple[str, ...]:
    """The columns and fields at a step whose names look so, those that are shown first."""
    scope = step.scope
    known = [*step.shown(), *scope.columns]
    if scope.source is not None:
        known += scope.source.known()
    found = (name for name in known if is_like(name, wildcard) and name not in scope.hidden)
    return tuple(dict.fromkeys(found))


def is_like(name: str, wildcard: str) -> bool:
    """Whether a name looks so."""
    like = re.escape(wildcard).replace(r"\*", ".*")
    return re.fullmatch(like, name, re.DOTALL) is not None
