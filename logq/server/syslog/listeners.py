"""Sockets that syslog messages come in at: TCP, TLS and UDP."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from logq.errors import InvalidValue
from logq.server.syslog.framing import Framing
from logq.server.syslog.options import Address, SyslogOptions
from logq.server.syslog.spool import Spool

MAX_CONNECTIONS = 1000
IDLE = 3600.0
"""Seconds without a byte after which a connection is closed. Long: a sender that does not look
loses what it writes next."""
_GRACE = 0.3  # seconds at the end for what the kernel holds already
_RECEIVE_BUFFER = 4 << 20
_KERNEL_SECONDS = 5.0


@dataclass(slots=True)
class Listeners:
    """What listens, and where."""

    tcp: Address | None = None
    udp: Address | None = None
    tls: Address | None = None
    connections: set[_Connection] = field(default_factory=set)


class _Connection(asyncio.Protocol):
    """One sender over TCP or TLS. While storage is behind, its bytes stay in the network."""

    def __init__(self, spool: Spool, listeners: Listeners, limit: int, idle: float) -> None:
        self._spool = spool
        self._listeners = listeners
        self._framing = Framing(limit)
        self._idle = idle
        self._sender = ""
        self._cut = 0
        self._timer: asyncio.TimerHandle | None = None
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        if len(self._listeners.connections) >= MAX_CONNECTIONS:
            self._spool.counters.refused += 1
            self.transport.abort()
            return
        self._listeners.connections.add(self)
        self._spool.counters.connections += 1
        peer = transport.get_extra_info("peername")
        self._sender = peer[0] if peer else ""
        self._heard()

    def data_received(self, data: bytes) -> None:
        self._heard()
        self._add(self._framing.feed(data))
        if self._spool.full and not self.transport.is_closing():
            self.transport.pause_reading()
            self._spool.when_room(self._go_on)

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self in self._listeners.connections:
            self._listeners.connections.discard(self)
            self._spool.counters.connections -= 1
            self._add(self._framing.finish())

    def _add(self, messages: list[bytes]) -> None:
        self._spool.counters.cut += self._framing.cut - self._cut
        self._cut = self._framing.cut
        self._spool.add(messages, self._sender)

    def _go_on(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def _heard(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._idle, self.transport.close)


class _Datagrams(asyncio.DatagramProtocol):
    """Senders over UDP, who cannot be made to wait."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def datagram_received(self, data: bytes, address: tuple[Any, ...]) -> None:
        message = data.rstrip(b"\r\n\0")
        if message:
            self._spool.offer(message, str(address[0]))


@asynccontextmanager
async def listening(
    options: SyslogOptions, spool: Spool, *, limit: int, idle: float = IDLE
) -> AsyncIterator[Listeners]:
    """Listen until the block ends, then take what is on its way and store all of it.

    ``limit`` is the longest message in bytes. Raises InvalidValue where an address cannot be had.
    """
    loop = asyncio.get_running_loop()
    listeners = Listeners()
    servers: list[asyncio.Server] = []
    datagrams: asyncio.DatagramTransport | None = None
    watching: asyncio.Task[None] | None = None
    storing = asyncio.create_task(spool.run())

    def connection() -> _Connection:
        return _Connection(spool, listeners, limit, idle)

    try:
        if options.tcp:
            with _had(options.tcp):
                servers.append(
                    await loop.create_server(connection, options.tcp.host, options.tcp.port)
                )
            listeners.tcp = _bound(servers[-1].sockets[0])
        if options.tls:
            encrypted, host, port = options.tls_context(), options.tls.host, options.tls.port
            with _had(options.tls):
                servers.append(await loop.create_server(connection, host, port, ssl=encrypted))
            listeners.tls = _bound(servers[-1].sockets[0])
        if options.udp:
            with _had(options.udp):
                sock = _udp(options.udp)
            datagrams, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(spool), sock=sock)
            listeners.udp = _bound(sock)
            watching = asyncio.create_task(_watch_kernel(sock, spool))
        yield listeners
    finally:
        for server in servers:
            server.close()
        if listeners.connections or datagrams is not None:
            await asyncio.sleep(_GRACE)
        if watching is not None:
            watching.cancel()
            await asyncio.wait([watching])
        if datagrams is not None:
            datagrams.close()
        for one in list(listeners.connections):
            one.transport.close()
        while listeners.connections:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        spool.close()
        await storing


@contextmanager
def _had(address: Address) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        raise InvalidValue(
            f"cannot listen for syslog on {address}: {words}",
            hint="ports below 1024 need root; another program may have this one",
        ) from None


def _bound(sock: Any) -> Address:
    name = sock.getsockname()
    return Address(name[0], name[1])


def _udp(address: Address) -> socket.socket:
    family, kind, protocol, _, place = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_DGRAM
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        sock.bind(place)
    except OSError:
        sock.close()
        raise
    return sock


async def _watch_kernel(sock: socket.socket, spool: Spool) -> None:
    """Count what the kernel throws away, until cancelled and then once more."""
    known = 0
    ended = False
    while not ended:
        try:
            await asyncio.sleep(_KERNEL_SECONDS)
        except asyncio.CancelledError:
            ended = True
        lost = kernel_drops(sock)
        if lost > known:
            spool.counters.received += lost - known
            spool.drop(lost - known, "the kernel's buffer was full")
            known = lost


def kernel_drops(sock: Any) -> int:
    """Datagrams that the kernel threw away because nobody read them in time; 0 if it won't say.

    Linux tells in the last column of ``/proc/net/udp``, by the socket's inode.
    """

    inode = str(os.fstat(sock.fileno()).st_ino)
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        path = Path(table)
        if not path.exists():
            continue
        for line in path.read_text().splitlines()[1:]:
            columns = line.split()
            if len(columns) > 12 and columns[9] == inode:
                return int(columns[12])
    return 0
