"""Following log groups of a server: its events as they come, also over a restart."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from logq.client.server import Server, error_of
from logq.errors import ServerUnavailable, Throttled

RETRY_SECONDS = 2.0
PATIENCE_SECONDS = 40.0
"""Longer than the server's time between two signs of life."""


@dataclass(frozen=True, slots=True)
class Message:
    """One part of the stream."""

    kind: str
    """``message`` for an event, else ``dropped``, ``warning``, ``error`` or ``end``."""
    data: Mapping[str, Any] | None
    position: str | None
    """Set on the last part of each look: what was sent up to here is complete."""


def follow(
    server: Server,
    groups: Sequence[str],
    lines: int,
    *,
    filter: str | None = None,
    query: str | None = None,
    lost: Callable[[str], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Message]:
    """The newest events and then every new one; it goes on where it was when a connection breaks.

    ``lost`` is told of every break. Raises what the server says of the request itself.
    """
    position: str | None = None
    begun = False
    while True:
        pending: list[Message] = []
        try:
            params = _params(groups, 0 if begun else lines, filter, query)
            for message in _stream(server, params, position):
                if message.kind == "end":
                    raise ServerUnavailable(f"{server.url} is being stopped")
                pending.append(message)
                if message.position is None:
                    continue
                # A look counts when it is complete: a broken one is sent again.
                begun, position = True, message.position
                yield from pending
                pending = []
            raise ServerUnavailable(f"{server.url} ended the stream")
        except Throttled as error:
            if not begun:
                raise
            lost(error.message)
            sleep(error.retry_after)
        except ServerUnavailable as error:
            if not begun:
                raise
            lost(error.message)
            sleep(RETRY_SECONDS)


def _params(
    groups: Sequence[str], lines: int, filter: str | None, query: str | None
) -> dict[str, Any]:
    given = {"filter": filter, "query": query}
    return {
        "group": list(groups),
        "lines": lines,
        **{name: text for name, text in given.items() if text is not None},
    }


def _stream(server: Server, params: Mapping[str, Any], position: str | None) -> Iterator[Message]:
    headers = {"Last-Event-ID": position} if position is not None else {}
    with server.stream(
        "GET", "/tail", params=params, headers=headers, timeout=PATIENCE_SECONDS
    ) as response:
        for block in _blocks(response.iter_bytes()):
            message = _message(block)
            if message is None:
                continue
            if message.kind == "error":
                raise error_of(message.data or {})
            yield message


def _blocks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n\n")
        yield from whole


def _message(block: bytes) -> Message | None:
    """What a block of server-sent events says; None for comments and the like."""
    kind, data, position = "message", None, None
    for line in block.split(b"\n"):
        name, _, value = line.partition(b": ")
        if name == b"event":
            kind = value.decode()
        elif name == b"data":
            data = orjson.loads(value)
        elif name == b"id":
            position = value.decode()
    if data is None and position is None:
        return None
    return Message(kind, data, position)
