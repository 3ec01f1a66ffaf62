"""A filter pattern as a condition for reading events."""

from __future__ import annotations

from dataclasses import dataclass

from logq.model import MESSAGE
from logq.query.build import Sql, column
from logq.query.filter_pattern import (
    FilterPattern,
    Kind,
    parse_pattern,
    pattern_condition,
    required_texts,
)
from logq.query.source import Source


@dataclass(frozen=True, slots=True)
class PatternSearch:
    """Events whose message matches a pattern."""

    pattern: FilterPattern

    @property
    def texts(self) -> tuple[str, ...]:
        """Texts that every such message contains."""
        return required_texts(self.pattern)

    def sql(self, source: Source) -> Sql:
        """The condition over the column of messages."""
        message = source.field(MESSAGE)
        assert message is not None
        return pattern_condition(self.pattern, column(message.ident))


def search(pattern: str) -> PatternSearch | None:
    """The condition of a pattern, None for one that every event matches; raises InvalidPattern."""
    parsed = parse_pattern(pattern)
    return None if parsed.kind is Kind.ALL else PatternSearch(parsed)
