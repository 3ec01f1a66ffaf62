"""Making a message fit: log lines go first, then contributors, datapoints and the description.

Title, state and links always stay. Each step leaves out a little more; the first that fits is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from logq.notification import Notification
from logq.notify.message import Cut, Message

T = TypeVar("T")

LINES = 5
LINE = 500
TEXT = 8000
"""Characters of a reason, a description or a message."""
CONTRIBUTORS = 10
DATAPOINTS = 10
_NAME = 300
"""Longer than any name that LogQ gives out itself."""


def fitted(message: Message, render: Callable[[Message], T], fits: Callable[[T], bool]) -> T:
    """The message rendered with as much of it as fits."""
    for shorter in shortened(message):
        made = render(shorter)
        if fits(made):
            return made
    return made


def shortened(message: Message) -> Iterator[Message]:
    """The message, then with less and less of it."""
    message = _named(message)
    yield message
    for keep in _falling(len(message.others)):
        yield _with_others(message, keep)
    message = _with_others(message, 0)
    told = message.notification
    steps: list[Callable[[Notification], Notification]] = [
        *(partial(_lines, width=width, keep=LINES) for width in (1000, LINE, 200, 80)),
        *(partial(_lines, width=80, keep=keep) for keep in range(LINES - 1, -1, -1)),
        *(partial(_first, part="contributors", keep=keep) for keep in (10, 5, 2, 0)),
        *(partial(_first, part="datapoints", keep=keep) for keep in (10, 5, 2, 0)),
        *(partial(_description, width=width) for width in (2000, 1000, 500, 200, 50, 0)),
        *(partial(_text, part="message", width=width) for width in (8000, 2000, 500, 0)),
        *(partial(_text, part="reason", width=width) for width in (1000, 500, 200, 50, 0)),
        _bare,
    ]
    now = told
    for step in steps:
        now = step(now)
        yield replace(message, notification=now, cut=_difference(told, now, message.cut))


def shown(message: Message) -> Message:
    """The message with as much of it as people read in a chat."""
    message = _named(message)
    told = message.notification
    now = _description(_text(_text(told, "reason", TEXT), "message", TEXT), TEXT)
    now = replace(
        _lines(now, LINE, LINES),
        contributors=told.contributors[:CONTRIBUTORS],
        datapoints=told.datapoints[:DATAPOINTS],
    )
    return replace(message, notification=now, cut=_difference(told, now, message.cut))


def _falling(count: int) -> Iterator[int]:
    while count > 1:
        count = count * 3 // 4
        yield count


def _with_others(message: Message, keep: int) -> Message:
    cut = replace(message.cut, notifications=message.cut.notifications + len(message.others) - keep)
    return replace(message, others=message.others[:keep], cut=cut)


def _named(message: Message) -> Message:
    told = message.notification
    subject = replace(told.subject, name=_clip(told.subject.name, _NAME))
    return replace(message, notification=replace(told, subject=subject))


def _lines(told: Notification, width: int, keep: int) -> Notification:
    lines = told.log_lines[:keep]
    return replace(
        told, log_lines=tuple(replace(line, message=_clip(line.message, width)) for line in lines)
    )


def _first(told: Notification, part: str, keep: int) -> Notification:
    changes: dict[str, Any] = {part: getattr(told, part)[:keep]}
    return replace(told, **changes)


def _text(told: Notification, part: str, width: int) -> Notification:
    changes: dict[str, Any] = {part: _clip(getattr(told, part), width)}
    return replace(told, **changes)


def _bare(told: Notification) -> Notification:
    return replace(told, trigger=None, attributes={}, subject=replace(told.subject, tags={}))


def _description(told: Notification, width: int) -> Notification:
    subject = replace(told.subject, description=_clip(told.subject.description, width))
    return replace(told, subject=subject)


def _clip(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    return text[: width - 1] + "…" if width else ""


def _difference(whole: Notification, now: Notification, cut: Cut) -> Cut:
    texts = [
        (whole.subject.description, now.subject.description),
        (whole.reason, now.reason),
        (whole.message, now.message),
        *(
            (before.message, after.message)
            for before, after in zip(whole.log_lines, now.log_lines, strict=False)
        ),
    ]
    return replace(
        cut,
        log_lines=cut.log_lines + len(whole.log_lines) - len(now.log_lines),
        contributors=cut.contributors + len(whole.contributors) - len(now.contributors),
        datapoints=cut.datapoints + len(whole.datapoints) - len(now.datapoints),
        characters=cut.characters + sum(len(a) - len(b) for a, b in texts),
    )
