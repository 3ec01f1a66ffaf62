"""The hundred other services that the library Apprise knows: https://github.com/caronc/apprise."""

from __future__ import annotations

from importlib.util import find_spec
from urllib.parse import urlsplit

from logq.errors import InvalidValue
from logq.notify.message import Message, Receiver
from logq.notify.notifier import Notifier, Words, register
from logq.notify.shortening import fitted, shown
from logq.notify.telling import tell, unmentioned

MAX_BODY = 2000
"""Characters; the library cuts further where a service takes less."""
_HERE = frozenset({"dbus", "kde", "qt", "glib", "gnome", "macosx", "windows", "syslog", "file"})
"""Schemes that mean this machine and no service."""
_KINDS = {"ALARM": "failure", "OK": "success", "INSUFFICIENT_DATA": "warning"}


def _check(url: str) -> str:
    scheme = urlsplit(url).scheme.lower()
    if find_spec("apprise") is None:
        raise InvalidValue(
            "the protocol apprise needs the library Apprise, which is not installed",
            hint="pip install 'logq[apprise]'",
        )
    import apprise

    if scheme in _HERE or not scheme or apprise.Apprise.instantiate(url) is None:
        raise InvalidValue(
            "the address is none that Apprise knows",
            hint="see https://github.com/caronc/apprise/wiki for the address of a service",
        )
    return f"apprise {scheme}"


def _body(message: Message) -> str:
    told = tell(message)
    links = (f"{words}: {url}" for words, url in told.links)
    parts = (
        told.reason,
        told.description,
        "\n".join((*told.facts, *told.others)),
        "\n".join(told.lines),
        told.cut,
        "\n".join(links),
    )
    return unmentioned("\n\n".join(part for part in parts if part.strip()))


def _render(message: Message, receiver: Receiver) -> Words:
    body = fitted(shown(message), _body, lambda text: len(text) <= MAX_BODY)
    kind = _KINDS.get(message.notification.status, "info")
    return Words(receiver.url, unmentioned(tell(message).title), body, kind)


register(
    Notifier(
        "apprise",
        "Apprise",
        "Sends by the library Apprise, an extra of LogQ, to any of the services that it knows.",
        "mailto://...  pover://...  tgram://...",
        _render,
        f"{MAX_BODY:,} characters a message",
        per_second=1,
        check=_check,
    )
)
