"""What a chat message says, as plain text in parts; each notifier gives them its own form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from logq.notification import Notification, Trigger
from logq.notify.message import Message
from logq.notify.wording import iso

COLOURS = {"ALARM": "#d13212", "OK": "#1d8102", "INSUFFICIENT_DATA": "#687078"}
OTHER_COLOUR = "#0073bb"
BUTTONS = {"alarm": "Open alarm", "query": "Open logs", "mute_1h": "Mute 1 h"}
"""The names of links and what is written on them, in order."""

WIDE = 300
"""Characters of a query, a rule or the names of a contributor."""

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)
_CALLS = re.compile(r"([@＠])|<(?=[!@#/])")


@dataclass(frozen=True, slots=True)
class Told:
    """The parts of a chat message."""

    title: str
    colour: str
    """``#rrggbb``."""
    reason: str
    facts: tuple[str, ...]
    """Sentences: the threshold, what was before, contributors, datapoints."""
    description: str
    lines: tuple[str, ...]
    """Log lines with their times."""
    others: tuple[str, ...]
    """One line for each further notification in the message."""
    cut: str
    """What was left out; empty for nothing."""
    links: tuple[tuple[str, str], ...]
    """Pairs of what is written on a button and where it leads."""


def clean(text: str) -> str:
    """Text without control characters, halves of characters and turned directions."""
    return _UNSAFE.sub("\ufffd", text.replace("\r\n", "\n"))


def unmentioned(text: str) -> str:
    """Text in which nothing calls anybody: an invisible space stands behind each sign for it."""
    return _CALLS.sub(lambda match: match[0] + "\u200b", text)


def one_line(text: str) -> str:
    """Text without line breaks."""
    return " ".join(clean(text).split())


def title(told: Notification) -> str:
    """``ALARM: name``, or what else it is."""
    name = one_line(told.subject.name)
    if told.kind == "alarm":
        return f"{told.status}: {name}"
    if told.kind == "test":
        return f"Test: {name}"
    return name or "Notification"


def tell(message: Message) -> Told:
    """The parts of a message; untrusted text in them is cleaned, but not escaped."""
    told = message.notification
    reason = told.reason if told.kind != "message" else (told.message or told.reason)
    return Told(
        title(told),
        COLOURS.get(told.status, OTHER_COLOUR) if told.kind == "alarm" else OTHER_COLOUR,
        clean(reason),
        tuple(clean(fact) for fact in _facts(message)),
        clean(told.subject.description),
        tuple(f"{iso(line.time)} {one_line(line.message)}" for line in told.log_lines),
        tuple(f"{title(other)} ({iso(other.changed_at)})" for other in message.others),
        str(message.cut),
        tuple(
            (words, told.links[name])
            for name, words in BUTTONS.items()
            if told.links.get(name, "").startswith(("https://", "http://"))
        ),
    )


def _facts(message: Message) -> list[str]:
    told = message.notification
    facts = [threshold(told.trigger)] if told.trigger else []
    when = f"{told.status} since {iso(told.changed_at)}" if told.kind == "alarm" else ""
    if when and told.previous:
        when += f", {told.previous} before"
    facts.append(when)
    if message.earlier:
        past = [f"{change.status} {iso(change.at)}" for change in message.earlier]
        shown = past if len(past) <= 6 else [*past[:3], f"{len(past) - 6} more", *past[-3:]]
        facts.append(f"Not told in time: {', '.join(shown)}")
    if told.contributors:
        each = (
            f"{', '.join(f'{k}={v}' for k, v in c.attributes.items())[:WIDE]}: {number(c.value)}"
            for c in told.contributors
        )
        facts.append("Contributors: " + "; ".join(one_line(text) for text in each))
    if told.datapoints:
        values = (f"{number(point.value)}" for point in told.datapoints)
        facts.append("Datapoints: " + ", ".join(values))
    return [fact for fact in facts if fact]


def threshold(trigger: Trigger) -> str:
    """What has to happen for an alarm, as a sentence."""
    if trigger.type == "composite":
        return f"Rule: {(trigger.rule or '')[:WIDE]}"
    words = [_watched(trigger)]
    if trigger.operator and trigger.threshold is not None:
        words.append(f"{trigger.operator} {number(trigger.threshold)}")
    if trigger.m and trigger.n:
        words.append(f"for {trigger.m} of {trigger.n} datapoints")
    if trigger.period:
        words.append(f"of {trigger.period} s")
    return " ".join(filter(None, words))


def _watched(trigger: Trigger) -> str:
    if trigger.query:
        return one_line(trigger.query[:WIDE])
    metric = trigger.metric or {}
    names = [metric.get("statistic") or metric.get("stat"), metric.get("name")]
    return one_line(" ".join(str(name) for name in names if name))


def number(value: float | None) -> str:
    """A value as people write it."""
    return "none" if value is None else f"{value:g}"
