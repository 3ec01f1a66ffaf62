"""Syslog over real sockets of loopback: what comes in is stored, in order, or counted as lost."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from logq.errors import InvalidConfig, InvalidValue, StorageError
from logq.server.syslog import read_options
from logq.server.syslog.listeners import Listeners, listening
from logq.server.syslog.options import Address
from logq.server.syslog.reading import Received, events
from logq.server.syslog.spool import Counters, Spool

HERE = Address("127.0.0.1", 0)


class Kept:
    """A store that remembers, and refuses as long as ``refuse`` is set."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.senders: set[str] = set()
        self.batches = 0
        self.refuse: Exception | None = None
        self.open = threading.Event()
        self.open.set()

    def __call__(self, received: Sequence[Received]) -> None:
        self.open.wait(60)
        if self.refuse is not None:
            raise self.refuse
        self.batches += 1
        self.messages += [one.message for one in received]
        self.senders |= {one.sender for one in received}


@asynccontextmanager
async def listen(
    kept: Kept,
    *,
    limit: int = 1000,
    idle: float = 60,
    max_bytes: int = 1 << 20,
    options: Mapping[str, object] = MappingProxyType({}),
    **more: object,
) -> AsyncIterator[tuple[Listeners, Counters]]:
    """Listeners on free ports."""
    counters = Counters()
    spool = Spool(kept, counters, max_bytes=max_bytes, batch_age=0.02)
    wanted = read_options({name: str(value) for name, value in {**options, **more}.items()})
    async with listening(wanted, spool, limit=limit, idle=idle) as found:
        yield found, counters


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.005)


def send_tcp(address: Address | None, data: bytes) -> None:
    assert address is not None
    with socket.create_connection((address.host, address.port), timeout=60) as connection:
        connection.sendall(data)


def test_messages_over_tcp_are_stored_in_order_whatever_their_framing() -> None:
    kept = Kept()
    sent = [b"<14>message %d" % n for n in range(2000)]
    data = b"".join(b"%d %s" % (len(m), m) if n % 3 else m + b"\n" for n, m in enumerate(sent))

    async def run() -> None:
        async with listen(kept, tcp=HERE) as (found, counters):
            await asyncio.to_thread(send_tcp, found.tcp, data)
            await until(lambda: counters.stored == len(sent))

    asyncio.run(run())

    assert kept.messages == sent
    assert kept.senders == {"127.0.0.1"}
    assert kept.batches < 100


def test_what_is_on_its_way_at_the_end_is_stored() -> None:
    kept = Kept()

    async def run() -> Counters:
        async with listen(kept, tcp=HERE, udp=HERE) as (found, counters):
            assert found.tcp is not None
            assert found.udp is not None
            _, writer = await asyncio.open_connection(found.tcp.host, found.tcp.port)
            writer.write(b"<1>whole\n<1>without an end")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.sendto(b"<1>datagram\n", (found.udp.host, found.udp.port))
        writer.close()
        return counters

    counters = asyncio.run(run())

    assert sorted(kept.messages) == [b"<1>datagram", b"<1>whole", b"<1>without an end"]
    assert (counters.received, counters.stored, counters.connections) == (3, 3, 0)


def test_while_storage_is_behind_tcp_waits_and_loses_nothing() -> None:
    kept = Kept()
    kept.open.clear()
    message = b"<1>" + b"x" * 996 + b"\n"
    count = 20_000

    async def run() -> None:
        async with listen(kept, max_bytes=100_000, tcp=HERE) as (found, counters):
            sending = asyncio.create_task(asyncio.to_thread(send_tcp, found.tcp, message * count))
            await until(lambda: counters.received >= 90)
            before = counters.received
            await asyncio.sleep(0.1)
            assert counters.received - before < count // 2
            assert not sending.done()
            kept.open.set()
            await sending
            await until(lambda: counters.stored == count)
            assert not counters.dropped

    asyncio.run(run())

    assert len(kept.messages) == count


def test_datagrams_that_find_no_room_are_counted() -> None:
    kept = Kept()
    kept.open.clear()

    async def run() -> Counters:
        async with listen(kept, max_bytes=50_000, udp=HERE) as (found, counters):
            assert found.udp is not None
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                for _ in range(200):
                    sock.sendto(b"<1>" + b"x" * 900, (found.udp.host, found.udp.port))
            await until(lambda: counters.received == 200)
            kept.open.set()
        return counters

    counters = asyncio.run(run())

    assert counters.dropped["the buffer is full"] > 100
    assert counters.stored == len(kept.messages) == 200 - counters.dropped.total()


@pytest.mark.skipif(not Path("/proc/net/udp").exists(), reason="the kernel does not tell")
def test_datagrams_that_the_kernel_threw_away_are_counted() -> None:
    kept = Kept()

    async def run() -> tuple[Counters, int]:
        async with listen(kept, udp=HERE) as (found, counters):
            assert found.udp is not None
            sent = 0
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                while not sent or sent % 20_000:  # nobody reads while this loop runs
                    sock.sendto(b"<1>" + b"x" * 900, (found.udp.host, found.udp.port))
                    sent += 1
        return counters, sent

    counters, sent = asyncio.run(run())

    assert counters.dropped.total() > 0
    assert counters.received == counters.stored + counters.dropped.total() == sent


