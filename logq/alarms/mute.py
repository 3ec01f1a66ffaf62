"""Mute rules: times in which alarms change their states but tell nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from logq.alarms.schedule import Cron, Once, parse_length, parse_schedule
from logq.alarms.validation import check_name, check_tags
from logq.alarms.windows import DAY, wall_zone
from logq.errors import InvalidValue
from logq.metric import MINUTE
from logq.model import Definition

KIND = "mute_rule"
LONGEST = 15 * DAY
MOST_NAMES = 100
SCHEDULED, ACTIVE, EXPIRED = "SCHEDULED", "ACTIVE", "EXPIRED"


@dataclass(frozen=True, slots=True)
class MuteRule:
    """When which alarms are muted."""

    name: str
    expression: str
    """``cron(...)`` or ``at(...)``."""
    duration: str
    """ISO 8601."""
    zone: str = "UTC"
    names: tuple[str, ...] = ()
    prefix: str | None = None
    """Alarms whose names begin so; empty for all."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Alarms that have all of these."""
    start: int | None = None
    expire: int | None = None
    """Epoch milliseconds; the rule counts only between them."""
    description: str = ""
    own_tags: Mapping[str, str] = field(default_factory=dict)
    updated: int = 0

    @property
    def schedule(self) -> Once | Cron:
        """Its expression, read."""
        return parse_schedule(self.expression)

    def targets(self, alarm: str, tags: Mapping[str, str]) -> bool:
        """Whether it is about an alarm."""
        return (
            alarm in self.names
            or (self.prefix is not None and alarm.startswith(self.prefix))
            or (bool(self.tags) and self.tags.items() <= tags.items())
        )

    def until(self, now: int) -> int | None:
        """When the window ends in which ``now`` lies, epoch milliseconds; None outside of one."""
        if (self.start is not None and now < self.start) or self.status(now) == EXPIRED:
            return None
        length = parse_length(self.duration)
        begun = self.schedule.last(now // 1000, length, wall_zone(self.zone))
        if begun is None or now >= (begun + length) * 1000:
            return None
        end = (begun + length) * 1000
        return end if self.expire is None else min(end, self.expire)

    def status(self, now: int) -> str:
        """``SCHEDULED``, ``ACTIVE`` or ``EXPIRED``."""
        if self.expire is not None and now >= self.expire:
            return EXPIRED
        schedule = self.schedule
        if isinstance(schedule, Once):
            zone = wall_zone(self.zone)
            begin = int(schedule.moment.replace(tzinfo=zone).timestamp())
            if now >= (begin + parse_length(self.duration)) * 1000:
                return EXPIRED
            return ACTIVE if now >= max(begin * 1000, self.start or 0) else SCHEDULED
        if self.start is not None and now < self.start:
            return SCHEDULED
        begun = schedule.last(now // 1000, parse_length(self.duration), wall_zone(self.zone))
        inside = begun is not None and now < (begun + parse_length(self.duration)) * 1000
        return ACTIVE if inside else SCHEDULED

    @property
    def type(self) -> str:
        """As CloudWatch calls it."""
        return "ONE_TIME" if isinstance(self.schedule, Once) else "RECURRING"


def check_mute_rule(rule: MuteRule) -> None:
    """Raise InvalidValue unless the rule can be stored."""
    check_name(rule.name)
    check_tags(len(rule.own_tags))
    wall_zone(rule.zone)
    _ = rule.schedule
    if not MINUTE <= parse_length(rule.duration) <= LONGEST:
        raise InvalidValue("a mute window lasts one minute to 15 days", hint="PT1M to P15D")
    if len(rule.names) > MOST_NAMES:
        raise InvalidValue(f"a mute rule names at most {MOST_NAMES} alarms")
    if rule.start is not None and rule.expire is not None and rule.start >= rule.expire:
        raise InvalidValue("the mute rule expires before it starts")


def snooze(alarm: str, now: int, length: int) -> MuteRule:
    """The rule that mutes one alarm from now on for so many milliseconds."""
    begin = datetime.fromtimestamp(now // 60_000 * 60, UTC)
    end = now + length
    minutes = -(-(end // 1000 - int(begin.timestamp())) // MINUTE)
    return MuteRule(
        snooze_name(alarm),
        f"at({begin:%Y-%m-%dT%H:%M})",
        f"PT{max(1, minutes)}M",
        names=(alarm,),
        expire=end,
        description=f"muted until {begin + timedelta(minutes=minutes):%Y-%m-%d %H:%M} UTC",
    )


def snooze_name(alarm: str) -> str:
    """What the rule is called by which one alarm was muted."""
    name = f"mute-{alarm}"
    return name if len(name) <= 255 else f"mute-{hashlib.sha256(alarm.encode()).hexdigest()}"


def body_of(rule: MuteRule) -> dict[str, Any]:
    """What is stored of a rule besides its name."""
    body = asdict(rule)
    del body["name"], body["updated"]
    return body


def rule_of(definition: Definition) -> MuteRule:
    """The rule that a definition holds."""
    body = {**definition.body, "names": tuple(definition.body["names"])}
    return MuteRule(definition.name, **body, updated=definition.updated)
