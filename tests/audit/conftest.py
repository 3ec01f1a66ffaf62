"""An audit on a fresh data directory, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from logq.app import LogQ
from logq.audit.call import Access, Call
from logq.audit.verify import Report

NOW = 1_795_474_800_000  # 2026-11-23T23:00:00Z
GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:/app/web"


class Clock:
    """Epoch milliseconds."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def call(
    name: str = "CreateLogGroup",
    access: Access = Access.MANAGEMENT_WRITE,
    *,
    at: int = NOW,
    error: str | None = None,
    source_ip: str = "10.0.0.1",
    request: dict[str, Any] | None = None,
    kind: str = "key",
) -> Call:
    """A call as a door reports it."""
    return Call(
        f"logs:{name}", access, "ops", kind, "LQIAEXAMPLE", "req-1", source_ip, "Boto3/1.44", at,
        request or {"logGroupName": "/app/web"}, (GROUP,), error, error and "said no",
    )  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_logq(tmp_path: Path, clock: Clock) -> Callable[[], LogQ]:
    return lambda: LogQ(
        tmp_path / "data", clock=clock, environ={"XDG_CONFIG_HOME": str(tmp_path / "config")}
    )


@pytest.fixture
def logq(open_logq: Callable[[], LogQ]) -> Iterator[LogQ]:
    with open_logq() as opened:
        yield opened


def rows(logq: LogQ, query: str, group: str = "/logq/audit") -> list[tuple[Any, ...]]:
    """The rows of a query over the audit."""
    return list(logq.queries.run(query, groups=[group]).rows())


def check(logq: LogQ, start: int | None = None, end: int | None = None) -> Report:
    """What ``logq audit verify`` finds."""
    return logq.verify_audit(start, end)
