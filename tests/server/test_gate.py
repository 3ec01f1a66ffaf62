"""What every request passes: hosts, origins, sizes, slow clients, headers of answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import httpx2
import pytest

from logq.server.problems import MEDIA_TYPE
from tests.server.conftest import Running, serving, soon


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that takes small bodies only."""
    with serving(tmp_path_factory.mktemp("gate") / "data", request_bytes=20_000) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that waits a second for what a client has to say."""
    given = {"header_seconds": 1, "body_seconds": 1}
    with serving(tmp_path_factory.mktemp("hasty") / "data", **given) as running:
        yield running


def raw(server: Running, data: bytes, seconds: float = 60) -> bytes:
    """What comes back for these bytes until the server hangs up."""
    with socket.create_connection(server.address, timeout=seconds) as client:
        client.sendall(data)
        return rest(client)


def rest(client: socket.socket) -> bytes:
    found = b""
    try:
        while part := client.recv(65_536):
            found += part
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.json", "/nowhere"])
def test_every_answer_bears_the_headers_of_safety(server: Running, path: str) -> None:
    headers = httpx2.get(server.url + path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert len(headers["x-request-id"]) == 36
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers
    assert "strict-transport-security" not in headers  # no TLS here


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:5080", "", "[", "a b"])
def test_a_request_for_another_host_is_not_answered(server: Running, host: str) -> None:
    head = f"GET /api/v1/groups HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"

    answer = raw(server, head.encode())

    assert answer.split()[1] in (b"421", b"400")
    assert b'"groups"' not in answer


@pytest.mark.parametrize("host", ["localhost:5080", "127.0.0.1", "[::1]:80", "LOCALHOST"])
def test_this_machine_may_be_called_by_its_usual_names(server: Running, host: str) -> None:
    answer = httpx2.get(server.url + "/api/v1/groups", headers={"host": host})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    ],
)
def test_pages_of_other_sites_are_not_answered(server: Running, headers: dict[str, str]) -> None:
    answer = httpx2.post(server.url + "/api/v1/groups/evil", headers=headers)

    assert answer.status_code == 403
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert httpx2.options(server.url + "/api/v1/groups", headers=headers).status_code == 403


def test_a_page_of_this_server_is_answered(server: Running) -> None:
    headers = {"origin": server.url, "sec-fetch-site": "same-origin"}

    assert httpx2.get(server.url + "/api/v1/groups", headers=headers).status_code == 200


def test_a_forwarded_address_is_not_believed(server: Running) -> None:
    marked = {"x-forwarded-for": "203.0.113.9", "user-agent": "forwarded"}
    httpx2.get(server.url + "/forwarded", headers=marked)

    assert soon(lambda: any(entry.get("path") == "/forwarded" for entry in server.log))
    (entry,) = [entry for entry in server.log if entry.get("path") == "/forwarded"]
    assert entry["client"] == "127.0.0.1"


def test_a_line_of_the_log_cannot_be_forged(server: Running) -> None:
    httpx2.get(server.url + '/a%0a{"level":"error","message":"forged"}')

    assert soon(lambda: any("forged" in str(entry.get("path")) for entry in server.log))
    assert not any(entry["message"] == "forged" for entry in server.log)


def test_a_body_that_says_it_is_too_large_is_not_read(server: Running) -> None:
    head = "POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n"
    answer = raw(server, f"{head}Connection: close\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"request_bytes" in answer


def test_a_chunked_body_is_stopped_at_the_limit(server: Running) -> None:
    def body() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1000

    answer = httpx2.post(
        server.url + "/api/v1/query",
        content=body(),
        headers={"content-type": "application/json"},
    )

    assert answer.status_code == 413
    assert answer.json()["code"] == "TooLarge"


def test_a_header_that_does_not_come_ends_the_connection(hasty: Running) -> None:
    begun = b"GET / HTTP/1.1\r\nHost: lo"

    assert raw(hasty, b"") == b""
    # Again where this machine let the second pass before it sent anything.
    assert soon(lambda: raw(hasty, begun).startswith(b"HTTP/1.1 408"))


def test_a_header_that_drips_ends_the_connection(hasty: Running) -> None:
    with socket.create_connection(hasty.address, timeout=60) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")

        def drip() -> bool:
            """Send a little more; whether the connection has ended."""
            try:
                client.sendall(b"X: y\r\n")
            except OSError:
                return True
            return False

        assert soon(drip)


def test_a_body_that_does_not_come_ends_the_connection(hasty: Running) -> None:
    head = b"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"

    assert soon(lambda: raw(hasty, head + b"{").startswith(b"HTTP/1.1 408"))


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: " + b"x" * 40_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: " + b"x" * 40_000,
        b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    ],
    ids=["one", "unfinished", "path", "many"],
)
def test_a_header_without_measure_is_refused(server: Running, head: bytes) -> None:
    assert raw(server, head).startswith(b"HTTP/1.1 431")


def test_what_is_not_http_is_refused(server: Running) -> None:
    assert raw(server, b"\x16\x03\x01 hello\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert httpx2.get(server.url + "/healthz").status_code == 200


def test_a_connection_is_used_again_for_the_next_request(server: Running) -> None:
    with httpx2.Client() as client:
        for _ in range(3):
            assert client.get(server.url + "/healthz").json() == {"status": "ok"}
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert raw(server, request * 2 + last).count(b'{"status":"ok"}') == 3


def test_a_problem_says_what_it_is(server: Running) -> None:
    answer = httpx2.get(server.url + "/nowhere")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["status"] == 404
    assert "Traceback" not in json.dumps(answer.json())


def test_the_figures_name_routes_and_never_paths(server: Running) -> None:
    httpx2.get(server.url + "/secret-path-of-a-client")

    text = httpx2.get(server.url + "/metrics").text

    assert 'route="/healthz",status="200"' in text
    assert "secret-path" not in text
    for name in ("logq_workers_alive", "logq_queries_waiting", "logq_events_accepted_total"):
        assert f"\n{name} " in text
