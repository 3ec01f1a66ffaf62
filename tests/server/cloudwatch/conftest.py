"""A server on a free port of loopback, and AWS's own clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from logq.app import LogQ
from tests.server.cloudwatch.serving import NOW, Served, serve

Client = Callable[..., Any]


def client_of(served: Served, service: str, **config: Any) -> Any:
    """A boto3 client that tries once."""
    return boto3.client(
        service,
        endpoint_url=served.url,
        region_name="us-east-1",
        aws_access_key_id="AKTEST",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


@pytest.fixture
def logq(tmp_path: Path) -> Iterator[LogQ]:
    with LogQ(tmp_path / "data", clock=lambda: NOW, environ={}) as opened:
        yield opened


@pytest.fixture
def served(logq: LogQ) -> Iterator[Served]:
    with serve(logq) as running:
        yield running


@pytest.fixture
def client(served: Served) -> Client:
    """Makes a boto3 client of a service."""

    return partial(client_of, served)


@pytest.fixture
def logs(client: Client) -> Any:
    """A boto3 client of logs."""
    return client("logs")
