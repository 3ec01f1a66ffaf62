"""Which rules an event matches: all of them compiled, found by source and detail type."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from logq.events.pattern import EventPattern, parse_event_pattern
from logq.events.rule import KIND, Rule, Target, rule_of
from logq.events.transformer import make
from logq.model import Definition

Text = Callable[[Mapping[str, Any], Mapping[str, Any]], str]


class Definitions(Protocol):
    """Where rules lie."""

    def list(self, kind: str, *, prefix: str = "") -> tuple[Definition, ...]: ...

    def mark(self) -> Hashable: ...


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule that is ready for events."""

    rule: Rule
    pattern: EventPattern
    targets: tuple[tuple[Target, Text], ...]


class Index:
    """Rules by the literals that their patterns demand; most events touch few of them."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_key: dict[tuple[str | None, str | None], list[Ready]] = {}
        for rule in rules:
            if rule.pattern is None or not rule.enabled:
                continue
            pattern = parse_event_pattern(rule.pattern)
            ready = Ready(rule, pattern, tuple((one, make(one)) for one in rule.targets))
            sources = pattern.literals.get("source", (None,))
            types = pattern.literals.get("detail-type", (None,))
            for key in ((source, type) for source in sources for type in types):
                self._by_key.setdefault(key, []).append(ready)

    def __bool__(self) -> bool:
        return bool(self._by_key)

    def may_match(self, source: str) -> bool:
        """Whether any rule is about events of this source."""
        return any(key[0] in (source, None) for key in self._by_key)

    def matching(self, event: Mapping[str, Any]) -> Iterator[Ready]:
        """The rules that an event, as JSON, matches."""
        source, type = event["source"], event["detail-type"]
        for key in ((source, type), (source, None), (None, type), (None, None)):
            for ready in self._by_key.get(key, ()):
                if source not in ready.rule.withheld and ready.pattern.matches(event):
                    yield ready


class Matching:
    """The index of the rules as they stand, made anew when one has changed in any process."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._made: tuple[Hashable, Index] | None = None

    def index(self) -> Index:
        """The rules of this moment."""
        mark = self._definitions.mark()
        made = self._made
        if made is None or made[0] != mark:
            rules = [rule_of(one) for one in self._definitions.list(KIND)]
            made = self._made = (mark, Index(rules))
        return made[1]