def test_storage_is_tried_again_and_what_may_never_be_stored_is_counted() -> None:
    kept = Kept()
    kept.refuse = StorageError("the disk is away")

    async def run() -> Counters:
        async with listen(kept, tcp=HERE) as (found, counters):
            await asyncio.to_thread(send_tcp, found.tcp, b"<1>a\n")
            await until(lambda: counters.received == 1)
            await asyncio.sleep(0.1)
            assert counters.stored == 0
            kept.refuse = None
            await until(lambda: counters.stored == 1)
            kept.refuse = InvalidValue("no such group")
            await asyncio.to_thread(send_tcp, found.tcp, b"<1>b\n")
            await until(lambda: counters.dropped["no such group"] == 1)
        return counters

    assert asyncio.run(run()).received == 2
    assert kept.messages == [b"<1>a"]


def test_a_connection_that_says_nothing_is_closed() -> None:
    async def run() -> None:
        async with listen(Kept(), idle=0.1, tcp=HERE) as (found, counters):
            assert found.tcp is not None
            reader, writer = await asyncio.open_connection(found.tcp.host, found.tcp.port)
            await until(lambda: counters.connections == 1)
            assert await asyncio.wait_for(reader.read(), 60) == b""
            writer.close()

    asyncio.run(run())


def test_connections_over_the_limit_are_refused_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("logq.server.syslog.listeners.MAX_CONNECTIONS", 1)
    kept = Kept()

    async def run() -> None:
        async with listen(kept, tcp=HERE) as (found, counters):
            assert found.tcp is not None
            _, writer = await asyncio.open_connection(found.tcp.host, found.tcp.port)
            await until(lambda: counters.connections == 1)
            await asyncio.open_connection(found.tcp.host, found.tcp.port)
            await until(lambda: counters.refused == 1)
            writer.write(b"<1>a\n")
            await until(lambda: counters.stored == 1)
            writer.close()

    asyncio.run(run())


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    try:
        subprocess.run(
            [*command, *names, "-keyout", str(key), "-out", str(cert)],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return cert, key


def test_tls_is_spoken_and_strangers_without_a_certificate_are_refused(
    certificate: tuple[Path, Path],
) -> None:
    cert, key = certificate
    kept = Kept()

    def send(found: Listeners, own: bool) -> None:
        assert found.tls is not None
        context = ssl.create_default_context(cafile=str(cert))
        if own:
            context.load_cert_chain(cert, key)
        with (
            socket.create_connection((found.tls.host, found.tls.port), timeout=60) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as wrapped,
        ):
            wrapped.sendall(b"5 <1>ab")
            wrapped.unwrap()

    async def run() -> None:
        files = {"certificate": cert, "key": key, "client_ca": cert}
        async with listen(kept, options={"tls": HERE, **files}) as (found, counters):
            with pytest.raises((ssl.SSLError, OSError)):
                await asyncio.to_thread(send, found, False)
            await asyncio.to_thread(send, found, True)
            await until(lambda: counters.stored == 1)

    asyncio.run(run())

    assert kept.messages == [b"<1>ab"]


def test_messages_are_read_by_their_format_and_their_host_is_the_stream() -> None:
    messages = [
        b"<34>Jan  5 10:00:00 mymachine su: 'su root' failed",
        b"<165>1 2026-01-05T10:00:00.003Z host.example app - ID47 - An event",
        b"<13>2026-01-05T10:00:00.5+01:00 web-1 kernel: Out of memory",
        b"<165>1 - - app - - - nobody",
        b"<13>no more than this",
        b"not even a priority \xff",
    ]

    found = list(events([Received(message, "192.0.2.1") for message in messages]))

    assert [
        (one.format, one.streams.to_pylist() if not isinstance(one.streams, str) else one.streams)
        for one in found
    ] == [
        ("syslog5424", ["host.example", "192.0.2.1"]),
        ("syslog3164", ["mymachine", "web-1", "192.0.2.1"]),
        ("auto", ["192.0.2.1"]),
    ]
    assert found[2].raw is not None
    assert found[2].raw.to_pylist() == [b"not even a priority \xff"]


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"tcp": "5514"}, "no address"),
        ({"tcp": "localhost:x"}, "no address"),
        ({"udp": "127.0.0.1:70000"}, "no address"),
        ({"port": "1"}, "no option"),
        ({"tcp": 5514}, "of type str"),
        ({"insecure": "yes"}, "of type bool"),
        ({"tls": "127.0.0.1:6514"}, "needs a certificate"),
        ({"tcp": "0.0.0.0:5514"}, "anybody"),
        ({"udp": "[::]:5514"}, "anybody"),
        ({"tls": "0.0.0.0:6514", "certificate": "x"}, "anybody"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(table: dict[str, Any], fault: str) -> None:
    with pytest.raises(InvalidConfig, match=fault):
        read_options(table)


def test_an_address_that_is_taken_is_told_in_plain_words() -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = Address("127.0.0.1", taken.getsockname()[1])
            with pytest.raises(InvalidValue, match="cannot listen for syslog"):
                async with listen(Kept(), tcp=address):
                    pass

    asyncio.run(run())
