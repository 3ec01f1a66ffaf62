"""Frames between the server and a worker process: a kind, a length and a payload."""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

_HEAD = struct.Struct("!BI")


class Kind(IntEnum):
    """What a frame says."""

    READY = 1
    """From the worker: it waits for its first job."""
    JOB = 2
    """To the worker: ``{id, kind, params, now}``."""
    CANCEL = 3
    """To the worker: ``{id}``."""
    HEADER = 4
    DATA = 5
    SUMMARY = 6
    """From the worker: the job is done."""
    FAULT = 7
    """From the worker: the job has failed, see ``faults``."""


class Channel:
    """One end of the connection; any thread may send, one at a time receives."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._sending = threading.Lock()
        self._arrivals = select.poll()
        self._arrivals.register(connection, select.POLLIN)

    def send(self, kind: Kind, payload: bytes | bytearray | memoryview = b"") -> None:
        """Send a frame; waits while the other end is behind. Raises OSError."""
        head = _HEAD.pack(kind, len(payload))
        with self._sending:
            if len(payload) < 16_384:
                self._socket.sendall(head + payload)
            else:
                self._socket.sendall(head)
                self._socket.sendall(payload)

    def send_json(self, kind: Kind, value: Mapping[str, Any]) -> None:
        """Send a frame whose payload is JSON; raises OSError."""
        self.send(kind, json.dumps(value).encode())

    def receive(self, seconds: float | None = None) -> tuple[Kind, bytes]:
        """The next frame; raises EOFError when the other end is gone.

        Raises TimeoutError if it has not begun to come in so many seconds.
        """
        if seconds is not None and not self._arrivals.poll(seconds * 1000):
            raise TimeoutError
        head = self._read(_HEAD.size)
        kind, size = _HEAD.unpack(head)
        return Kind(kind), self._read(size)

    def _read(self, size: int) -> bytes:
        if size == 0:
            return b""
        buffer = bytearray(size)
        view = memoryview(buffer)
        got = 0
        while got < size:
            try:
                count = self._socket.recv_into(view[got:])
            except ConnectionError:
                count = 0
            if count == 0:
                raise EOFError
            got += count
        return bytes(buffer)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
