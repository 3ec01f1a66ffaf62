"""Log groups chosen by what they are: the functions behind ``SOURCE``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from logq.errors import LimitExceeded, Span, WrongArguments, located
from logq.model import LogGroup

DATA_SOURCE_TAG = "dataSource"
"""The tag that says where the events of a log group come from; else its format says it."""
CLASSES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")
MOST_GROUPS = 10_000

Words = tuple[str, ...]


class Selector(Protocol):
    """One function behind SOURCE."""

    @property
    def span(self) -> Span | None: ...

    def check(self) -> None:
        """Raise WrongArguments over what it cannot take."""
        ...

    def fits(self, group: LogGroup, account: str) -> bool:
        """Whether it means this log group of this account."""
        ...


@dataclass(frozen=True, slots=True)
class LogGroups:
    """``logGroups(namePrefix: ['a'], accountIdentifiers: ['1'], class: ['STANDARD'])``."""

    prefixes: Words | None = None
    accounts: Words | None = None
    classes: Words | None = None
    span: Span | None = field(default=None, compare=False, kw_only=True)

    def check(self) -> None:
        _at_most(5, "prefixes", self.prefixes or ())
        _at_most(20, "accounts", self.accounts or ())
        for name in self.classes or ():
            if name not in CLASSES:
                raise WrongArguments(
                    f"there is no log class {name!r}", hint=f"it is one of {', '.join(CLASSES)}"
                )

    def fits(self, group: LogGroup, account: str) -> bool:
        return (
            (self.prefixes is None or group.name.startswith(self.prefixes))
            and (self.accounts is None or account in self.accounts)
            and group.log_class in (("STANDARD",) if self.classes is None else self.classes)
        )


@dataclass(frozen=True, slots=True)
class DataSource:
    """``dataSource(['amazon_vpc.flow'])``."""

    names: Words
    span: Span | None = field(default=None, compare=False, kw_only=True)

    def check(self) -> None:
        _at_most(10, "data sources", self.names)

    def fits(self, group: LogGroup, account: str) -> bool:
        return group.tags.get(DATA_SOURCE_TAG, group.format) in self.names


@dataclass(frozen=True, slots=True)
class Tag:
    """A key and what its value may be: ``*`` stands for any text, ``!`` in front denies."""

    key: str
    values: Words

    def fits(self, tags: Mapping[str, str]) -> bool:
        """Any of the values, and none of the denied ones; who lacks the tag has none of these."""
        found = tags.get(self.key)
        wanted = [value for value in self.values if not value.startswith("!")]
        denied = [value[1:] for value in self.values if value.startswith("!")]
        if found is None:
            return bool(denied) and not wanted
        return (not wanted or any(_like(value, found) for value in wanted)) and not any(
            _like(value, found) for value in denied
        )


@dataclass(frozen=True, slots=True)
class LogGroupTags:
    """``logGroupTags([{"key": "service", "values": ["pay*"]}])``."""

    tags: tuple[Tag, ...]
    span: Span | None = field(default=None, compare=False, kw_only=True)

    def check(self) -> None:
        _at_most(5, "tags", self.tags)
        for tag in self.tags:
            _at_most(5, "values of a tag", tag.values)

    def fits(self, group: LogGroup, account: str) -> bool:
        return all(tag.fits(group.tags) for tag in self.tags)


def selected(selectors: Sequence[Selector], groups: Sequence[LogGroup], account: str) -> Words:
    """The names of the log groups that all functions mean; raises QueryError and LimitExceeded."""
    for selector in selectors:
        with located(selector):
            selector.check()
    names = tuple(g.name for g in groups if all(s.fits(g, account) for s in selectors))
    if len(names) > MOST_GROUPS:
        raise LimitExceeded(
            f"SOURCE means {len(names):,} log groups, {MOST_GROUPS:,} are allowed",
            hint="narrow it with namePrefix",
        )
    return names


def _at_most(most: int, what: str, given: Sequence[object]) -> None:
    if len(given) > most:
        raise WrongArguments(f"SOURCE takes at most {most} {what}, not {len(given)}")


def _like(pattern: str, text: str) -> bool:
    parts = map(re.escape, pattern.split("*"))
    return re.fullmatch(".*".join(parts), text, re.DOTALL) is not None
