"""What the README says of the server works as printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.conftest import environment, own_port

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_commands_of_the_section_on_the_server_run_as_printed(tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text("utf-8").partition("## As a server\n")[2]
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found is not None
    port = str(own_port())
    script = found[1].replace("logq serve &", f"logq serve --port {port} &\n{_WAIT}")
    script = script.replace("5080", port).replace("--json", "-H content-type:application/json -d")
    (tmp_path / "bin").mkdir()
    for name, words in (("logq", "-m logq"), ("aws", "-m awscli")):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        program.chmod(0o755)
    environ = environment(tmp_path / "data") | {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "LOGQ_DATA": str(tmp_path / "data"),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "PORT": port,
    }

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=environ,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert re.findall(r'"events":(\d+)', done.stdout) == ["1", "1"]


_WAIT = """server=$!
trap 'kill $server' EXIT
for _ in $(seq 3000); do curl -s http://127.0.0.1:$PORT/healthz && break; sleep 0.1; done"""
