"""Where one syslog message ends in a stream of bytes and the next begins (RFC 6587).

A message that begins with a count is as long as that says (octet counting); any other ends at a
newline. Senders may mix both. A message over the limit is cut, and what is beyond is passed over.
"""

from __future__ import annotations

import re

_COUNT = re.compile(rb"[1-9][0-9]{0,8} ")
_PERHAPS_COUNT = re.compile(rb"[1-9][0-9]{0,8}")
_FILLERS = b"\r\n\0"


class Framing:
    """Takes the bytes of one connection, in order."""

    def __init__(self, limit: int) -> None:
        self.cut = 0
        """Messages that were cut."""
        self._limit = limit
        self._pending = b""
        self._skip = 0
        self._skip_line = False

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that the next bytes complete."""
        rest = self._pending + data
        found: list[bytes] = []
        at = 0
        while at < len(rest):
            if self._skip or self._skip_line:
                at = self._passed_over(rest, at)
                continue
            if rest[at] in _FILLERS:
                at += 1
                continue
            end = self._one(rest, at, found)
            if end is None:
                break
            at = end
        self._pending = rest[at:]
        return found

    def finish(self) -> list[bytes]:
        """The message that the connection's end left without one of its own."""
        last, self._pending = self._pending.rstrip(_FILLERS), b""
        counted = _COUNT.match(last)
        if counted:
            last = last[counted.end() :]
        return [last] if last else []

    def _one(self, rest: bytes, at: int, found: list[bytes]) -> int | None:
        """Take the message at a position; where it ends, or None if that is still to come."""
        counted = _COUNT.match(rest, at)
        if counted:
            length, start = int(counted[0]), counted.end()
            if length > self._limit:
                if len(rest) - start < self._limit:
                    return None
                self._take_cut(rest[start : start + self._limit], found)
                self._skip = length - self._limit
                return start + self._limit
            if len(rest) - start < length:
                return None
            self._take(rest[start : start + length], found)
            return start + length
        newline = rest.find(b"\n", at)
        if newline < 0:
            if len(rest) - at <= self._limit or _PERHAPS_COUNT.fullmatch(rest, at):
                return None
            self._take_cut(rest[at : at + self._limit], found)
            self._skip_line = True
            return at + self._limit
        if newline - at > self._limit:
            self._take_cut(rest[at : at + self._limit], found)
        else:
            self._take(rest[at:newline], found)
        return newline + 1

    def _passed_over(self, rest: bytes, at: int) -> int:
        if self._skip:
            step = min(self._skip, len(rest) - at)
            self._skip -= step
            return at + step
        newline = rest.find(b"\n", at)
        self._skip_line = newline < 0
        return len(rest) if newline < 0 else newline + 1

    def _take(self, message: bytes, found: list[bytes]) -> None:
        message = message.rstrip(_FILLERS)
        if message:
            found.append(message)

    def _take_cut(self, message: bytes, found: list[bytes]) -> None:
        self.cut += 1
        self._take(message, found)
