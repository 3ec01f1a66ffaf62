"""A filter pattern as a condition for reading events."""

from __future__ import annotations

from dataclasses import dataclass

from logq.model import MESSAGE
from logq.query.build import Sql, column
from logq.query.filter_pattern import (
    FilterPattern,
    Kind,
    parse_pattern,
    required_texts,
)
from logq.query.patterns.stored import stored_condition
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
        prefix = source.ident("pattern")
        return stored_condition(self.pattern, source, column(message.ident), prefix)


def search(pattern: str) -> PatternSearch | None:
    """The condition of a pattern, None for one that every event matches; raises InvalidPattern."""
    parsed = parse_pattern(pattern)
    return None if parsed.kind is Kind.ALL else PatternSearch(parsed)
