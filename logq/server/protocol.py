"""HTTP as uvicorn reads it, for clients that are slow or send too much before the body."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_BYTES = 32 << 10
SLOWEST = 10_000
"""Bytes of a body that a client must bring a second, after its time of grace."""


def protocol(header_seconds: float, body_seconds: float) -> type[asyncio.Protocol]:
    """A protocol that gives a request so much time to arrive."""

    class Patient(_Patient):
        header_time = header_seconds
        body_time = body_seconds

    return Patient


class _Patient(HttpToolsProtocol):
    """Ends connections whose request does not arrive: 408, or 431 for a header without end."""

    header_time: float
    body_time: float

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._reading_header = True
        self._header_size = 0
        self._began = 0.0
        self._came = 0
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect(self.header_time)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._came += len(data)
        if self._reading_header:
            self._header_size += len(data)
        super().data_received(data)
        if self._reading_header and self._header_size > HEADER_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._timer is None:
            self._expect(self.header_time)
        self._reading_header = True

    def on_headers_complete(self) -> None:
        self._reading_header = False
        self._header_size = 0
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > HEADER_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        self._began, self._came = time.monotonic(), 0
        self._expect(self.body_time)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._expect(None)
        if not self._refused:
            super().on_message_complete()

    def _expect(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._late)

    def _late(self) -> None:
        self._timer = None
        if not self._reading_header:
            spent = time.monotonic() - self._began
            left = self.body_time + self._came / SLOWEST - spent
            if self.flow.read_paused:  # it is we who do not read on
                left = self.body_time
            if left > 0:
                self._expect(left)
                return
        elif not self._header_size:
            self.transport.close()  # nothing was asked
            return
        self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer a request that no route has seen, or that never came whole, and hang up."""
        self._refused = True
        self._expect(None)
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            self.transport.write(f"{head}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        self.transport.close()
