"""Loading files whose events are longer than a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from logq.ingest.loader import Loader, Options
from logq.query.engine import Queries
from logq.settings import Settings
from logq.storage import Storage

NOW = 1_767_700_000_000
TRACE = """2026-01-05 10:00:00,123 [main] ERROR com.shop.Orders - order {n} failed
java.lang.IllegalStateException: pool is empty
\tat com.shop.Pool.take(Pool.java:{n})
\tat com.shop.Orders.place(Orders.java:17)
Caused by: java.net.SocketTimeoutException: Read timed out
\t... 2 more
2026-01-05 10:00:00,456 [main] INFO com.shop.Orders - order {n} again
"""


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    storage = Storage.open(tmp_path / "data", lambda: NOW, Settings())
    storage.groups.create("app")
    return storage


def messages(storage: Storage) -> list[str]:
    queries = Queries(storage, Settings(), lambda: NOW)
    result = queries.run("sort @timestamp asc | fields @message", groups=["app"], limit=100_000)
    return sorted(row[0] for row in result.rows())


def load(storage: Storage, path: Path, chunk: int, **options: str) -> int:
    loader = Loader(storage.events, storage.checkpoints, lambda: NOW, chunk=chunk)
    report = loader.load([str(path)], "app", Options(**options))  # type: ignore[arg-type]
    assert not [file.error for file in report.files if file.error]
    return sum(file.events for file in report.files)


@pytest.mark.parametrize("chunk", [1, 3000, 1 << 20])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_stack_trace_is_one_event_wherever_a_chunk_ends(
    storage: Storage, tmp_path: Path, chunk: int, newline: str
) -> None:
    text = "".join(TRACE.replace("{n}", str(n)) for n in range(30_000 if chunk == 3000 else 200))
    path = tmp_path / "orders.log"
    path.write_bytes(text.replace("\n", newline).encode())

    events = load(storage, path, chunk)

    found = messages(storage)
    assert events == len(found) == text.count("order ")
    assert all(m.startswith("2026-01-05 10:00:00,") for m in found)
    assert sum("... 2 more" in m for m in found) == len(found) // 2


def test_a_file_that_grew_is_read_on_where_its_last_event_ended(
    storage: Storage, tmp_path: Path
) -> None:
    path = tmp_path / "orders.log"
    path.write_text(TRACE.replace("{n}", "1"))
    load(storage, path, 1)
    with path.open("a") as file:
        file.write(TRACE.replace("{n}", "2"))

    assert load(storage, path, 1) == 2
    assert load(storage, path, 1) == 0
    assert len(messages(storage)) == 4


def test_lines_are_events_where_the_format_says_so(storage: Storage, tmp_path: Path) -> None:
    path = tmp_path / "orders.log"
    path.write_text(TRACE.replace("{n}", "1"))

    assert load(storage, path, 1, multiline=None) == 7  # type: ignore[arg-type]
