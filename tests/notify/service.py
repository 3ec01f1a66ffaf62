"""A stand-in for chat services and receivers: an HTTP server on loopback that answers as told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Got:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Service:
    """The server, what it got, and what it is to answer next; 200 when nothing is said."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    silent: threading.Event = field(default_factory=threading.Event)
    """Set: it takes requests and does not answer until it is unset."""
    awake: threading.Event = field(default_factory=threading.Event)

    def answer(self, status: int, body: bytes = b"ok", **headers: str) -> None:
        """Answer so once, after what was said before."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, body))


@contextmanager
def serving() -> Iterator[Service]:
    """A service on a free port of 127.0.0.1."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.got.append(Got(self.path, headers, self.rfile.read(size)))
            if service.silent.is_set():
                service.awake.wait(60)
                return
            status, extra, body = service.answers.pop(0) if service.answers else (200, {}, b"ok")
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                return  # the other side has read enough

        def log_message(self, format: str, *values: object) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        service.awake.set()
        server.shutdown()
        thread.join()
        server.server_close()
