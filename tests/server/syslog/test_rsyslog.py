"""The real rsyslogd, forwarding to the real server over TCP, UDP and TLS."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from logq.app import LogQ
from tests.server.conftest import Running, serving

RSYSLOGD = shutil.which("rsyslogd") or shutil.which("/usr/sbin/rsyslogd")
MODULES = Path("/usr/lib/x86_64-linux-gnu/rsyslog")
MESSAGES = 200

pytestmark = pytest.mark.skipif(RSYSLOGD is None, reason="rsyslogd is not installed")

FORWARD = {
    "counted": '*.* action(type="omfwd" target="127.0.0.1" port="{tcp}" protocol="tcp" '
    'tcp_framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")',
    "lines": '*.* action(type="omfwd" target="127.0.0.1" port="{tcp}" protocol="tcp" '
    'tcp_framing="traditional" template="RSYSLOG_TraditionalForwardFormat")',
    "datagrams": '*.* action(type="omfwd" target="127.0.0.1" port="{udp}" protocol="udp" '
    'template="RSYSLOG_ForwardFormat")',
    "tls": 'global(DefaultNetstreamDriverCAFile="{ca}")\n'
    '*.* action(type="omfwd" target="127.0.0.1" port="{tls}" protocol="tcp" '
    'StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="anon" '
    'tcp_framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")',
}


def ports(running: Running) -> dict[str, int]:
    """Where the server listens for syslog, as its log says."""
    return {
        kind: int(entry[kind].rpartition(":")[2])
        for entry in running.log
        for kind in ("tcp", "udp", "tls")
        if kind in entry
    }


@contextmanager
def rsyslogd(directory: Path, forward: str) -> Iterator[Path]:
    """An rsyslogd that forwards what is written to a socket, until the block ends."""
    given = directory / "log.sock"
    config = directory / "rsyslog.conf"
    config.write_text(
        f'global(workDirectory="{directory}")\n'
        f'module(load="imuxsock" SysSock.Use="off")\n'
        f'input(type="imuxsock" Socket="{given}" RateLimit.Interval="0" '
        'UseSpecialParser="off" ParseHostname="on" UseSysTimeStamp="off")\n'
        f"{forward}\n"
    )
    assert RSYSLOGD is not None
    command = [RSYSLOGD, "-n", "-f", str(config), "-i", str(directory / "pid")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 60
        while not given.exists():
            assert process.poll() is None, process.communicate()[0].decode()
            assert time.monotonic() < deadline, "rsyslogd did not start"
            time.sleep(0.02)
        yield given
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def rows(data: Path, query: str) -> list[tuple[Any, ...]]:
    """The answer of a query beside the running server."""
    with LogQ(data, environ={}) as logq:
        if not logq.storage.groups.list("net/syslog"):
            return []
        return list(logq.queries.run(query, groups=["net/syslog"]).rows())


def arrived(data: Path, count: int) -> None:
    """Wait until so many messages are stored."""
    deadline = time.monotonic() + 60
    while len(rows(data, "fields @message | limit 1000")) < count:
        assert time.monotonic() < deadline, "not everything arrived"
        time.sleep(0.1)


@pytest.fixture
def short() -> Iterator[Path]:
    """A directory whose name is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="logq-") as directory:
        yield Path(directory)


@pytest.mark.slow
@pytest.mark.parametrize("way", FORWARD)
def test_what_rsyslogd_forwards_is_stored(way: str, tmp_path: Path, short: Path) -> None:
    if way == "tls" and not (MODULES / "lmnsd_gtls.so").exists():
        pytest.skip("rsyslog-gnutls is not installed")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    config = tmp_path / "logq.toml"
    table = ["[syslog]", 'group = "net/syslog"', 'tcp = "127.0.0.1:0"', 'udp = "127.0.0.1:0"']
    if way == "tls":
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
            + ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(cert)],
            check=True,
            capture_output=True,
        )
        table += ['tls = "127.0.0.1:0"', f'certificate = "{cert}"', f'key = "{key}"']
    data = tmp_path / "data"
    data.mkdir()
    (data / config.name).write_text("\n".join(table))

    with serving(data) as running:
        forward = FORWARD[way].format(ca=cert, **ports(running))
        with (
            rsyslogd(short, forward) as given,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
        ):
            sender.connect(str(given))
            for number in range(MESSAGES):
                text = f"<28>Jan  5 10:00:00 web-1 shop[42]: paid order {number} of é"
                sender.send(text.encode())
                if number % 50 == 49:  # more datagrams at once than this could be lost
                    arrived(data, number + 1)
        assert running.stop() == 0

    found = rows(data, "fields msg, program, level, @logStream")
    # rsyslogd keeps the space behind the tag in what it forwards by RFC 5424.
    assert sorted((str(msg).lstrip(), *others) for msg, *others in found) == sorted(
        (f"paid order {number} of é", "shop", "warning", "web-1") for number in range(MESSAGES)
    )
    said = next(entry for entry in running.log if "dropped" in entry)
    assert said["dropped"] == {}
