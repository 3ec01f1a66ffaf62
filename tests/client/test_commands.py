"""The commands on a server give what they give on a data directory."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from logq.app import LogQ
from logq.errors import UnknownLogGroup
from tests.server.conftest import Running, environment, own_port, serving, soon

LINES = [
    '{"time":"2026-03-17T12:00:00Z","level":"INFO","ms":1.5,"tags":["a"],"msg":"started"}',
    '{"time":"2026-03-17T12:00:01Z","level":"ERROR","ms":200,"ok":false,"msg":"disk full"}',
    '{"time":"2026-03-17T12:05:00Z","level":"ERROR","ms":7,"msg":"disk \\u001b[31m full"}',
]


POLICY = """{"Version": "2012-10-17", "Statement": [{"Sid": "r", "Effect": "Allow",
  "Action": "logs:StartQuery", "Resource": "arn:aws:logs:*:*:log-group:app"}]}"""


class Both:
    """The program on a server, and on a data directory that holds the same."""

    def __init__(self, server: Running, here: Path, work: Path) -> None:
        self.server = server
        self.here = here
        self.work = work

    def there(self, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self._run(["--server", self.server.url, *args], stdin)

    def local(self, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self._run(["--data", str(self.here), *args], stdin)

    def _run(self, args: Sequence[str], stdin: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "logq", *args],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.work,
            env={**environment(self.here), "PYTHONPATH": str(Path(__file__).parents[2])},
            timeout=180,
        )


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    root = tmp_path_factory.mktemp("client")
    (root / "app.log").write_text("\n".join(LINES) + "\n")
    with serving(root / "there") as server:
        made = Both(server, root / "here", root)
        for run in (made.there, made.local):
            done = run("ingest", "app.log", "-g", "app/one")
            assert done.returncode == 0, done.stderr
            assert "3 lines, 3 events" in done.stderr
        yield made


@pytest.mark.parametrize(
    "args",
    [
        ("query", "stats count(*) as n, max(ms) by level", "-g", "app/*"),
        ("query", "fields @timestamp, ms, ok, tags | sort ms", "-g", "app/one"),
        ("query", "fields @message | limit 1", "-g", "app/one", "-o", "raw"),
        ("query", "stats count(*) by bin(5m)", "-g", "app/one", "-o", "chart"),
        ("query", "display level, ms", "-g", "app/one", "-o", "csv", "--tz", "Europe/Berlin"),
        ("query", "fields ms", "-g", "app/one", "--end", "2026-03-17T12:00:00Z"),
        ("query", "display nosuch", "-g", "app/one"),
        ("query", "sort ms | stats count(*) as n", "-g", "app/one", "--strict"),
        ("query", "sort ms | stats count(*) as n", "-g", "app/one", "--lenient"),
        ("query", "fields abs(", "-g", "app/one"),
        ("query", "stats count(*) by nosuch | sort ms", "-g", "app/one"),
        ("query", "fields ms", "-g", "nothing"),
        ("query", "fields ms"),
        ("tail", "-g", "app/one", "-n", "2"),
        ("tail", "-g", "app/one", "--filter", "{ $.ms > 5 }", "--query", "fields ms"),
        ("tail", "-g", "app/one", "--filter", "{ $.ms > }"),
        ("filters", "test", "disk", "-g", "app/one"),
        ("fields", "-g", "app/one", "-o", "ndjson"),
        ("streams", "list", "app/one", "-o", "csv"),
        ("groups", "show", "nothing"),
    ],
    ids=lambda args: " ".join(args),
)
def test_a_command_answers_the_same_there_and_here(both: Both, args: tuple[str, ...]) -> None:
    there, here = both.there(*args), both.local(*args)

    if args[0] == "streams":  # the time of arrival differs
        there.stdout, here.stdout = (
            "\n".join(line.rpartition(",")[0] for line in done.stdout.splitlines())
            for done in (there, here)
        )
    assert (there.returncode, there.stdout, there.stderr) == (
        here.returncode,
        here.stdout,
        here.stderr,
    )
    assert there.stdout or there.stderr


def test_a_saved_query_is_kept_and_run_there_as_here(both: Both) -> None:
    text = "filter level = {{level}} | stats count(*) as n"
    steps = [
        ("queries", "save", "q/one", text, "-g", "app/one", "-p", "level=ERROR"),
        ("queries", "run", "q/one"),
        ("queries", "run", "q/one", "-p", "level=INFO", "-g", "app/*"),
        ("query", "$`q/one`() | fields n * 2 as m", "-g", "app/one"),
        ("query", "$`q/one`(nothing = 1)", "-g", "app/one"),
        ("query", "SOURCE logGroups(namePrefix: ['app/']) | stats count(*)"),
        ("queries", "show", "q/one"),
        ("queries", "delete", "q/one", "-y"),
        ("queries", "show", "q/one"),
    ]
    for step in steps:
        there, here = both.there(*step), both.local(*step)
        assert (there.returncode, there.stdout, there.stderr) == (
            here.returncode,
            here.stdout,
            here.stderr,
        )
        assert "bug" not in there.stderr
    assert both.there("queries", "list").stdout == ""


def test_a_file_of_an_answer_is_the_same(both: Both) -> None:
    for run, name in ((both.there, "there"), (both.local, "here")):
        query = ("query", "fields @timestamp, ms, level", "-g", "app/one", "-o", "parquet")
        assert run(*query, f"{name}.parquet").returncode == 0

    there, here = (pq.read_table(both.work / f"{name}.parquet") for name in ("there", "here"))
    assert there.num_rows == 3
    assert there.equals(here)


def test_log_groups_are_made_changed_and_deleted(both: Both) -> None:
    assert both.there("groups", "create", "made/#1", "--retention", "7").returncode == 0
    assert both.there("groups", "set", "made/#1", "--tag", "team=a").returncode == 0
    shown = json.loads(both.there("groups", "show", "made/#1", "-o", "ndjson").stdout)
    assert (shown["retention_days"], shown["tags"]) == (7, {"team": "a"})
    assert both.there("groups", "set", "made/#1", "--no-retention").returncode == 0
    assert both.there("groups", "delete", "made/#1", "--yes").returncode == 0
    assert both.there("groups", "show", "made/#1").returncode == 3


def test_log_streams_are_made_and_deleted(both: Both) -> None:
    both.there("ingest", "app.log", "-g", "app/two", "-s", "a/b #1")
    assert both.there("streams", "create", "app/two", "empty").returncode == 0
    assert both.there("streams", "delete", "app/two", "a/b #1", "--yes").returncode == 0

    listed = both.there("streams", "list", "app/two", "-o", "ndjson").stdout.splitlines()
    assert [json.loads(line)["stream"] for line in listed] == ["empty"]
    assert both.there("streams", "delete", "app/two", "a/b #1", "--yes").returncode == 3


def test_lookup_tables_are_put_there_and_used(both: Both) -> None:
    assert both.there("tables", "put", "sizes", "-", stdin="ms,size\n200,large\n").returncode == 0
    listed = both.there("tables", "list", "-o", "ndjson").stdout
    found = both.there(
        "query", "lookup sizes ms OUTPUT size | filter ispresent(size) | display ms, size",
        *("-g", "app/one"),
    )  # fmt: skip
    assert json.loads(listed)["columns"] == ["ms", "size"]
    assert found.stdout == '{"ms":200,"size":"large"}\n', found.stderr
    assert both.there("tables", "show", "sizes").stdout == "ms,size\n200,large\n"
    assert both.there("tables", "delete", "sizes", "--yes").returncode == 0


def test_a_file_is_read_once_by_whoever_reads_it(both: Both) -> None:
    again = both.there("ingest", "app.log", "-g", "app/one")

    assert again.returncode == 0
    assert "nothing new" in again.stderr


def test_standard_input_is_ingested(both: Both) -> None:
    done = both.there("ingest", "-", "-g", "piped", stdin='{"a":1}\n{"a":2}\n')

    assert done.returncode == 0, done.stderr
    assert both.there("query", "stats sum(a) as s", "-g", "piped").stdout == '{"s":3}\n'


@pytest.mark.parametrize("args", [("compact",), ("retention", "run"), ("doctor",)])
def test_the_data_is_looked_after_there(both: Both, args: tuple[str, ...]) -> None:
    done = both.there(*args)

    assert done.returncode == 0, done.stderr
    assert done.stdout or done.stderr


def test_a_server_that_is_not_there_is_told(both: Both) -> None:
    done = both._run(["--server", "http://127.0.0.1:9", "groups"], "")

    assert done.returncode == 1
    assert "cannot reach http://127.0.0.1:9" in done.stderr
    assert "logq serve" in done.stderr


def test_what_is_no_address_is_told(both: Both) -> None:
    done = both._run(["--server", "localhost:5080", "groups"], "")

    assert done.returncode == 2
    assert "http://HOST:PORT" in done.stderr


def test_a_server_with_keys_wants_a_token(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        made = Both(server, tmp_path / "data", tmp_path)
        made.local("groups", "create", "app")
        key = made.local(
            "keys", "create", "reader", "--policy", "LogQReadOnly", "--token", "-o", "json"
        )
        assert key.returncode == 0, key.stderr
        token = json.loads(key.stdout)[0]["secret"]

        assert soon(lambda: made.there("groups").returncode == 1)
        assert made._run(["--server", server.url, "--token", token, "groups"], "").returncode == 0
        denied = made._run(
            ["--server", server.url, "--token", token, "groups", "delete", "app", "--yes"], ""
        )

    assert denied.returncode == 1
    assert "not authorized to perform logs:DeleteLogGroup" in denied.stderr


def test_keys_and_policies_are_made_there(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        made = Both(server, tmp_path / "data", tmp_path)
        made.there("groups", "create", "app")
        (tmp_path / "p.json").write_text(POLICY)
        assert made.there("policies", "put", "reading", "p.json").returncode == 0
        wrong = made.there("policies", "put", "wrong", "-", stdin='{"Version": 1,}')
        key = made.there("keys", "create", "ann", "-p", "LogQAdmin", "--token", "-o", "json")
        token = ("--server", server.url, "--token", json.loads(key.stdout)[0]["secret"])
        mine = json.loads(key.stdout)[0]["id"]
        other = made._run(
            [*token, "keys", "create", "bob", "-p", "reading", "--token", "-o", "json"], ""
        )
        bob = json.loads(other.stdout)[0]["id"]
        may = made._run([*token, "policies", "test", bob, "logs:StartQuery", "app"], "")
        may_not = made._run([*token, "policies", "test", bob, "logs:DeleteLogGroup", "app"], "")
        refused = made._run([*token, "policies", "delete", "reading", "--yes"], "")
        revoked = made._run([*token, "keys", "revoke", bob, "--yes"], "")
        listed = made._run([*token, "keys", "list", "-o", "ndjson"], "")
        proof = made._run([*token, "audit", "verify"], "")

    assert wrong.returncode == 2
    assert "line 1, column" in wrong.stderr
    assert (may.returncode, may_not.returncode) == (0, 1)
    assert "allowed by" in may.stdout
    assert refused.returncode == 1
    assert revoked.returncode == 0
    states = {row["id"]: row["state"] for row in map(json.loads, listed.stdout.splitlines())}
    assert states == {mine: "active", bob: "revoked"}
    assert (proof.returncode, "all is well" in proof.stdout) == (0, True)


def test_a_tail_goes_on_where_it_was_when_the_server_comes_back(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seen: list[str] = []
    with serving(data, "--port", str(own_port())) as server:
        host, port = server.address
        made = Both(server, data, tmp_path)
        made.there("ingest", "-", "-g", "app", stdin="one\n")
        tail = subprocess.Popen(
            [sys.executable, "-m", "logq", "--server", server.url, "tail", "-f", "-g", "app"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=tmp_path,
            env={**environment(data), "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        reader = threading.Thread(target=_collect, args=(tail, seen), daemon=True)
        reader.start()
        try:
            assert soon(lambda: seen == ["one"])
            made.there("ingest", "-", "-g", "app", stdin="two\n")
            assert soon(lambda: seen == ["one", "two"])
            server.stop()
            made.local("ingest", "-", "-g", "app", stdin="three\n")
            with serving(data, "--port", str(port)) as again:
                assert again.url == f"http://{host}:{port}"
                assert soon(lambda: seen == ["one", "two", "three"]), seen
                made.local("ingest", "-", "-g", "app", stdin="four\n")
                assert soon(lambda: seen == ["one", "two", "three", "four"]), seen
        finally:
            tail.kill()
            tail.wait()
            reader.join(60)


def _collect(process: subprocess.Popen[str], seen: list[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        seen.append(line.rstrip("\n"))


def test_an_agent_ships_every_line_once_over_kills_of_the_server(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "app.log"
    written = 0

    def write(count: int) -> None:
        nonlocal written
        with log.open("a") as file:
            for _ in range(count):
                file.write(f'{{"n":{written}}}\n')
                written += 1

    write(200)
    with serving(data, "--port", str(own_port())) as server:
        port = str(server.address[1])
        made = Both(server, data, tmp_path)
        agent = subprocess.Popen(
            [
                *(sys.executable, "-m", "logq", "--server", server.url),
                *("--data", str(tmp_path / "notes"), "agent", str(log), "-g", "app"),
            ],
            stderr=subprocess.DEVNULL,
            cwd=tmp_path,
            env={**environment(data), "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        try:
            assert soon(lambda: _numbers(made) == list(range(200)), 180)
            for _ in range(2):
                server.process.kill()
                server.process.wait()
                write(300)
                time.sleep(0.5)  # the agent meets the closed port
                with serving(data, "--port", port) as server:
                    made.server = server
                    write(100)
                    assert soon(lambda: len(_numbers(made)) == written, 180), len(_numbers(made))
                    server.process.kill()
            with serving(data, "--port", port) as server:
                made.server = server
                write(50)
                assert soon(lambda: len(_numbers(made)) == written, 180)
                assert _numbers(made) == list(range(written))
        finally:
            agent.terminate()
            agent.wait(60)


def _numbers(made: Both) -> list[int]:
    with LogQ(made.here, environ=environment(made.here)) as logq:
        try:
            found = logq.queries.run("fields n | sort n asc | limit 5000", groups=["app"])
        except UnknownLogGroup:
            return []
        return [row[0] for row in found.rows()]
