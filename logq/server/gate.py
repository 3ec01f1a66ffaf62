"""What every request passes first: its id, its host, room for it; and what its answer bears."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logq.errors import AccessDenied, LogQError, Throttled
from logq.server import logs, problems
from logq.server.figures import Figures
from logq.server.problems import WrongHost

_LOG = logging.getLogger(__name__)
_ACCESS = logging.getLogger(logs.ACCESS)
ALWAYS = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths for which there is always room."""
_PUT_EVENTS = "Logs_20140328.PutLogEvents"
_BATCHES = "/batches"
"""How the routes below ``/api`` end that bring events; they limit their body themselves."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Headers of every answer; a route that knows better sets its own."""
HSTS = {"strict-transport-security": "max-age=31536000"}


@dataclass
class Room:
    """How many requests may be worked on at once; used by the event loop only."""

    setting: str
    most: int
    taken: int = 0

    def enter(self) -> Throttled | None:
        """Take a place; the error if there is none."""
        if self.taken >= self.most:
            return Throttled(
                f"the server works on {self.taken} requests of this kind already",
                hint=f"try again; the setting {self.setting} is the limit",
            )
        self.taken += 1
        return None


class Gate:
    """The outermost part of the application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        rooms: Mapping[str, Room],
        figures: Figures,
        secure: bool,
        is_wire: Callable[[Scope], bool],
        most_bytes: int,
    ) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._rooms = rooms
        self._figures = figures
        added = {**SECURITY, **(HSTS if secure else {})}
        self._headers = [(name.encode(), value.encode()) for name, value in added.items()]
        self._is_wire = is_wire
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            return
        passing = _Passing(self, scope, send)
        try:
            await self._pass(passing, scope, receive)
        except ClientDisconnect:
            passing.gone = True
        except Exception:
            _LOG.exception("a request failed", extra={"fields": {"request": passing.id}})
            if not passing.status:
                await problems.unexpected(passing.id)(scope, receive, passing.send)
        finally:
            passing.leave()
            passing.tell()

    async def _pass(self, passing: _Passing, scope: Scope, receive: Receive) -> None:
        passing.room = self._refuse_or_admit(scope, passing)
        if passing.refused is not None and not self._is_wire(scope):
            await problems.response(passing.refused)(scope, receive, passing.send)
            return
        if passing.refused is not None:
            receive = _nothing  # its body is not read; the route says no in its own words
        if not _is_rest(scope):
            await self._app(scope, receive, passing.send)
            return
        with suppress(problems.TooLarge):
            await self._app(scope, passing.limited(receive, self._most_bytes), passing.send)
        if passing.too_large and not passing.status:
            passing.too_large = False
            await problems.response(too_large(self._most_bytes))(scope, receive, passing.send)

    def _refuse_or_admit(self, scope: Scope, passing: _Passing) -> Room | None:
        headers = Headers(scope=scope)
        try:
            check_host(headers.get("host", ""), self._hosts)
            check_origin(headers)
            length = headers.get("content-length", "")
            if _is_rest(scope) and length.isdecimal() and int(length) > self._most_bytes:
                raise too_large(self._most_bytes)
        except LogQError as error:
            passing.refuse(error)
            return None
        if scope["path"] in ALWAYS:
            return None
        room = self._rooms["arrivals" if brings_events(scope, headers) else "requests"]
        full = room.enter()
        if full is not None:
            self._figures.refused(room.setting)
            passing.refuse(full)
            return None
        return room

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """What every answer bears."""
        return self._headers

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._figures.answered(method, route, status, seconds)


class _Passing:
    """One request on its way."""

    def __init__(self, gate: Gate, scope: Scope, send: Send) -> None:
        self.id = str(uuid.uuid4())
        self.refused: LogQError | None = None
        self.room: Room | None = None
        self.status = 0
        self.gone = False
        self.too_large = False
        self._gate = gate
        self._scope = scope
        self._send = send
        self._began = time.monotonic()
        self._waited = 0.0
        scope.setdefault("state", {})["request_id"] = self.id

    def refuse(self, error: LogQError) -> None:
        """Have the route say no."""
        self.refused = error
        self._scope["state"]["refused"] = error

    def limited(self, receive: Receive, most: int) -> Receive:
        """A body that may not be larger."""
        size = 0

        async def part() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                self.too_large = True
                raise too_large(most)
            return message

        return part

    async def send(self, message: Message) -> None:
        """Send on, with what every answer bears; the beginning of the answer makes room."""
        if self.too_large and not self.status:
            return  # whatever the route made of a body without its end
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._waited = time.monotonic() - self._began
            given = {name.lower() for name, _ in message.get("headers", ())}
            added = [pair for pair in self._gate.headers if pair[0] not in given]
            if b"x-amzn-requestid" not in given:
                added.append((b"x-request-id", self.id.encode()))
            message = {**message, "headers": [*message.get("headers", ()), *added]}
            self.leave()
        await self._send(message)

    def leave(self) -> None:
        """Give the place back."""
        if self.room is not None:
            self.room.taken -= 1
            self.room = None

    def tell(self) -> None:
        """Count the request and log it."""
        scope = self._scope
        method = scope["method"] if scope["method"] in _METHODS else "other"
        if self.status:
            route = getattr(scope.get("route"), "path", None) or "none"
            self._gate.answered(method, route, self.status, self._waited)
        if _ACCESS.isEnabledFor(logging.INFO):
            client = scope.get("client")
            fields = {
                "request": self.id,
                "client": client[0] if client else "",
                "method": scope["method"],
                "path": scope["path"],
                "status": self.status or ("gone" if self.gone else "none"),
                "ms": round((time.monotonic() - self._began) * 1000, 1),
            }
            _ACCESS.info("request", extra={"fields": fields})


def brings_events(scope: Scope, headers: Headers) -> bool:
    """Whether a request brings events, rather than asks."""
    if scope["method"] not in ("POST", "PUT"):
        return False
    target = headers.get("x-amz-target")
    if target is not None:
        return target == _PUT_EVENTS
    path = scope["path"]
    if path.startswith("/api/"):
        return bool(path.endswith(_BATCHES))
    return path != "/" and not path.startswith("/service/")


def too_large(most: int) -> problems.TooLarge:
    """The error of a body over the limit."""
    return problems.TooLarge(
        f"the body is larger than {most:,} bytes", hint="the setting request_bytes is the limit"
    )


def _is_rest(scope: Scope) -> bool:
    path = scope["path"]
    return bool(path.startswith("/api/") and not path.endswith(_BATCHES))


def check_host(host: str, known: frozenset[str]) -> None:
    """Raise WrongHost for a name that is not ours: somebody's page may have made it point here.

    A page can only do that with a name of its own, so every address is good.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        name = ""
    if name in known or name.endswith(".localhost"):
        return
    try:
        ip_address(name)
    except ValueError:
        raise WrongHost(
            f"this server is not {name[:100]!r}",
            hint="call it by its address, or name it in the setting server_hosts",
        ) from None


def check_origin(headers: Headers) -> None:
    """Raise AccessDenied for what a page of another site has a browser send."""
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site", "")
    foreign = site in ("cross-site", "same-site")
    if origin is not None:
        foreign = foreign or urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    if foreign and headers.get("sec-fetch-mode") != "navigate":
        raise AccessDenied(
            "requests from pages of other sites are not answered",
            hint="call the API from a program, or from the console of this server",
        )


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
