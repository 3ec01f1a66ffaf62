"""What a user installs: the wheel holds the program, its grammar and its sample logs, and runs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from logq import __version__
from tests.samples import DIRECTORY, tell

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    pytest.importorskip("hatchling", reason="building the wheel needs hatchling")
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the wheel's content, far from the checkout."""
    directory = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory)
    return directory


def run(installed: Path, home: Path, *arguments: str, text: str = "") -> str:
    """Standard output of the installed program, which finds nothing of the checkout."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LOGQ_")}
    environment |= {"PYTHONPATH": str(installed), "XDG_DATA_HOME": str(home), "HOME": str(home)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=home,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_module_grammar_and_sample_log(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())

    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "logq").rglob("*.py")}
    data = {
        f"logq/{path.relative_to(ROOT).as_posix()}"
        for folder in ("grammar", "sample_logs")
        for path in (ROOT / folder).iterdir()
        if path.is_file()
    }
    assert len(data) > 9
    assert modules | data <= held


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    strangers = [
        name
        for name in zipfile.ZipFile(wheel).namelist()
        if not name.startswith(("logq/", f"logq-{__version__}.dist-info/"))
        or name.endswith((".pyc", "~"))
        or "/tests/" in name
    ]

    assert not strangers


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = Parser().parsestr(
            archive.read(f"logq-{__version__}.dist-info/METADATA").decode("utf-8")
        )
        commands = archive.read(f"logq-{__version__}.dist-info/entry_points.txt").decode()

    assert metadata["Name"] == "logq"
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert str(metadata.get_payload()).startswith("# LogQ")
    assert "logq = logq." in commands


def test_the_sample_logs_are_what_their_story_writes() -> None:
    written = {path.name: path.read_text("utf-8") for path in DIRECTORY.iterdir()}
    written.pop("demo.toml")

    told = tell()

    assert written.keys() == told.keys()
    assert [name for name in told if told[name] != written[name]] == []


def test_the_installed_program_is_the_wheel(installed: Path, tmp_path: Path) -> None:
    script = "import logq, sys; sys.stdout.write(logq.__file__)"

    assert run(installed, tmp_path, "-c", script) == str(installed / "logq" / "__init__.py")


def test_the_installed_program_answers_a_query(installed: Path, tmp_path: Path) -> None:
    lines = '{"level":"ERROR","ms":7}\n{"level":"INFO","ms":1}\n{"level":"ERROR","ms":9}\n'
    run(installed, tmp_path, "-m", "logq", "ingest", "-", "-g", "wheel", text=lines)

    query = 'filter level = "ERROR" | stats sum(ms) as ms'
    answer = run(installed, tmp_path, "-m", "logq", "query", query, "-g", "wheel", "-o", "ndjson")

    assert answer == '{"ms":16}\n'


def test_the_installed_program_shows_its_sample_logs(installed: Path, tmp_path: Path) -> None:
    shown = run(installed, tmp_path, "-m", "logq", "--data", "demo", "demo", "--once")

    assert "PoolTimeout" in shown
