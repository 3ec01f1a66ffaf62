"""Google Chat's webhooks: https://developers.google.com/workspace/chat/quickstart/webhooks."""

from __future__ import annotations

import hashlib
import html
from typing import Any
from urllib.parse import parse_qs, urlsplit

from logq.notify.message import Message, Receiver
from logq.notify.notifier import Notifier, post, register
from logq.notify.shortening import fitted, shown
from logq.notify.telling import Told, tell, unmentioned
from logq.notify.transport import Request

MAX_BYTES = 30_000
"""Of the 32,000 that Google takes."""


def _escaped(text: str) -> str:
    return html.escape(unmentioned(text), quote=False).replace("\n", "<br>")


def _paragraph(text: str) -> dict[str, Any]:
    return {"textParagraph": {"text": text}}


def _card(told: Told) -> dict[str, Any]:
    head = f'<font color="{told.colour}"><b>{_escaped(told.title)}</b></font>'
    widgets = [_paragraph(head)]
    facts = "\n".join((*told.facts, *told.others))
    lines = "\n".join(told.lines)
    widgets += [
        _paragraph(_escaped(text))
        for text in (told.reason, told.description, facts, lines, told.cut)
        if text.strip()
    ]
    if told.links:
        buttons = [
            {"text": words, "onClick": {"openLink": {"url": url}}} for words, url in told.links
        ]
        widgets.append({"buttonList": {"buttons": buttons}})
    return {"sections": [{"widgets": widgets}]}


def _render(message: Message, receiver: Receiver) -> Request:
    subject = message.notification.subject
    thread = hashlib.sha256((subject.arn or subject.name).encode("utf-8", "replace")).hexdigest()

    def request(shorter: Message) -> Request:
        told = tell(shorter)
        body: dict[str, Any] = {
            "fallbackText": unmentioned(told.title),
            "cardsV2": [{"cardId": "logq", "card": _card(told)}],
            "thread": {"threadKey": f"logq-{thread[:32]}"},
        }
        return post(_replying(receiver.url), body)

    return fitted(shown(message), request, lambda made: len(made.body) <= MAX_BYTES)


def _replying(url: str) -> str:
    """The address with what puts the news of one alarm into one thread."""
    query = urlsplit(url).query
    if "messageReplyOption" in parse_qs(query):
        return url
    joint = "&" if query else "?"
    return f"{url}{joint}messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"


register(
    Notifier(
        "gchat",
        "Google Chat",
        "Posts to a space by a webhook of Google Chat, the news of one alarm in one thread.",
        "https://chat.googleapis.com/v1/spaces/SPACE/messages?key=...&token=...",
        _render,
        f"{MAX_BYTES:,} bytes a message",
        per_second=1,
        hosts=("chat.googleapis.com",),
    )
)
