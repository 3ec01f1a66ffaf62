"""The server is killed while senders push: what it acknowledged is there."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import httpx2
import pytest

from logq.app import LogQ
from tests.server.conftest import serving, soon

SENDERS = 3


@pytest.mark.slow
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    acknowledged: list[str] = []

    def send(url: str, sender: int) -> None:
        with httpx2.Client(base_url=url) as http:
            for number in range(10_000):
                events = [f"{sender}-{number}-{n}" for n in range(20)]
                body = "".join(f'{{"id":"{event}"}}\n' for event in events)
                try:
                    reply = http.post("/ingest/bulk?logGroup=a&logStream=s", content=body)
                except httpx2.HTTPError:
                    return
                if reply.status_code == 200:
                    acknowledged.extend(events)

    with serving(tmp_path / "data") as running:
        threads = [threading.Thread(target=send, args=(running.url, n)) for n in range(SENDERS)]
        for thread in threads:
            thread.start()
        assert soon(lambda: len(acknowledged) > 1000)
        running.stop(signal.SIGKILL)
        for thread in threads:
            thread.join(60)

    with LogQ(tmp_path / "data", environ={}) as logq:
        found = {row[0] for row in logq.queries.run("fields id", groups=["a"]).rows()}
    assert len(acknowledged) > 1000
    assert set(acknowledged) <= found
