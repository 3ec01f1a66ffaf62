"""Microsoft Teams by the workflow "When a Teams webhook request is received", as Adaptive Cards."""

from __future__ import annotations

from typing import Any

from logq.notify.message import Message, Receiver
from logq.notify.notifier import Notifier, post, register
from logq.notify.shortening import fitted, shown
from logq.notify.telling import Told, tell, unmentioned
from logq.notify.transport import Request

MAX_BYTES = 20_000
"""The flow refuses 28,672 bytes, counted after it has made the message larger."""
_HEADINGS = {"ALARM": "Attention", "OK": "Good", "INSUFFICIENT_DATA": "Warning"}


def _text(text: str, **look: Any) -> dict[str, Any]:
    # Rich text is not read as Markdown, so nothing in it is a link, a picture or a heading.
    return {
        "type": "RichTextBlock",
        "inlines": [{"type": "TextRun", "text": unmentioned(text), **look}],
    }


def _card(told: Told, status: str) -> dict[str, Any]:
    colour = _HEADINGS.get(status, "Default")
    body = [_text(told.title, weight="Bolder", size="Large", color=colour)]
    for text in (told.reason, told.description, "\n".join((*told.facts, *told.others))):
        if text.strip():
            body.append(_text(text))
    body += [_text(line, fontType="Monospace", size="Small") for line in told.lines]
    if told.cut:
        body.append(_text(told.cut, isSubtle=True))
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": body,
        "msteams": {"width": "full"},
    }
    if told.links:
        card["actions"] = [
            {"type": "Action.OpenUrl", "title": words, "url": url} for words, url in told.links
        ]
    return card


def _render(message: Message, receiver: Receiver) -> Request:
    def request(shorter: Message) -> Request:
        card = _card(tell(shorter), shorter.notification.status)
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": card,
        }
        return post(receiver.url, {"type": "message", "attachments": [attachment]})

    return fitted(shown(message), request, lambda made: len(made.body) <= MAX_BYTES)


register(
    Notifier(
        "teams",
        "Microsoft Teams",
        "Posts to a channel or chat by a workflow of Teams that takes webhook requests; an answer"
        " of 202 says that the flow has it, not yet that it is posted.",
        "https://HOST.environment.api.powerplatform.com/.../workflows/...?sig=...",
        _render,
        f"{MAX_BYTES:,} bytes a message",
        per_second=1,
        hosts=("api.powerplatform.com", "logic.azure.com"),
    )
)
