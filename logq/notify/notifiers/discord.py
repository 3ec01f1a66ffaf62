"""Discord's webhooks: https://docs.discord.com/developers/resources/webhook#execute-webhook."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from logq.notify.message import Message, Receiver
from logq.notify.notifier import Notifier, post, register
from logq.notify.shortening import fitted, shown
from logq.notify.telling import Told, tell, unmentioned
from logq.notify.transport import Request

TITLE = 256
DESCRIPTION = 4096
TOTAL = 6000
LINKS = 2500
"""Characters of links: the alarm's own is there whatever its length."""
_MARKS = re.compile(r"([\\*_~`|>#\[\]()<-])")


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", unmentioned(text))


def _description(told: Told) -> str:
    facts = "\n".join((*told.facts, *told.others))
    parts = [_escaped(text) for text in (told.reason, told.description, facts, told.cut)]
    if told.lines:
        code = unmentioned("\n".join(told.lines)).replace("`", "`\u200b")
        parts.append(f"```\n{code}\n```")
    links = [f"[{words}]({_address(url)})" for words, url in told.links]
    parts.append(" · ".join(links if sum(map(len, links)) < LINKS else links[:1]))
    return "\n\n".join(part for part in parts if part.strip())


def _address(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")


def _embed(told: Told) -> dict[str, Any]:
    title, description = _escaped(told.title), _description(told)
    if len(title) > TITLE:  # names may be as long as that: then it is the text's first line
        title, description = told.title.partition(":")[0], f"**{title}**\n\n{description}"
    return {
        "title": title[:TITLE],
        "description": description,
        "color": int(told.colour.removeprefix("#"), 16),
    }


def _render(message: Message, receiver: Receiver) -> Request:
    embed = fitted(
        shown(message),
        lambda shorter: _embed(tell(shorter)),
        lambda made: (
            _units(made["description"]) <= DESCRIPTION
            and _units(made["title"]) + _units(made["description"]) <= TOTAL
        ),
    )
    body = {"username": "LogQ", "embeds": [embed], "allowed_mentions": {"parse": []}}
    return post(_waiting(receiver.url), body)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _waiting(url: str) -> str:
    """The address with ``wait=true``: without it Discord tells nothing of what went wrong."""
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "wait"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("wait", "true")])))


register(
    Notifier(
        "discord",
        "Discord",
        "Posts to a channel by a webhook of Discord; nobody is ever mentioned.",
        "https://discord.com/api/webhooks/ID/TOKEN",
        _render,
        f"{DESCRIPTION:,} characters a description and {TOTAL:,} a message",
        per_second=2,
        hosts=("discord.com", "discordapp.com"),
    )
)
