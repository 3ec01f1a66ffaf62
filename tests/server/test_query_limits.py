"""What a query may cost on a server: the error names the limit and the setting that moves it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from logq.app import LogQ
from logq.ingest.incoming import incoming
from logq.settings import Settings
from logq.work.pool import Workers
from tests.server.cloudwatch.serving import NOW, Served, serve

EVENTS = 20_000
PAIRS = """join left=a right=b where a.level = b.level
    (join left=c right=d where c.level = d.level (fields level)) | stats count(*)"""
"""Some 10^12 pairs: no machine counts them in a second."""
WIDE = "stats values(concat(@message, n)) as v, count(*) as c by n | sort c desc, n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("limits") / "data"
    with LogQ(path, clock=lambda: NOW, environ={}) as logq:
        logq.storage.groups.create("app")
        texts = [f'{{"level":"x","n":{n},"text":"{"y" * 60}"}}' for n in range(EVENTS)]
        logq.accept("app", incoming(texts, [NOW + n for n in range(EVENTS)], "s"))
        logq.storage.seal()
    return path


@pytest.fixture(scope="module", params=["query_seconds", "query_memory"])
def limited(data: Path, request: pytest.FixtureRequest) -> Iterator[tuple[str, Served]]:
    limits: dict[str, Any] = {"query_seconds": 1} if "seconds" in request.param else {}
    limits = limits or {"query_memory": "4MB", "query_threads": 1}
    settings = dataclasses.replace(Settings(), **limits)
    with (
        LogQ(data, clock=lambda: NOW, environ={}) as logq,
        Workers(data, settings, logq.clock, 1) as pool,
        serve(logq, pool) as running,
    ):
        assert pool.wait_until_ready(120)
        yield request.param, running


def test_a_query_over_its_limit_is_told_the_setting_over_http(
    limited: tuple[str, Served],
) -> None:
    setting, served = limited
    asked = {"query": PAIRS if setting == "query_seconds" else WIDE, "groups": ["app"]}

    answer = httpx2.post(f"{served.url}/api/v1/query", json=asked, timeout=120)

    told = answer.json()
    told = told[1] if isinstance(told, list) else told
    assert setting in told["hint"]
    assert told["code"] == ("TimedOut" if setting == "query_seconds" else "LimitExceeded")
    assert "duckdb" not in answer.text.lower()


def test_a_query_over_its_limit_is_told_the_setting_over_the_wire(
    limited: tuple[str, Served],
) -> None:
    setting, served = limited
    logs = boto3.client(
        "logs",
        endpoint_url=served.url,
        region_name="us-east-1",
        aws_access_key_id="AKTEST",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    asked = PAIRS if setting == "query_seconds" else WIDE
    times = {"startTime": NOW // 1000 - 60, "endTime": NOW // 1000 + 3600}

    with pytest.raises(ClientError, match=setting) as caught:
        logs.start_query(queryString=asked, logGroupName="app", **times)

    assert caught.value.response["Error"]["Code"] == "LimitExceededException"
