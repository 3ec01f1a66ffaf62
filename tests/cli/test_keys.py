"""Keys, policies and the audit from the command line."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest

from logq.access.builtin import BUILTIN
from tests.cli.conftest import Done, Program
from tests.cli.test_start import complete

DOCUMENT = """{"Version": "2012-10-17", "Statement": [{"Sid": "Apps", "Effect": "Allow",
 "Action": "logs:StartQuery", "Resource": "arn:aws:logs:*:*:log-group:/app/*"}]}"""


@pytest.fixture
def admin(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("LOGQ_KEY_FILE", raising=False)
    return program


def key_id(done: Done) -> str:
    assert done.code == 0, done.err
    return str(json.loads(done.out)["id"])


def test_an_access_key_is_printed_as_lines_for_a_shell(admin: Program, tmp_path: Path) -> None:
    done = admin("keys", "create", "ops", "-p", "LogQReadOnly")

    assert done.code == 0
    assert "not shown again" in done.err
    shell = f"{done.out}printf '%s %s' $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY"
    number, secret = subprocess.check_output(["sh", "-c", shell], text=True).split()
    assert number == admin("keys", "list").rows[0]["id"]
    assert len(secret) == 43
    key_file = tmp_path / "home" / ".config" / "logq" / "master.key"
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_a_token_is_printed_as_a_line_for_a_shell(admin: Program) -> None:
    done = admin("-q", "keys", "create", "shipper", "-p", "LogQIngest:/app/*", "--token")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("export LOGQ_TOKEN=lq_")
    assert done.out.count("\n") == 1


def test_a_new_key_is_json_for_programs(admin: Program) -> None:
    done = admin("keys", "create", "ops", "-p", "LogQAdmin", "-p", "LogQAuditor", "-o", "json")

    (row,) = json.loads(done.out)
    assert row["policies"] == ["LogQAdmin", "LogQAuditor"]
    assert row["form"] == "access-key" and row["secret"]
    assert "expires" not in row


def test_the_list_shows_states_and_no_secrets(admin: Program) -> None:
    first = key_id(admin("keys", "create", "a", "-p", "LogQAdmin", "-o", "ndjson"))
    made = json.loads(
        admin("keys", "create", "b", "-p", "LogQAdmin", "--token", "-o", "ndjson").out
    )
    assert admin("keys", "revoke", first, "--yes").code == 0

    done = admin("keys")

    assert [(row["name"], row["state"]) for row in done.rows] == [("a", "revoked"), ("b", "active")]
    assert made["secret"] not in done.out
    assert all("secret" not in row for row in done.rows)


def test_revoking_asks_first(admin: Program) -> None:
    number = key_id(admin("keys", "create", "a", "-p", "LogQAdmin", "-o", "ndjson"))

    assert admin("keys", "revoke", number).code == 2
    assert admin("keys", "list").rows[0]["state"] == "active"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["keys", "create", "a"], 2, "attach one"),
        (["keys", "create", "a", "-p", "Nothing"], 3, "no policy 'Nothing'"),
        (["keys", "create", "a b", "-p", "LogQAdmin"], 2, "not a name"),
        (["keys", "create", "a", "-p", "LogQAdmin", "--days", "0"], 2, "0 days"),
        (["keys", "revoke", "LQIANONE", "-y"], 3, "no key"),
        (["policies", "show", "none"], 3, "no policy"),
        (["policies", "delete", "LogQAdmin", "-y"], 2, "built in"),
        (["policies", "put", "p", "none.json"], 3, "no such file"),
        (["policies", "test", "LQIANONE", "logs:StartQuery", "g"], 1, "invalid"),
    ],
)
def test_a_fault_is_told_and_has_its_exit_code(
    admin: Program, words: list[str], code: int, said: str
) -> None:
    admin("keys", "create", "first", "-p", "LogQAdmin")

    done = admin(*words)

    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_a_policy_is_put_shown_tested_and_deleted(admin: Program, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(DOCUMENT)
    assert admin("policies", "put", "apps", "p.json").code == 0
    number = key_id(admin("keys", "create", "a", "-p", "apps", "-o", "ndjson"))

    assert json.loads(admin("policies", "show", "apps").out) == json.loads(DOCUMENT)
    yes = admin("policies", "test", number, "logs:StartQuery", "/app/web")
    assert (yes.code, yes.out) == (0, "allowed by Apps of apps\n")
    no = admin("policies", "test", number, "logs:StartQuery", "/other")
    assert (no.code, no.out) == (1, "denied: no policy allows it\n")

    assert "attached" in admin("policies", "delete", "apps", "-y").err
    admin("keys", "revoke", number, "-y")
    assert admin("policies", "delete", "apps", "-y").code == 0
    assert [row["name"] for row in admin("policies", "list").rows] == list(BUILTIN)


def test_a_faulty_policy_says_where_it_is_wrong(admin: Program) -> None:
    done = admin("policies", "put", "p", "-", text=DOCUMENT.replace("Allow", "Permit"))

    assert done.code == 2
    assert "Statement[0].Effect: must be Allow or Deny" in done.err


def test_what_keys_and_policies_did_is_in_the_audit_without_secrets(admin: Program) -> None:
    made = json.loads(admin("keys", "create", "a", "-p", "LogQAdmin", "-o", "ndjson").out)
    admin("policies", "put", "apps", "-", text=DOCUMENT)

    query = "fields eventName, userIdentity.type | sort sequence | limit 9"
    done = admin("query", query, "-g", "/logq/audit")

    assert [tuple(row.values()) for row in done.rows] == [
        ("CreateKey", "Root"), ("PutPolicy", "Root"),
    ]  # fmt: skip
    everything = admin("query", "fields @message | limit 9", "-g", "/logq/audit").out
    assert made["id"] in everything
    assert made["secret"] not in everything


def test_the_audit_is_verified_from_the_command_line(admin: Program, tmp_path: Path) -> None:
    for name in "abc":
        admin("keys", "create", name, "-p", "LogQAdmin")
    good = admin("audit", "verify")
    assert (good.code, good.err) == (0, "")
    assert good.out.startswith("all is well: 3 records (1 to 3)")

    with sqlite3.connect(tmp_path / "data" / "catalog.sqlite") as connection:
        connection.execute("DELETE FROM journal WHERE id = (SELECT min(id) + 1 FROM journal)")
    bad = admin("audit", "verify")

    assert bad.code == 1
    assert bad.out.startswith("missing: record 2 is missing")


def test_the_audit_of_a_day_without_records_is_whole(admin: Program) -> None:
    admin("keys", "create", "a", "-p", "LogQAdmin")

    done = admin("audit", "verify", "--start", "2020-01-01", "--end", "2020-01-02")

    assert done.code == 0
    assert "0 records (none)" in done.out


def test_nobody_writes_into_the_audit_or_deletes_it(admin: Program) -> None:
    admin("keys", "create", "a", "-p", "LogQAdmin")

    assert admin("ingest", "-", "-g", "/logq/audit", text="x\n").code == 2
    assert admin("groups", "delete", "/logq/audit", "-y").code == 1


def test_keys_and_policies_are_completed(admin: Program, tmp_path: Path) -> None:
    number = key_id(admin("keys", "create", "a", "-p", "LogQAdmin", "-o", "ndjson"))
    data = tmp_path / "data"

    assert complete("logq keys revoke LQ", data) == [number]
    assert complete("logq keys create a -p LogQRe", data) == ["LogQReadOnly"]
    assert complete("logq policies show LogQAu", tmp_path / "nothing") == ["LogQAuditor"]
    assert complete("logq keys revoke LQ", tmp_path / "nothing") == []
