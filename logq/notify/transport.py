"""One request to one address that was looked up and checked, within one span of time."""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPConnection, HTTPException
from typing import Any

from logq.errors import InvalidValue
from logq.notify import guard
from logq.notify.guard import Allowed, Destination, Refused
from logq.notify.retry import Reply

SECONDS = 10.0
"""For one attempt: looking up, connecting, sending and reading the answer."""
MAX_REPLY = 64 << 10


class Unreachable(Exception):
    """A host that cannot be reached or does not answer in time."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"


class Transport:
    """Sends requests, never to what the guard refuses, and follows no redirect."""

    def __init__(
        self,
        allowed: Allowed,
        lookup: guard.Lookup = guard.lookup,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowed = allowed
        self._lookup = lookup
        self._seconds = seconds
        self._clock = clock

    def __call__(self, request: Request) -> Reply:
        """The answer, its body cut at 64 KB; raises Unreachable and Refused."""
        end = self._clock() + self._seconds
        try:
            place = guard.destination(request.url)
        except InvalidValue as error:
            raise Refused(error.message) from None
        timed = self._connect(place, end)
        connection = _Connection(timed, place)
        try:
            for name, value in request.headers.items():
                if not (name + value).isascii() or "\r" in name + value or "\n" in name + value:
                    raise Refused("a header holds characters that no header may hold")
            headers = {"User-Agent": "LogQ", "Accept": "*/*", "Connection": "close"}
            connection.request(
                request.method, place.target, request.body, headers | dict(request.headers)
            )
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, names, answer.read(MAX_REPLY))
        except TimeoutError:
            raise Unreachable(f"{place.host} did not answer in {self._seconds:.0f} s") from None
        except (OSError, HTTPException) as error:
            raise Unreachable(f"{place.host} broke off: {_words(error)}") from None
        finally:
            timed.give_back()

    def _connect(self, place: Destination, end: float) -> _Timed:
        try:
            addresses = self._lookup(place.host, place.port)
        except (OSError, UnicodeError):
            raise Unreachable(f"there is no host {place.host}") from None
        for address in guard.check(place, addresses, self._allowed):
            left = max(end - self._clock(), 0.01)
            try:
                raw = socket.create_connection((address, place.port), left)
            except OSError as error:
                failed = error
                continue
            try:
                if place.secure:
                    raw = _trusting().wrap_socket(raw, server_hostname=place.host)
            except ssl.SSLCertVerificationError as error:
                raw.close()
                why = error.verify_message.lower()
                raise Unreachable(f"{place.host} has no certificate to trust: {why}") from None
            except OSError as error:
                raw.close()
                failed = error
                continue
            return _Timed(raw, end, self._clock)
        raise Unreachable(f"{place.host} cannot be reached: {_words(failed)}")


@cache
def _trusting() -> ssl.SSLContext:
    return ssl.create_default_context()


def _words(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)[:200].lower()


class _Timed(io.RawIOBase):
    """A socket all of whose work must be done by one time."""

    def __init__(self, raw: socket.socket, end: float, clock: Callable[[], float]) -> None:
        self._raw = raw
        self._end = end
        self._clock = clock

    def _wait_no_longer(self) -> None:
        left = self._end - self._clock()
        if left <= 0:
            raise TimeoutError
        self._raw.settimeout(left)

    def sendall(self, data: bytes) -> None:
        self._wait_no_longer()
        self._raw.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wait_no_longer()
        return self._raw.recv_into(buffer)

    def close(self) -> None:
        """Left to ``give_back``: a connection closes its socket before the answer is read."""

    def give_back(self) -> None:
        self._raw.close()


class _Connection(HTTPConnection):
    """HTTP over a socket that is connected already; Host says what the address says."""

    def __init__(self, timed: _Timed, place: Destination) -> None:
        super().__init__(place.authority.rpartition(":")[0] or place.authority, place.port)
        self._place = place
        self.sock = timed

    def putrequest(
        self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False
    ) -> None:
        super().putrequest(method, url, skip_host=True, skip_accept_encoding=True)
        self.putheader("Host", self._place.authority)
