"""Keys and tokens over a real catalog: made, used, expired, revoked, never told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from logq.access.access import FRESH, NOTED, Access
from logq.access.builtin import BUILTIN, builtin
from logq.access.keys import DAY, Form, NewKey
from logq.access.master import MasterKey, key_file
from logq.app import LogQ
from logq.errors import (
    AlreadyExists,
    Conflict,
    InvalidConfig,
    InvalidPolicy,
    InvalidValue,
    NotFound,
    StorageError,
    Unauthenticated,
)
from logq.storage import Storage
from tests.access.conftest import Clock
from tests.access.signing import signed

GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:"


def reason(access: Access, made: NewKey, secret: str | None = None, at: int | None = None) -> str:
    """Why a signature of this key is refused; empty if it is not."""
    at = at if at is not None else access._clock()
    request = signed(key=made.key.id, secret=secret or made.secret, at=at)
    try:
        access.by_signature(request)
    except Unauthenticated as error:
        return error.reason
    return ""


def test_a_signed_request_is_by_the_owner_of_its_key(access: Access) -> None:
    made = access.keys.create("ops", ["LogQReadOnly"])

    caller = access.by_signature(signed(key=made.key.id, secret=made.secret))

    assert (caller.name, caller.kind, caller.key_id) == ("ops", "key", made.key.id)
    assert caller.allows("logs:StartQuery", f"{GROUP}/app/web")
    assert not caller.allows("logs:PutLogEvents", f"{GROUP}/app/web:log-stream:s")
    assert not caller.allows("logs:StartQuery", f"{GROUP}/logq/audit")


def test_a_bearer_token_is_by_its_owner(access: Access) -> None:
    made = access.keys.create("shipper", ["LogQIngest:/app/*"], Form.TOKEN)

    caller = access.by_token(made.secret)

    assert (caller.name, caller.kind, caller.key_id) == ("shipper", "token", made.key.id)
    assert caller.allows("logs:PutLogEvents", f"{GROUP}/app/web:log-stream:s")
    assert not caller.allows("logs:PutLogEvents", f"{GROUP}/other:log-stream:s")


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1] + ("a" if token[-1] != "a" else "b"),
        lambda token: token.upper(),
        lambda token: token + "0",
        lambda token: "lq_" + "0" * 12 + token[15:],
        lambda token: "",
        lambda token: token + "\n",
        lambda token: "lq_ä" + token,
    ],
)
def test_a_changed_token_is_refused(access: Access, change: object) -> None:
    assert callable(change)
    made = access.keys.create("a", ["LogQAdmin"], Form.TOKEN)

    with pytest.raises(Unauthenticated) as caught:
        access.by_token(change(made.secret))

    assert caught.value.reason == "unknown-key"


def test_a_token_is_no_access_key_and_an_access_key_no_token(access: Access) -> None:
    token = access.keys.create("a", ["LogQAdmin"], Form.TOKEN)

    assert reason(access, token) == "unknown-key"


def test_a_data_directory_stays_closed_once_it_had_a_key(access: Access) -> None:
    assert access.open_to_local()

    made = access.keys.create("a", ["LogQAdmin"])
    assert not access.open_to_local()

    access.keys.revoke(made.key.id)
    assert not access.open_to_local()


def test_a_data_directory_stays_closed_when_its_catalog_was_lost(
    tmp_path: Path, clock: Clock
) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    with LogQ(tmp_path / "data", clock=clock, environ=environ) as logq:
        assert logq.access.open_to_local()
        logq.access.keys.create("a", ["LogQAdmin"])
    for path in (tmp_path / "data").glob("catalog.sqlite*"):
        path.unlink()

    with LogQ(tmp_path / "data", clock=clock, environ=environ) as logq:
        logq.doctor(repair=True)
        assert logq.access.keys.list() == ()
        assert not logq.access.open_to_local()
        assert logq.doctor().findings == ()


def test_another_process_closes_and_revokes_within_a_second(
    access: Access, storage: Storage, clock: Clock, master: MasterKey
) -> None:
    with Storage.open(storage.directory.root, clock) as second:
        other = Access(second.definitions, clock, master)
        assert access.open_to_local()
        made = other.keys.create("a", ["LogQAdmin"])
        clock.now += FRESH
        assert not access.open_to_local()
        assert reason(access, made) == ""

        other.keys.revoke(made.key.id)
        clock.now += FRESH
        assert reason(access, made) == "unknown-key"


def test_a_key_revoked_here_is_refused_at_once(access: Access) -> None:
    made = access.keys.create("a", ["LogQAdmin"])
    assert reason(access, made) == ""

    access.keys.revoke(made.key.id)

    assert reason(access, made) == "unknown-key"
    with pytest.raises(InvalidValue, match="already"):
        access.keys.revoke(made.key.id)


def test_a_token_expires_after_ninety_days_if_nobody_says(access: Access, clock: Clock) -> None:
    made = access.keys.create("a", ["LogQAdmin"], Form.TOKEN)
    clock.now += 90 * DAY - 1
    assert access.by_token(made.secret)

    clock.now += 1
    with pytest.raises(Unauthenticated, match="expired") as caught:
        access.by_token(made.secret)

    assert caught.value.reason == "expired-key"
    assert access.keys.get(made.key.id).state(clock.now) == "expired"


def test_an_access_key_is_valid_until_it_is_revoked(access: Access, clock: Clock) -> None:
    made = access.keys.create("a", ["LogQAdmin"])
    clock.now += 5000 * DAY

    assert reason(access, made) == ""


@pytest.mark.parametrize("days", [0, -1, 100_000])
def test_a_validity_out_of_range_is_refused(access: Access, days: int) -> None:
    with pytest.raises(InvalidValue):
        access.keys.create("a", ["LogQAdmin"], days=days)

    assert access.open_to_local()


def test_the_last_use_is_written_once_a_minute(
    access: Access, storage: Storage, clock: Clock
) -> None:
    made = access.keys.create("a", ["LogQAdmin"], Form.TOKEN)
    access.by_token(made.secret)
    first = clock.now
    clock.now += NOTED - 1
    access.by_token(made.secret)
    assert access.keys.get(made.key.id).used == first
    noted = storage.definitions.get("key_use", made.key.id)
    assert noted is not None and noted.version == 1

    clock.now += 1
    access.by_token(made.secret)

    assert access.keys.get(made.key.id).used == clock.now


def test_no_secret_is_in_the_data_directory_or_in_a_repr(
    access: Access, storage: Storage, master: MasterKey
) -> None:
    key = access.keys.create("a", ["LogQAdmin"])
    token = access.keys.create("b", ["LogQAdmin"], Form.TOKEN)
    access.by_token(token.secret)
    assert reason(access, key) == ""
    storage.close()

    files = [path.read_bytes() for path in storage.directory.root.rglob("*") if path.is_file()]
    shown = " ".join(map(repr, [key, token, key.key, token.key, signed(secret=key.secret)]))

    for secret in (key.secret, token.secret, token.secret[16:], master.path.read_text().strip()):
        assert not any(secret.encode() in data for data in files)
        assert secret not in shown
    assert "Signature=" not in shown


def test_no_error_tells_a_secret(access: Access) -> None:
    made = access.keys.create("a", ["LogQAdmin"], Form.TOKEN)
    access.keys.revoke(made.key.id)

    with pytest.raises(Unauthenticated) as caught:
        access.by_token(made.secret)

    assert made.secret[16:] not in str(caught.value)


def test_secrets_differ_from_key_to_key(access: Access) -> None:
    made = [access.keys.create("a", ["LogQAdmin"], form) for form in Form for _ in range(20)]

    assert len({each.key.id for each in made}) == len({each.secret for each in made}) == 40


def test_another_master_key_is_said_to_be_another(
    access: Access, storage: Storage, clock: Clock, tmp_path: Path
) -> None:
    made = access.keys.create("a", ["LogQAdmin"])
    moved = Access(storage.definitions, clock, MasterKey(tmp_path / "other.key"))

    with pytest.raises(Unauthenticated) as caught:
        moved.by_signature(signed(key=made.key.id, secret=made.secret))

    assert caught.value.reason == "unknown-key"
    assert "another master key" in (caught.value.hint or "")


# ---- the master key


def test_the_master_key_is_for_its_owner_only(master: MasterKey) -> None:
    first = master.derive("x")

    assert master.path.stat().st_mode & 0o777 == 0o600
    assert MasterKey(master.path).derive("x") == first
    assert master.derive("y") != first
    assert list(master.path.parent.iterdir()) == [master.path]


def test_a_master_key_that_others_can_read_is_refused(master: MasterKey) -> None:
    master.derive("x")
    master.path.chmod(0o640)

    with pytest.raises(StorageError, match="read by others"):
        MasterKey(master.path).derive("x")


def test_a_damaged_master_key_is_refused_and_kept(master: MasterKey) -> None:
    master.derive("x")
    master.path.write_text("abc\n")

    with pytest.raises(StorageError, match="damaged"):
        MasterKey(master.path).derive("x")

    assert master.path.read_text() == "abc\n"


def test_a_master_key_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError) as caught:
        MasterKey(tmp_path / "file" / "master.key").derive("x")

    assert "LOGQ_KEY_FILE" in (caught.value.hint or "")


def test_the_master_key_may_not_be_in_the_data_directory(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (tmp_path / "link").symlink_to(data)

    for inside in (data / "k", tmp_path / "link" / "k", data / "a" / ".." / "k"):
        with pytest.raises(InvalidConfig, match="inside the data directory"):
            key_file(str(inside), data)

    assert key_file("", data, {"XDG_CONFIG_HOME": "/etc/x"}) == Path("/etc/x/logq/master.key")
    assert key_file("~/k", data, {}) == Path.home() / "k"


# ---- policies of keys


def test_a_policy_that_is_attached_cannot_be_deleted(access: Access) -> None:
    access.policies.put("mine", POLICY)
    made = access.keys.create("a", ["mine"])
    with pytest.raises(Conflict, match="attached"):
        access.policies.delete("mine", access.keys.attached())

    access.keys.revoke(made.key.id)
    access.policies.delete("mine", access.keys.attached())

    with pytest.raises(NotFound):
        access.policies.get("mine")


def test_a_key_whose_policy_is_lost_may_do_nothing(access: Access, storage: Storage) -> None:
    """The lost one may have held the denial."""
    access.policies.put("mine", POLICY)
    made = access.keys.create("a", ["LogQAdmin", "mine"], Form.TOKEN)
    assert access.by_token(made.secret).allows("logs:X", f"{GROUP}a")

    storage.definitions.delete("policy", "mine")
    access.forget()

    assert not access.by_token(made.secret).allows("logs:X", f"{GROUP}a")


def test_a_key_whose_boundary_is_lost_may_do_nothing(access: Access, storage: Storage) -> None:
    access.policies.put("mine", POLICY)
    made = access.keys.create("a", ["LogQAdmin"], Form.TOKEN, boundary="mine")
    assert access.by_token(made.secret).allows("logs:StartQuery", f"{GROUP}a")
    assert not access.by_token(made.secret).allows("logs:DeleteLogGroup", f"{GROUP}a")

    storage.definitions.delete("policy", "mine")
    access.forget()

    assert not access.by_token(made.secret).allows("logs:StartQuery", f"{GROUP}a")


def test_a_changed_policy_is_in_force_at_the_next_request(access: Access) -> None:
    access.policies.put("mine", POLICY)
    made = access.keys.create("a", ["mine"], Form.TOKEN)
    assert access.by_token(made.secret).allows("logs:StartQuery", f"{GROUP}a")

    access.policies.put("mine", POLICY.replace("Allow", "Deny"))

    assert not access.by_token(made.secret).allows("logs:StartQuery", f"{GROUP}a")


@pytest.mark.parametrize(
    ("policies", "error"),
    [
        ((), InvalidValue),
        (("nothing",), NotFound),
        (("LogQReadOnly:a b",), InvalidPolicy),
        (("LogQAdmin:/app/*",), InvalidPolicy),
    ],
)
def test_a_key_is_not_made_with_policies_that_are_not_there(
    access: Access, policies: tuple[str, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        access.keys.create("a", policies)

    assert access.keys.list() == ()


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "a\n", "<script>"])
def test_a_name_that_is_none_is_refused(access: Access, name: str) -> None:
    with pytest.raises(InvalidValue):
        access.keys.create(name, ["LogQAdmin"])


@pytest.mark.parametrize("name", ["LogQAdmin", "LogQAdmin:x", "a b", ""])
def test_a_policy_name_that_is_taken_or_none_is_refused(access: Access, name: str) -> None:
    with pytest.raises((AlreadyExists, InvalidValue)):
        access.policies.put(name, POLICY)


@pytest.mark.parametrize("name", BUILTIN)
def test_a_built_in_policy_says_what_it_is_for_and_stays(access: Access, name: str) -> None:
    summary, body = BUILTIN[name]

    assert summary and builtin(name).statements
    assert access.policies.get(name).document == body
    with pytest.raises(InvalidValue):
        access.policies.delete(name)


def test_a_service_acts_with_the_rights_of_the_key_it_stands_for(access: Access) -> None:
    made = access.keys.create("a", ["LogQReadOnly:/app/*"])
    assert access.caller(made.key.id).allows("logs:StartQuery", f"{GROUP}/app/x")

    access.keys.revoke(made.key.id)

    with pytest.raises(Unauthenticated):
        access.caller(made.key.id)


def test_an_unsigned_body_needs_the_setting_and_tls(
    storage: Storage, clock: Clock, master: MasterKey
) -> None:
    access = Access(storage.definitions, clock, master, unsigned_payload=True)
    made = access.keys.create("a", ["LogQAdmin"])
    header = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    request = signed(headers=header, key=made.key.id, secret=made.secret)

    with pytest.raises(Unauthenticated) as caught:
        access.by_signature(request)
    assert caught.value.reason == "payload"
    assert access.by_signature(replace(request, secure=True)).name == "a"


POLICY = """{"Version": "2012-10-17", "Statement": {
    "Effect": "Allow", "Action": "logs:StartQuery", "Resource": "arn:aws:logs:*:*:log-group:*"
}}"""
