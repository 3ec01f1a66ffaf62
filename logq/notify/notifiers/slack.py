"""Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from logq.notify.message import Message, Receiver
from logq.notify.notifier import Notifier, post, register
from logq.notify.shortening import fitted, shown
from logq.notify.telling import Told, tell, unmentioned
from logq.notify.transport import Request

SECTION = 3000
TOTAL = 9000
"""Characters of all blocks together: Slack refuses more somewhere above, and does not say where."""
BUTTON_URL = 3000


def _escaped(text: str) -> str:
    text = unmentioned(text).replace("&", "&amp;")
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": _escaped(text), "emoji": False}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _plain(text)}


def _blocks(told: Told) -> list[dict[str, Any]]:
    blocks = []
    for text in (told.reason, told.description, "\n".join((*told.facts, *told.others)), told.cut):
        if text.strip():
            blocks.append(_section(text))
    if told.lines:
        # The marks of a code block cannot be ended from inside once there are no three of them.
        text = "\n".join(told.lines).replace("```", "`\u200b`\u200b`")
        words = f"```{_escaped(text)}```"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": words}})
    buttons = [
        {"type": "button", "text": _plain(words), "url": url}
        for words, url in told.links
        if len(url) <= BUTTON_URL
    ]
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return blocks


def _render(message: Message, receiver: Receiver) -> Request:
    def body(shorter: Message) -> dict[str, Any]:
        told = tell(shorter)
        return {
            "text": _escaped(told.title),
            "attachments": [
                {"color": told.colour, "fallback": _escaped(told.title), "blocks": _blocks(told)}
            ],
        }

    return post(receiver.url, fitted(shown(message), body, _fits))


def _fits(body: Mapping[str, Any]) -> bool:
    blocks = body["attachments"][0]["blocks"]
    sizes = [len(body["text"])]
    sizes += [len(block["text"]["text"]) for block in blocks if "text" in block]
    return max(sizes) <= SECTION and sum(sizes) <= TOTAL


register(
    Notifier(
        "slack",
        "Slack",
        "Posts to a channel by an incoming webhook of Slack.",
        "https://hooks.slack.com/services/T.../B.../...",
        _render,
        f"{SECTION:,} characters a block and {TOTAL:,} a message",
        per_second=1,
        hosts=("hooks.slack.com",),
    )
)
