"""Sending by the library Apprise, an extra, under the same guard as everything else."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from functools import cache
from typing import Any

from logq.notify import guard
from logq.notify.guard import Allowed, Refused
from logq.notify.notifier import Words
from logq.notify.retry import Outcome, Verdict

_watched = threading.local()


def speak(words: Words, allowed: Allowed) -> Verdict:
    """Send by Apprise; it may connect only to where LogQ itself may.

    By the service itself, which works in this thread: ``Apprise.notify`` would hand it to a thread
    of its own, where nobody watches.
    """
    _install_watch()
    import apprise

    service = apprise.Apprise.instantiate(words.url)
    if service is None:
        return Verdict(Outcome.NEVER, "Apprise does not know the address")
    _watched.allowed, _watched.refused = allowed, None
    try:
        with _Silence():
            done = service.notify(body=words.body, title=words.title, notify_type=words.kind)
    finally:
        refused, _watched.allowed = _watched.refused, None
    if refused:
        return Verdict(Outcome.NEVER, refused)
    if done:
        return Verdict(Outcome.DELIVERED, "Apprise has sent it")
    return Verdict(Outcome.LATER, "Apprise could not send it")


class _Silence:
    """Apprise logs addresses, which are secrets."""

    def __enter__(self) -> None:
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)

    def __exit__(self, *_: object) -> None:
        """It stays silent."""


@cache
def _install_watch() -> None:
    """Python tells of every connection that is about to be made in this process."""
    sys.addaudithook(_look)


def _look(event: str, given: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    allowed: Allowed | None = getattr(_watched, "allowed", None)
    address = given[1]
    if allowed is None or not isinstance(address, tuple):
        return
    try:
        host = str(address[0])
        for found in [host] if _is_address(host) else guard.lookup(host, int(address[1])):
            guard.permit(found, [found], allowed)
    except Refused as error:
        _watched.refused = str(error)
        raise ConnectionRefusedError(str(error)) from None


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.partition("%")[0])
            return True
        except OSError:
            continue
    return False
