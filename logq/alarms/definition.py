"""What an alarm is, as frozen values; ``validation.py`` holds the rules, ``stored.py`` the JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from logq.alarms.state import Missing, State
from logq.metric import DataQuery, MetricStat

EXTRA_RANGE = 2
"""Periods that a sliding window reaches back beyond N; stored with each alarm.

CloudWatch documents only that an alarm of three periods looks at five.
"""


@dataclass(frozen=True, slots=True)
class Check:
    """When points are bad enough: M of the last N, against a threshold."""

    operator: str
    threshold: float
    n: int = 1
    m: int = 1
    missing: Missing = Missing.MISSING


@dataclass(frozen=True, slots=True)
class MetricWatch:
    """A metric, or metric math over several."""

    queries: tuple[DataQuery, ...]
    """Exactly one is ``returned``."""
    check: Check
    period: int
    """Seconds."""
    plain: bool = True
    """Whether it was given as one metric and not as a list of queries."""
    low_samples: str = "evaluate"
    """``ignore`` retains the state where a percentile has too few samples."""
    zone: str | None = None
    """Of a window that is aligned to the clock; None for a sliding one."""
    extra: int = EXTRA_RANGE

    @property
    def stat(self) -> MetricStat | None:
        """The statistic of an alarm on a single metric; None for metric math."""
        return self.queries[0].stat if len(self.queries) == 1 else None

    @property
    def label(self) -> str:
        """For people: the name of the metric, or the expression."""
        (shown,) = (each for each in self.queries if each.returned)
        if shown.stat is not None:
            return shown.label or f"{shown.stat.metric.name} {shown.stat.stat}"
        return shown.label or shown.expression or shown.id


@dataclass(frozen=True, slots=True)
class LogWatch:
    """A query on a schedule; each row of its aggregation is a contributor."""

    query: str
    groups: tuple[str, ...]
    aggregation: str
    """What stands behind ``stats``: ``count(*)`` or ``avg(latency) by host``."""
    check: Check
    every: int = 60
    """Seconds between runs."""
    start_offset: int = 60
    """Seconds before a run at which its time range begins, ..."""
    end_offset: int = 0
    """... and ends."""
    lines: int = 5
    """Most log lines in a notification."""

    @property
    def text(self) -> str:
        """The query that is run."""
        head = self.query.strip()
        return f"{head}\n| stats {self.aggregation}" if head else f"stats {self.aggregation}"


@dataclass(frozen=True, slots=True)
class CompositeWatch:
    """A rule over the states of other alarms, and what may suppress its actions."""

    rule: str
    suppressor: str | None = None
    """The name of an alarm."""
    wait: int = 0
    extension: int = 0
    """Seconds."""


Watch = MetricWatch | LogWatch | CompositeWatch


@dataclass(frozen=True, slots=True)
class Actions:
    """The ARNs of topics that hear of each state."""

    ok: tuple[str, ...] = ()
    alarm: tuple[str, ...] = ()
    insufficient_data: tuple[str, ...] = ()
    enabled: bool = True

    def of(self, state: State) -> tuple[str, ...]:
        """Those of a state."""
        return {
            State.OK: self.ok,
            State.ALARM: self.alarm,
            State.INSUFFICIENT_DATA: self.insufficient_data,
        }[state]


@dataclass(frozen=True, slots=True)
class WarmUp:
    """The time after it was made in which an alarm says nothing."""

    minutes: int
    whole: bool = False
    """Not even when its window is full before."""


@dataclass(frozen=True, slots=True)
class Propagation:
    """Which of an alarm's tags its notifications carry."""

    enabled: bool = True
    included: tuple[str, ...] = ()
    """Only these, if there are any."""
    excluded: tuple[str, ...] = ()

    def chosen(self, tags: Mapping[str, str]) -> dict[str, str]:
        """The tags that are shown."""
        return {
            key: value
            for key, value in tags.items()
            if self.enabled
            and (not self.included or key in self.included)
            and key not in self.excluded
        }


@dataclass(frozen=True, slots=True)
class Rights:
    """What whoever wrote an alarm might read then; None for everything."""

    groups: tuple[str, ...] | None = None
    """Log groups."""
    definitions: Mapping[str, tuple[str, ...]] | None = None
    """Names by kind."""

    def read(self, group: str) -> bool:
        """Whether a log group may be read."""
        return self.groups is None or group in self.groups


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as a person defined it."""

    name: str
    watch: Watch
    description: str = ""
    actions: Actions = Actions()
    tags: Mapping[str, str] = field(default_factory=dict)
    warm_up: WarmUp | None = None
    propagation: Propagation = Propagation()
    rights: Rights = Rights()
    created: int = 0
    updated: int = 0
    """Epoch milliseconds; 0 until it is stored."""

    @property
    def type(self) -> str:
        """``metric``, ``log`` or ``composite``."""
        return _TYPES[type(self.watch)]

    @property
    def groups(self) -> tuple[str, ...]:
        """The log groups whose content its history may show."""
        return self.watch.groups if isinstance(self.watch, LogWatch) else ()


_TYPES: Mapping[type, str] = {MetricWatch: "metric", LogWatch: "log", CompositeWatch: "composite"}
