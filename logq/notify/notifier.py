"""A notifier and the registry of all: how a message is put for one kind of service."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from logq.errors import InvalidValue
from logq.notify.guard import destination
from logq.notify.message import Message, Receiver
from logq.notify.retry import Reply, Verdict, judge
from logq.notify.transport import Request


@dataclass(frozen=True, slots=True)
class Line:
    """An event for a log group, in place of a request."""

    group: str
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """A message for a library that knows services by itself, in place of a request."""

    url: str
    title: str
    body: str
    kind: str
    """``info``, ``success``, ``warning`` or ``failure``."""


Sent = Request | Line | Words


def check_url(url: str) -> str:
    """The lane of a web address, its host; raises InvalidValue."""
    place = destination(url)
    if place.host.endswith("webhook.office.com"):
        raise InvalidValue(
            "this is the address of a Microsoft 365 connector, and Microsoft has retired them",
            hint="make a workflow in Teams: 'When a Teams webhook request is received'; then use"
            " its address with the protocol teams",
        )
    return place.authority


@dataclass(frozen=True, slots=True)
class Notifier:
    """One kind of receiver."""

    name: str
    """The protocol of subscriptions."""
    title: str
    summary: str
    """A sentence for ``logq help notifiers``."""
    example: str
    """How an address looks."""
    render: Callable[[Message, Receiver], Sent]
    limit: str
    """What the service takes at most, in words."""
    per_second: float = 5.0
    """Messages a second to one address."""
    chat: bool = True
    """Whether people read it: then what comes thick and fast goes out in one message."""
    signs: bool = False
    """Whether messages carry a signature, made with a secret of the subscription."""
    confirms: bool = False
    """Whether the receiver has to confirm first that it wants this."""
    check: Callable[[str], str] = check_url
    """The lane of an address; raises InvalidValue."""
    judge: Callable[[Reply, int], Verdict] = judge
    hosts: tuple[str, ...] = ()
    """The service's own hosts, whose answers may be shown."""

    def speaks(self, lane: str) -> bool:
        """Whether a lane is the service itself, so that its answers may be shown."""
        return any(lane == host or lane.endswith("." + host) for host in self.hosts)


_NOTIFIERS: dict[str, Notifier] = {}


def register(notifier: Notifier) -> Notifier:
    """Add a notifier to the registry."""
    if notifier.name in _NOTIFIERS:
        raise ValueError(f"notifier {notifier.name!r} is registered twice")
    _NOTIFIERS[notifier.name] = notifier
    return notifier


@cache
def _load() -> None:
    package = importlib.import_module("logq.notify.notifiers")
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def notifiers() -> Mapping[str, Notifier]:
    """Every notifier by name."""
    _load()
    return dict(sorted(_NOTIFIERS.items()))


def notifier(protocol: str) -> Notifier:
    """The notifier of this name; raises InvalidValue."""
    found = notifiers().get(protocol)
    if found is None:
        raise InvalidValue(
            f"there is no notifier {protocol[:80]!r}", hint=f"one of {', '.join(notifiers())}"
        )
    return found


def post(url: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Request:
    """A request that posts JSON; texts in it are ASCII, so that sizes are sizes on the wire."""
    data = json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")
    return Request(url, data, {"Content-Type": "application/json"} | dict(headers or {}))
