"""Links into this server's pages, where it was told by which address people reach it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, urlencode

from logq.notification import Notification


def linked(notification: Notification, public_url: str) -> Notification:
    """The notification with links to the alarm's page and to muting it, unless it has its own."""
    if not public_url or notification.kind not in ("alarm", "test"):
        return notification
    page = f"{public_url.rstrip('/')}/#/alarms/{quote(notification.subject.name, safe='')}"
    own = {"alarm": page, "mute_1h": f"{page}?mute=1h"}
    return replace(notification, links={**own, **notification.links})


def confirming(public_url: str, topic: str, token: str) -> str:
    """Where a receiver confirms that it wants a subscription; empty without an address."""
    if not public_url:
        return ""
    query = {
        "Action": "ConfirmSubscription",
        "Version": "2010-03-31",
        "TopicArn": topic,
        "Token": token,
    }
    return f"{public_url.rstrip('/')}/?{urlencode(query)}"
