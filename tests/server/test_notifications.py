"""A server delivers what is published to it, and shows how much."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.notify.service import serving as receiving
from tests.server.conftest import serving


def call(url: str, method: str, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, method=method)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text[:1] == b"{" else text.decode()


def test_what_is_published_over_rest_arrives_signed(tmp_path: Path) -> None:
    settings = {"notify_allow": "127.0.0.1", "public_url": "https://logq.example.com"}
    with receiving() as receiver, serving(tmp_path / "data", **settings) as server:
        call(server.url, "PUT", "/api/v1/topics/ops", {})
        wanted = {"topic": "ops", "protocol": "webhook", "endpoint": receiver.url + "/hook"}
        made = call(server.url, "POST", "/api/v1/subscriptions", wanted)
        call(server.url, "POST", "/api/v1/topics/ops/messages", {"message": "hello"})

        wanted_figures = {"logq_notifications_delivered 1.0", "logq_outbox_waiting 0.0"}
        figures = ""
        deadline = time.monotonic() + 60
        while not wanted_figures <= set(figures.splitlines()) and time.monotonic() < deadline:
            time.sleep(0.05)
            figures = call(server.url, "GET", "/metrics")

        assert wanted_figures <= set(figures.splitlines())
        got = receiver.got[-1]
        assert json.loads(got.body)["message"] == "hello"
        assert got.headers["webhook-signature"].startswith("v1,")
        assert made["secret"].startswith("whsec_")
        said = json.dumps(server.log) + figures
        assert "/hook" not in said
        assert made["secret"] not in said
