"""A server inside this process: requests go to its application, and to no socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx2

Message = MutableMapping[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]
"""An ASGI application: https://asgi.readthedocs.io/en/latest/specs/www.html"""

URL = "http://localhost"


class Inside(httpx2.BaseTransport):
    """Has an application answer each request; the whole answer is held in memory."""

    def __init__(self, app: App) -> None:
        self._app = app

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The application's answer."""
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        body = request.read()
        answer: dict[str, Any] = {}
        parts: list[bytes] = []
        unread = [body]

        async def receive() -> Message:
            if not unread:  # nobody goes away in the middle
                await asyncio.Event().wait()
            return {"type": "http.request", "body": unread.pop(), "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.update(status_code=message["status"], headers=message.get("headers", []))
            else:
                parts.append(message.get("body", b""))

        await self._app(_scope(request), receive, send)
        return httpx2.Response(**answer, content=b"".join(parts))


def _scope(request: httpx2.Request) -> Message:
    path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.url.path,
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 80),
        "state": {},
    }
