"""The server as a program: how it starts, whom it answers, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from logq.access.keys import Form
from logq.app import LogQ
from tests.server.conftest import Running, environment, serving, soon


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def refused(data: Path, *arguments: str) -> tuple[int, str]:
    """The exit code and words of a server that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "logq", "--data", str(data), "serve", *arguments],
        env=environment(data),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done.returncode, done.stderr


def logs(url: str, key: str = "any", secret: str = "thing", **config: Any) -> Any:
    return boto3.client(
        "logs",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def opened(data: Path) -> LogQ:
    """The data directory, as a command of the same person opens it."""
    return LogQ(data, environ=environment(data))


def test_the_start_is_one_line_that_programs_can_read(data: Path) -> None:
    with serving(data) as server:
        (entry,) = [entry for entry in server.log if "url" in entry]

        assert entry["url"] == server.url
        assert f"listening on {server.url}" in entry["message"]
        assert entry["open"] is True
        assert "administrator" in entry["message"]


def test_a_second_start_on_the_same_port_says_so(data: Path, tmp_path: Path) -> None:
    with serving(data) as server:
        code, words = refused(tmp_path / "other", "--port", str(server.address[1]))

    assert code == 2
    assert "is in use" in words
    assert "--port" in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "--insecure"),
        (["--host", "::"], "--insecure"),
        (["--tls-cert", "x.pem"], "a certificate and its key"),
        (["--host", "no.such.host.invalid", "--insecure"], "there is no address"),
    ],
)
def test_what_others_could_overhear_does_not_start(
    data: Path, arguments: list[str], words: str
) -> None:
    code, said = refused(data, "--port", "0", *arguments)

    assert code == 2
    assert words in said


def test_off_loopback_nobody_is_answered_without_a_key(data: Path) -> None:
    with serving(data, "--host", "0.0.0.0", "--insecure") as server:
        assert httpx2.get(server.url + "/healthz").status_code == 200
        assert httpx2.get(server.url + "/api/v1/groups").status_code == 401
        (entry,) = [entry for entry in server.log if "url" in entry]
        assert entry["open"] is False


def test_once_a_key_exists_nothing_is_answered_without_one(data: Path) -> None:
    with serving(data) as server:
        logs(server.url).create_log_group(logGroupName="/app")
        assert httpx2.get(server.url + "/api/v1/groups").status_code == 200

        with opened(data) as logq:  # as 'logq keys create' in another process
            made = logq.access.keys.create("ops", policies=["LogQAdmin"])
            token = logq.access.keys.create("dash", form=Form.TOKEN, policies=["LogQAdmin"])
        assert soon(lambda: httpx2.get(server.url + "/api/v1/groups").status_code == 401)

        for path in ("/api/v1/groups", "/metrics", "/readyz", "/openapi.json"):
            answer = httpx2.get(server.url + path)
            assert answer.status_code == 401, path
            assert "www-authenticate" in answer.headers
        assert httpx2.get(server.url + "/healthz").status_code == 200
        assert httpx2.post(server.url + "/ingest/bulk?logGroup=/app", content=b"x\n").is_error
        with pytest.raises(ClientError):
            logs(server.url).describe_log_groups()
        with pytest.raises(ClientError):
            logs(server.url, made.key.id, "wrong").describe_log_groups()

        found = logs(server.url, made.key.id, made.secret).describe_log_groups()
        assert "/app" in [group["logGroupName"] for group in found["logGroups"]]
        bearer = {"authorization": f"Bearer {token.secret}"}
        assert httpx2.get(server.url + "/api/v1/groups", headers=bearer).status_code == 200
        wrong = {"authorization": f"Bearer {token.secret}x"}
        assert httpx2.get(server.url + "/api/v1/groups", headers=wrong).status_code == 401
        assert not any(made.secret in json.dumps(entry) for entry in server.log)
        assert not any(token.secret in json.dumps(entry) for entry in server.log)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_and_its_workers(data: Path, number: int) -> None:
    with serving(data) as server:
        assert soon(lambda: len(_children(server.process.pid)) >= 2)
        children = _children(server.process.pid)

        assert server.stop(number) == 0

        assert soon(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
        assert soon(lambda: "stopped" in server.log[-1]["message"])


def test_workers_do_not_outlive_a_server_that_is_killed(data: Path) -> None:
    with serving(data) as server:
        assert soon(lambda: len(_children(server.process.pid)) >= 2)
        children = _children(server.process.pid)
        server.stop(signal.SIGKILL)

        assert soon(lambda: not any(_runs(child) for child in children))


def test_an_end_under_load_loses_nothing_that_was_acknowledged(data: Path) -> None:
    acknowledged: list[str] = []
    with serving(data) as server:
        client = logs(server.url, max_pool_connections=8)
        client.create_log_group(logGroupName="/load")
        for n in range(4):
            client.create_log_stream(logGroupName="/load", logStreamName=f"s{n}")

        def send(number: int) -> None:
            for batch in range(100_000):
                texts = [f"{number}-{batch}-{n}" for n in range(20)]
                try:
                    client.put_log_events(
                        logGroupName="/load",
                        logStreamName=f"s{number}",
                        logEvents=[{"timestamp": _now(), "message": text} for text in texts],
                    )
                except (BotoCoreError, ClientError):
                    return
                acknowledged.extend(texts)

        threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        assert soon(lambda: len(acknowledged) > 500)
        assert server.stop() == 0
        for thread in threads:
            thread.join(60)

    with opened(data) as logq:
        rows = logq.queries.run("fields @message", groups=["/load"], limit=10_000_000).rows()
        stored = [row[0] for row in rows]
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)


