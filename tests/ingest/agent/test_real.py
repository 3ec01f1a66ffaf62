"""The agent with the real parser and storage: what the stored events look like."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from logq.ingest.agent import Agent, Stop, run_agent
from logq.ingest.agent_config import config_from_arguments
from logq.ingest.agent_status import read_status
from logq.model import LABELS, MESSAGE, TRUNCATED
from logq.storage import Storage
from logq.storage.storage import epoch_ms
from tests.ingest.agent.standins import START


def stored(directory: Path, content: bytes, **options: Any) -> list[dict[str, Any]]:
    """The events of one file, read step by step by an agent."""
    (directory / "a.log").write_bytes(content)
    config = config_from_arguments([str(directory / "*.log")], "app", **options)
    with Storage.open(directory / "data") as storage:
        agent = Agent(config, storage, START)
        for step in range(20):
            agent.discover(START + 500 * step)
            agent.step(START + 500 * step)
        agent.close()
        pieces = storage.snapshot(["app"]).pieces
        return [row for piece in pieces for row in piece.table.to_pylist()]


def test_a_stack_trace_is_one_event_and_the_last_one_goes_out(tmp_path: Path) -> None:
    trace = (
        b"2026-01-01 10:00:00,000 ERROR [main] com.example.App - failed\n"
        b"java.lang.IllegalStateException: no\n\tat com.example.App.run(App.java:5)\n"
    )
    rows = stored(tmp_path, trace * 2)

    assert [row[MESSAGE].count("\n") for row in rows] == [2, 2]


def test_bytes_that_are_not_text_are_kept(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbffirst\r\nbad \xff\xfe byte\nnul \x00 here\n\xe2\x80\xa8sep\n"
    rows = stored(tmp_path, content, format="text", multiline=False)

    assert rows[0][MESSAGE] == "first"
    assert rows[1]["@raw"] == b"bad \xff\xfe byte"
    assert [row[MESSAGE] for row in rows[2:]] == ["nul \x00 here", "\u2028sep"]


def test_masks_labels_and_cut_lines_show_in_events(tmp_path: Path) -> None:
    content = b'{"mail": "a@b.example", "n": 1}\n' + b"x" * 3_000_000 + b"\n{}\n"
    rows = stored(tmp_path, content, masks=["email"], labels={"env": "prod"}, max_event_bytes=1000)

    assert rows[0][MESSAGE] == '{"mail": "<email>", "n": 1}'
    assert json.loads(rows[0][LABELS]) == {"env": "prod"}
    assert (len(rows[1][MESSAGE]), rows[1][TRUNCATED]) == (1000, 2_999_000)
    assert rows[2][MESSAGE] == "{}"


def test_what_was_dropped_is_in_the_status(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"x" * 3000 + b"\n")
    config = config_from_arguments([str(tmp_path / "a.log")], "app", max_event_bytes=1000)
    with Storage.open(tmp_path / "data") as storage:
        run_agent(config, storage, tmp_path / "data", epoch_ms, Stop(), print, once=True)
    (status,) = read_status(tmp_path / "data")

    assert status.dropped == {"cut": 2000}
    assert status.counters["cut_lines"] == 1


@pytest.mark.soak
def test_a_gigabyte_without_newline_is_read_in_bounded_memory(tmp_path: Path) -> None:
    with (tmp_path / "a.log").open("wb") as file:
        for _ in range(1000):
            file.write(b"x" * 1_000_000)
    script = (
        "import sys, resource\n"
        "from pathlib import Path\n"
        "from logq.ingest.agent import Stop, run_agent\n"
        "from logq.ingest.agent_config import config_from_arguments\n"
        "from logq.storage import Storage\n"
        "from logq.storage.storage import epoch_ms\n"
        "place = Path(sys.argv[1])\n"
        "config = config_from_arguments([str(place / '*.log')], 'app')\n"
        "with Storage.open(place / 'data') as storage:\n"
        "    run_agent(config, storage, place / 'data', epoch_ms, Stop(), print, once=True)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert int(done.stdout.split()[-1]) < 150
