"""How much memory the agent takes, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

LINE = (
    '{{"timestamp":"2026-01-05T10:00:00.{0:03d}Z","level":"INFO","id":"{1:032x}",'
    '"http":{{"path":"/api/v1/orders/{1}","status":200}},"message":"order {1} was placed"}}\n'
)
AGENT = """
import sys
from pathlib import Path
from logq.__main__ import main
sys.argv = ["logq", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
status = Path("/proc/self/status")
print(status.read_text() if status.exists() else "VmHWM: 0 kB")
"""


@pytest.mark.parametrize(
    "megabytes", [40, pytest.param(300, marks=pytest.mark.soak)], ids=["sample", "soak"]
)
def test_a_backlog_is_read_in_less_than_150_megabytes(tmp_path: Path, megabytes: int) -> None:
    backlog = tmp_path / "app.log"
    with backlog.open("w") as file:
        for number in range(megabytes * 1_000_000 // 180):
            file.write(LINE.format(number % 1000, number))
    command = [sys.executable, "-c", AGENT, "--data", str(tmp_path / "data"), "agent", "--once"]

    ran = subprocess.run(
        [*command, str(backlog), "-g", "app"], capture_output=True, text=True, check=True
    )

    peak = int(re.search(r"VmHWM:\s+(\d+) kB", ran.stdout)[1])  # type: ignore[index]
    if peak == 0:
        pytest.skip("this system does not tell the peak of a process's memory")
    assert peak < 150_000, f"{peak} kB"
    assert f"{megabytes * 1_000_000 // 180:,} events" in ran.stderr