def test_requests_that_were_begun_are_answered_before_the_end(data: Path) -> None:
    with serving(data) as server:
        with socket.create_connection(server.address, timeout=60) as client:
            head = b"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\n"
            client.sendall(head + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
            assert httpx2.get(server.url + "/healthz").status_code == 200  # it came before this
            server.process.send_signal(signal.SIGTERM)
            assert soon(lambda: not _accepts(server))
            client.sendall(b"}")
            assert client.recv(1000).startswith(b"HTTP/1.1 422")
        assert server.process.wait(60) == 0


def test_too_many_requests_are_told_to_come_again(data: Path) -> None:
    with serving(data, server_requests=2, server_arrivals=1, body_seconds=600) as server:
        waiting = [_begun(server, "/api/v1/query") for _ in range(2)]
        try:
            assert soon(lambda: httpx2.get(server.url + "/api/v1/groups").status_code == 429)
            answer = httpx2.get(server.url + "/api/v1/groups")
            assert answer.headers["retry-after"] == "1"
            assert "server_requests" in answer.json()["hint"]
            with pytest.raises(ClientError) as caught:
                logs(server.url).describe_log_groups()
            assert "Throttl" in caught.value.response["Error"]["Code"]
            assert httpx2.get(server.url + "/healthz").status_code == 200
            figures = httpx2.get(server.url + "/metrics").text
            assert 'logq_requests_refused_total{limit="server_requests"}' in figures
        finally:
            for client in waiting:
                client.close()
        assert soon(lambda: httpx2.get(server.url + "/api/v1/groups").status_code == 200)


def test_systemd_is_told_when_requests_are_answered(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(60)
        os.environ["NOTIFY_SOCKET"] = str(path)
        try:
            with serving(data):
                assert listening.recv(100) == b"READY=1"
        finally:
            del os.environ["NOTIFY_SOCKET"]


def _begun(server: Running, path: str) -> socket.socket:
    """A request whose body has not come yet."""
    client = socket.create_connection(server.address, timeout=60)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    client.sendall(f"{head}Content-Length: 20\r\n\r\n".encode())
    return client


def _now() -> int:
    import time

    return time.time_ns() // 1_000_000


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # a thread that has ended
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _accepts(server: Running) -> bool:
    try:
        socket.create_connection(server.address, timeout=60).close()
    except OSError:
        return False
    return True


@pytest.fixture
def certificate(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    yield cert, key


def test_tls_with_a_given_certificate(data: Path, certificate: tuple[Path, Path]) -> None:
    import ssl

    cert, key = certificate
    with serving(data, "--tls-cert", str(cert), "--tls-key", str(key)) as server:
        assert server.url.startswith("https://127.0.0.1:")
        trust = ssl.create_default_context(cafile=str(cert))
        answer = httpx2.get(server.url + "/healthz", verify=trust)

    assert answer.status_code == 200
    assert "max-age" in answer.headers["strict-transport-security"]
