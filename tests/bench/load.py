"""Clients of a server that send as fast as it answers, with little of their own."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_JSON = {"Content-Type": "application/json"}


@dataclass
class Done:
    """What came of the requests of some clients."""

    acknowledged: int = 0
    """Events, or queries."""
    refused: int = 0
    """Requests answered with 429, or in AWS's words for it."""
    failed: int = 0
    seconds: list[float] = field(default_factory=list)
    """Of each request that was done."""
    lock: threading.Lock = field(default_factory=threading.Lock)


class Load:
    """Sends to one server."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc

    def call(self, action: str, body: Mapping[str, object]) -> int:
        """One call of the wire protocol; its status."""
        with closing(self._connection()) as connection:
            return _send(connection, "/", json.dumps(body).encode(), _target(action))[0]

    def prepare(self, group: str, streams: int) -> int:
        """Make a log group and its streams; how many these are."""
        self.call("CreateLogGroup", {"logGroupName": group})
        for n in range(streams):
            self.call("CreateLogStream", {"logGroupName": group, "logStreamName": f"s{n}"})
        return streams

    def bulk(self, group: str, pieces: Sequence[bytes]) -> int:
        """Send NDJSON; how many events were accepted."""
        path = f"/ingest/bulk?logGroup={group}"
        accepted = 0
        with closing(self._connection()) as connection:
            for piece in pieces:
                status, found = _send(connection, path, piece, {"X-Aws-Log-Stream": "s0"})
                assert status == 200, found
                accepted += json.loads(found)["accepted"]
        return accepted

    def puts(self, group: str, batches: Sequence[Sequence[str]], clients: int) -> Done:
        """Send every batch once; a refused one is sent again."""
        left = iter(batches)
        taking = threading.Lock()

        def following() -> Iterator[Sequence[str]]:
            while True:
                with taking:
                    batch = next(left, None)
                if batch is None:
                    return
                yield batch

        return self._put(group, following, clients, again=True)

    def puts_until(
        self, group: str, batches: Sequence[Sequence[str]], clients: int, stop: threading.Event
    ) -> Done:
        """Send batches in turn until it is enough; nobody waits after a refusal."""

        def following() -> Iterator[Sequence[str]]:
            for batch in itertools.cycle(batches):
                if stop.is_set():
                    return
                yield batch

        return self._put(group, following, clients, again=False)

    def _put(
        self,
        group: str,
        following: Callable[[], Iterator[Sequence[str]]],
        clients: int,
        *,
        again: bool,
    ) -> Done:
        done = Done()

        def client(number: int) -> None:
            connection = self._connection()
            for batch in following():
                now = time.time_ns() // 1_000_000
                body = json.dumps(
                    {
                        "logGroupName": group,
                        "logStreamName": f"s{number}",
                        "logEvents": [{"timestamp": now, "message": text} for text in batch],
                    }
                ).encode()
                while True:
                    began = time.perf_counter()
                    try:
                        status, said = _send(connection, "/", body, _target("PutLogEvents"))
                        if b"ThrottlingException" in said:
                            status = 429  # AWS says it with 400
                    except (OSError, http.client.HTTPException):
                        status = 0
                        connection.close()
                    with done.lock:
                        if status == 200:
                            done.acknowledged += len(batch)
                            done.seconds.append(time.perf_counter() - began)
                        elif status == 429:
                            done.refused += 1
                        else:
                            done.failed += 1
                    if status == 200 or not again:
                        break
                    time.sleep(0.05)
            connection.close()

        _together(client, clients)
        return done

    def queries(self, group: str, text: str, clients: int, seconds: float) -> Done:
        """Ask the same for some seconds."""
        done = Done()
        until = time.monotonic() + seconds
        body = json.dumps({"query": text, "groups": [group]}).encode()

        def client(_: int) -> None:
            with closing(self._connection()) as connection:
                while time.monotonic() < until:
                    began = time.perf_counter()
                    status = _send(connection, "/api/v1/query", body, _JSON)[0]
                    with done.lock:
                        if status == 200:
                            done.acknowledged += 1
                            done.seconds.append(time.perf_counter() - began)
                        elif status == 429:
                            done.refused += 1
                        else:
                            done.failed += 1

        _together(client, clients)
        return done

    def count(self, group: str) -> int:
        """How many events are there."""
        body = json.dumps({"query": "stats count(*) as n", "groups": [group]}).encode()
        with closing(self._connection()) as connection:
            status, found = _send(connection, "/api/v1/query", body, _JSON)
        assert status == 200, found
        return int(json.loads(found)["n"])

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._address, timeout=60)


def _together(work: Callable[[int], None], clients: int) -> None:
    threads = [threading.Thread(target=work, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _target(action: str) -> dict[str, str]:
    return {
        "X-Amz-Target": f"Logs_20140328.{action}",
        "Content-Type": "application/x-amz-json-1.1",
    }


def _send(
    connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    connection.request("POST", path, body, dict(headers))
    response = connection.getresponse()
    return response.status, response.read()
