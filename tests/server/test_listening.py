"""The socket that the server listens on."""

from __future__ import annotations

import socket

from logq.server.running import Binding, listen


def test_an_answer_does_not_wait_until_its_headers_are_acknowledged() -> None:
    with (
        listen(Binding(host="127.0.0.1", port=0)) as listening,
        socket.create_connection(listening.getsockname()) as client,
        listening.accept()[0] as accepted,
    ):
        assert client.fileno() > 0
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
