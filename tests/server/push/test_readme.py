"""What the README says about other ways in: its lines are sent, its table is complete."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx2
import pytest

from logq.ingest.intake import intakes

ROOT = Path(__file__).parents[3]
SECTION = (ROOT / "README.md").read_text("utf-8").split("\n## Other ways in\n")[1].split("\n## ")[0]
LINES = [line for line in SECTION.splitlines() if line.startswith("curl ")]


def arguments(line: str) -> list[str]:
    """What curl would be given, by the shell itself."""
    script = f'curl() {{ printf "%s\\0" "$@"; }}; {line}'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("5080")[1].split()[0])
def test_a_line_with_curl_stores_what_it_sends(line: str, http: httpx2.Client) -> None:
    words = arguments(line)
    url = next(word for word in words if word.startswith("http://127.0.0.1:5080"))
    data = words[-1]
    body = (ROOT / data[1:]).read_bytes() if data.startswith("@") else data.encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if "-H" in words:
        name, _, value = words[words.index("-H") + 1].partition(": ")
        headers = {name: value}

    reply = http.post(url.removeprefix("http://127.0.0.1:5080"), content=body, headers=headers)

    assert reply.status_code in (200, 204), reply.text
    assert '"errors":true' not in reply.text


def test_the_table_names_the_paths_of_every_intake() -> None:
    written = set(re.findall(r"`(/[^`]+)`", "".join(re.findall(r"(?m)^\| ([^|]+) \|", SECTION))))

    assert all(written & set(intake.paths) for intake in intakes().values())
    assert written <= {path for intake in intakes().values() for path in intake.paths}
