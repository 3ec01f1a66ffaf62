"""Mattermost's incoming webhooks: https://developers.mattermost.com/integrate/webhooks/incoming/."""

from __future__ import annotations

import re
from typing import Any

from logq.notify.message import Message, Receiver
from logq.notify.notifier import Notifier, post, register
from logq.notify.shortening import fitted, shown
from logq.notify.telling import Told, tell, unmentioned
from logq.notify.transport import Request

MAX_TEXT = 16_000
"""Characters of the 16,383 that Mattermost takes."""
_MARKS = re.compile(r"([\\*_~`|>#\[\]()<:!+.-])")


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", unmentioned(text))


def _text(told: Told) -> str:
    parts = [f"**{_escaped(told.title)}**", _escaped(told.reason), _escaped(told.description)]
    parts += ["\n".join(_escaped(line) for line in (*told.facts, *told.others))]
    if told.lines:
        code = unmentioned("\n".join(told.lines)).replace("`", "`\u200b")
        parts.append(f"```text\n{code}\n```")
    parts.append(_escaped(told.cut))
    links = ((words, url.replace("(", "%28").replace(")", "%29")) for words, url in told.links)
    parts.append(" · ".join(f"[{words}]({url})" for words, url in links))
    return "\n\n".join(part for part in parts if part.strip())


def _render(message: Message, receiver: Receiver) -> Request:
    def body(shorter: Message) -> dict[str, Any]:
        told = tell(shorter)
        attachment = {
            "fallback": _escaped(told.title),
            "color": told.colour,
            "text": _text(told),
        }
        return {"attachments": [attachment]}

    fits = fitted(
        shown(message), body, lambda made: len(made["attachments"][0]["text"]) <= MAX_TEXT
    )
    return post(receiver.url, fits)


register(
    Notifier(
        "mattermost",
        "Mattermost",
        "Posts to a channel by an incoming webhook of Mattermost.",
        "https://mattermost.example.com/hooks/...",
        _render,
        f"{MAX_TEXT:,} characters a message",
        per_second=5,
    )
)
