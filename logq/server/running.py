"""The server as a program: its socket, its rules of starting, its signals and its end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Any

import anyio.to_thread
import uvicorn
from starlette.types import ASGIApp

from logq.access.caller import ADMINISTRATOR
from logq.actions.counted import Counted
from logq.app import LogQ, OwnGroups
from logq.config import table
from logq.errors import InvalidValue, LogQError, StorageError
from logq.rounds import Rounds
from logq.server import cloudwatch, create_app, syslog
from logq.server.cloudwatch.operation import operations
from logq.server.figures import Figures
from logq.server.gate import Gate, Room
from logq.server.protocol import protocol
from logq.server.service import Service
from logq.work.asking import asking
from logq.work.pool import Workers

_LOG = logging.getLogger(__name__)
KEEP_ALIVE_SECONDS = 30
_SPARE_THREADS = 16


@dataclass(frozen=True, slots=True)
class Binding:
    """Where to listen, and how."""

    host: str = "127.0.0.1"
    port: int = 5080
    certificate: Path | None = None
    key: Path | None = None
    insecure: bool = False
    """Listen off loopback also without TLS or before there is a key."""

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.certificate is not None

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


def check(binding: Binding, logq: LogQ) -> None:
    """Raise InvalidValue for a server that others could use or overhear; see ``--insecure``."""
    if (binding.certificate is None) != (binding.key is None):
        raise InvalidValue("TLS needs a certificate and its key", hint="give both")
    if binding.local or binding.insecure:
        return
    if not binding.secure:
        raise InvalidValue(
            f"{binding.host} can be reached by other machines, and there is no TLS",
            hint="give --tls-cert and --tls-key, or --insecure where a proxy does it",
        )
    if logq.access.open_to_local():
        raise InvalidValue(
            f"{binding.host} can be reached by other machines, and there is no key yet",
            hint="make one with 'logq keys create', or give --insecure",
        )


def listen(binding: Binding) -> socket.socket:
    """The listening socket; raises StorageError or InvalidValue in plain words."""
    try:
        found = socket.getaddrinfo(
            binding.host, binding.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise InvalidValue(f"there is no address {binding.host!r}: {error.strerror}") from None
    family, _, _, _, address = found[0]
    try:
        listening = socket.create_server(address[:2], family=family, backlog=1024)
        # Inherited by its connections, where asyncio leaves it out because the socket does not
        # name its protocol: else every answer waits 40 ms for the acknowledgement of its headers.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InvalidValue(
                f"port {binding.port} of {binding.host} is in use",
                hint="another 'logq serve' may be running; --port chooses another, 0 a free one",
            ) from None
        raise StorageError(
            f"cannot listen on {binding.host} port {binding.port}: {(error.strerror or '').lower()}"
        ) from None


def url_of(binding: Binding, listening: socket.socket) -> str:
    """The address that clients use."""
    host, port = listening.getsockname()[:2]
    shown = "127.0.0.1" if host == "0.0.0.0" else "[::1]" if host == "::" else host
    if ":" in shown and not shown.startswith("["):
        shown = f"[{shown}]"
    return f"{'https' if binding.secure else 'http'}://{shown}:{port}"


class Server(uvicorn.Server):
    """uvicorn's server, which tells when it is ready and ends what does not end by itself."""

    def __init__(
        self,
        config: uvicorn.Config,
        stopping: threading.Event,
        threads: int,
        ready: Callable[[Server], None],
    ) -> None:
        super().__init__(config)
        self._stopping = stopping
        self._threads = threads
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As always, and say so."""
        anyio.to_thread.current_default_thread_limiter().total_tokens = self._threads
        await super().startup(sockets)
        self._ready(self)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer no more, finish what was begun; tails end by themselves now."""
        self._stopping.set()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT end the server, and not the process before it is tidied up."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    logq: LogQ,
    binding: Binding,
    started: Callable[[str, Server], None] = lambda url, server: None,
    syslog_options: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Serve a data directory until SIGTERM or SIGINT, or ``Server.should_exit``.

    ``started`` is told the address once requests are answered; ``syslog_options`` are those of the
    configuration's table ``[syslog]``, and go before them. Raises LogQError for what keeps it from
    starting.
    """
    check(binding, logq)
    wanted = syslog.read_options({**table(logq.options, "syslog"), **syslog_options})
    logq.storage.check_writable()  # what cannot be used is told before anything listens
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(contextlib.closing(listen(binding)))
        figures = Figures()
        pool = stack.enter_context(Workers(logq.data, logq.settings, logq.clock))
        counted = Counted(logq.audit, logq.monitoring.own.count)
        service = Service(logq, pool, counted, ADMINISTRATOR, binding.local, figures)
        stack.callback(service.runs.close)
        stack.enter_context(_upkeep(logq))
        stack.enter_context(_keeping_metrics(logq))
        stack.enter_context(_monitoring(logq, pool))
        logq.when_accepted(figures.accepted)
        _gauges(figures, pool)
        _notification_gauges(figures, logq)
        logq.audit.notify = _LOG.warning  # so that a copy of each digest lies elsewhere
        logq.audit.start()
        url = url_of(binding, listening)
        app = _application(service, binding, figures)

        def ready(server: Server) -> None:
            _notify_systemd("READY=1")
            started(url, server)

        threads = logq.settings.server_requests + logq.settings.server_arrivals + _SPARE_THREADS
        server = Server(_config(app, logq, binding), service.stopping, threads, ready)
        operations()  # what a first request would wait for
        pool.wait_until_ready(10)
        asyncio.run(_serve_all(server, listening, service, wanted))
        _notify_systemd("STOPPING=1")


async def _serve_all(
    server: Server, listening: socket.socket, service: Service, wanted: syslog.SyslogOptions
) -> None:
    """Serve HTTP and, beside it, syslog, whose messages are all stored when this ends."""
    async with syslog.running(service, wanted):
        await server.serve(sockets=[listening])


def _application(service: Service, binding: Binding, figures: Figures) -> ASGIApp:
    settings = service.logq.settings
    hosts = ["localhost", binding.host, *settings.server_hosts.replace(",", " ").split()]
    if not binding.local:
        hosts += [socket.gethostname(), socket.getfqdn()]
    return Gate(
        create_app(service),
        hosts=hosts,
        rooms={
            "requests": Room("server_requests", settings.server_requests),
            "arrivals": Room("server_arrivals", settings.server_arrivals),
        },
        figures=figures,
        secure=binding.secure,
        is_wire=cloudwatch.spoken,
        most_bytes=settings.request_bytes,
    )


def _config(app: ASGIApp, logq: LogQ, binding: Binding) -> uvicorn.Config:
    settings = logq.settings
    return uvicorn.Config(
        app,
        http=protocol(settings.header_seconds, settings.body_seconds),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # anybody could say so
        server_header=False,
        limit_concurrency=settings.server_connections,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        ssl_certfile=binding.certificate,
        ssl_keyfile=binding.key,
    )


@contextlib.contextmanager
def _upkeep(logq: LogQ) -> Iterator[None]:
    """Sealing, compaction and retention in a process of their own, meanwhile."""
    from logq.storage.keeper import keeping, maintain_apart

    def notify(text: str) -> None:
        _LOG.warning(text)

    with keeping(lambda: maintain_apart(logq.data, logq.settings), notify) as keeper:
        logq.storage.when_journal_is_full(lambda _: keeper.nudge())
        yield


@contextlib.contextmanager
def _monitoring(logq: LogQ, pool: Workers) -> Iterator[None]:
    """Alarms are evaluated in a thread meanwhile."""
    logq.monitoring.ask = asking(pool)
    rounds = Rounds(logq.data, logq.monitoring, OwnGroups(logq), logq.clock)
    stop = threading.Event()
    thread = threading.Thread(target=rounds.run, args=(stop,), name="monitoring")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        rounds.stop()
        thread.join()


@contextlib.contextmanager
def _keeping_metrics(logq: LogQ) -> Iterator[None]:
    """Metrics grow old, and what this process counts is stored every minute, meanwhile.

    Each process does so, whoever of them evaluates alarms.
    """
    stop = threading.Event()

    def keep() -> None:
        wait = 0.0
        while not stop.wait(wait):
            now = logq.clock()
            try:
                wait = max(0.1, (logq.monitoring.keep(now) - now) / 1000)
            except LogQError as error:
                _LOG.warning("metrics: %s", error.message)
                wait = 60.0
            except Exception:
                _LOG.exception("looking after metrics failed; it is tried again")
                wait = 60.0

    thread = threading.Thread(target=keep, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _gauges(figures: Figures, pool: Workers) -> None:
    figures.gauge("logq_workers_alive", "Query processes that run.", lambda: pool.alive)
    figures.gauge("logq_workers_idle", "Query processes that wait.", lambda: pool.idle)
    figures.gauge("logq_queries_waiting", "Queries that wait.", lambda: pool.waiting)


def _notification_gauges(figures: Figures, logq: LogQ) -> None:
    told, notify = logq.monitoring.notifications, logq.monitoring.notify
    for outcome, help in (
        ("Delivered", "Notifications and events that arrived, since the start."),
        ("Failed", "Notifications and events whose delivery failed in one attempt."),
        ("Dead", "Notifications and events that were given up."),
    ):
        name = f"logq_notifications_{outcome.lower()}"
        figures.gauge(name, help, partial(_counted, told, outcome))
    figures.gauge("logq_outbox_waiting", "Entries of the outbox.", lambda: notify.waiting()[0])


def _counted(counts: Mapping[str, int], name: str) -> float:
    return counts.get(name, 0)


def _notify_systemd(state: str) -> None:
    """Tell systemd, where it wants to know (sd_notify)."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as target:
        target.sendto(state.encode(), address)
