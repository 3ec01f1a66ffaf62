"""Filter patterns on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logq.cli.session import Session

if TYPE_CHECKING:
    from logq.query.filter_pattern import FilterPattern


def read_pattern(run: Session, text: str) -> FilterPattern:
    """Check a pattern; an error points into it. Raises InvalidPattern."""
    from logq.query.filter_pattern import parse_pattern

    run.query = text
    return parse_pattern(text)
