"""kill -9 between commit and sending, and between sending and marking: nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.notify.service import Service

CHILD = """
import sys, time
from pathlib import Path
from logq.app import LogQ
from logq.notify.topic import Topic
from tests.notify.made import alarm

with LogQ(Path(sys.argv[1])) as logq:
    notify = logq.monitoring.notify
    arn = "arn:aws:sns:us-east-1:000000000000:ops"
    if sys.argv[2]:
        notify.topics.create(Topic("ops", arn))
        notify.subscribing.subscribe("ops", "webhook", sys.argv[2])
        logq.storage.groups.create("/told")
        notify.subscribing.subscribe("ops", "log-group", "/told")
        with notify.database.write() as connection:
            notify.publish(connection, arn, alarm())
    delivery = notify.delivery()
    delivery.step()
    print(notify.waiting()[0])
"""


def run(data: Path, url: str = "", point: str = "") -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("LOGQ_")}
    environ = {
        **plain,
        "LOGQ_KEY_FILE": str(data.with_name("master.key")),
        "LOGQ_NOTIFY_ALLOW": "127.0.0.1",
        **({"LOGQ_FAIL_POINT": point} if point else {}),
    }
    return subprocess.run(
        [sys.executable, "-c", CHILD, str(data), url],
        env=environ,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.mark.parametrize("point", ["delivery.before-send", "delivery.after-send"])
def test_a_killed_process_loses_no_notification(
    tmp_path: Path, service: Service, point: str
) -> None:
    killed = run(tmp_path / "data", service.url, point)
    assert killed.returncode == -9, killed.stderr

    again = run(tmp_path / "data")

    assert (again.stdout, again.returncode) == ("0\n", 0), again.stderr
    ids = {got.headers["webhook-id"] for got in service.got}
    assert len(ids) == 1
    assert 1 <= len(service.got) <= 2
    assert json.loads(service.got[-1].body)["alarm"]["name"] == "errors"
