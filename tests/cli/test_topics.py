"""``logq topics`` and ``logq subscriptions`` on a data directory."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Program
from tests.notify.service import Service, serving


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving() as found:
        yield found


def test_a_topic_is_made_shown_changed_and_deleted(program: Program) -> None:
    assert program("topics", "create", "ops", "--group", "30").code == 0

    [row] = program("topics", "list").rows
    assert (row["name"], row["groupSeconds"]) == ("ops", 30)
    assert row["arn"] == "arn:aws:sns:us-east-1:000000000000:ops"
    assert program("topics", "create", "ops").code == 0
    assert program("topics").rows[0]["groupSeconds"] == 0
    assert program("topics", "show", "ops").rows == []
    assert program("topics", "delete", "ops", "--yes").code == 0
    assert program("topics", "show", "ops").code == 3
    assert program("topics", "delete", "ops", "--yes").code == 3


def test_a_subscription_shows_its_secret_once_and_its_address_never(program: Program) -> None:
    program("topics", "create", "ops")
    url = "https://hooks.example.com/services/T0/B0/tellnobody"

    made = program("subscriptions", "add", "ops", "webhook", "-", "--repeat", "4h", text=url + "\n")

    [row] = made.rows
    assert row["secret"].startswith("whsec_")
    [listed] = program("subscriptions", "list", "ops").rows
    assert (listed["id"], listed["state"]) == (row["id"], "active")
    assert listed["address"] == "https://hooks.example.com/***"
    shown = program("subscriptions", "show", row["arn"])
    assert json.loads(shown.out)["options"]["repeat_seconds"] == 14_400
    said = shown.out + program("topics", "show", "ops").out
    assert "tellnobody" not in said
    assert row["secret"] not in said
    assert program("subscriptions", "delete", row["id"], "--yes").code == 0
    assert program("subscriptions").rows == []


def test_a_test_prints_what_was_answered_and_fails_if_one_did_not_take_it(
    program: Program, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGQ_NOTIFY_ALLOW", "127.0.0.1")
    program("topics", "create", "ops")
    program("groups", "create", "/told")
    program("subscriptions", "add", "ops", "webhook", service.url + "/hook")
    program("subscriptions", "add", "ops", "log-group", "/told")

    done = program("topics", "test", "ops")
    assert done.code == 0
    assert [row["outcome"] for row in done.rows] == ["delivered", "delivered"]
    assert json.loads(service.got[-1].body)["kind"] == "test"

    service.answer(403)
    done = program("topics", "test", "ops")
    assert done.code == 1
    assert done.rows[0]["reason"] == "it answered 403"
    assert "1 of 2 subscribers" in done.err


def test_without_permission_nothing_is_sent_to_this_machine(
    program: Program, service: Service
) -> None:
    before = len(service.got)
    program("topics", "create", "ops")
    program("subscriptions", "add", "ops", "slack", service.url)

    [row] = program("topics", "test", "ops").rows

    assert row["outcome"] == "never"
    assert len(service.got) == before


def test_a_published_message_waits_for_a_server(program: Program) -> None:
    program("topics", "create", "ops")

    done = program("topics", "publish", "ops", "hello", "--subject", "a", "-a", "team=web")

    assert done.code == 0
    assert set(done.rows[0]) == {"id"}
    assert program("topics", "publish", "nothing", "hello").code == 3
    assert program("topics", "publish", "ops", "hello", "-a", "team").code == 2


@pytest.mark.parametrize(
    ("protocol", "address", "words"),
    [
        ("teams", "https://acme.webhook.office.com/webhookb2/x", "retired"),
        ("pigeon", "https://h.example.com/", "no notifier"),
        ("slack", "file:///etc/passwd", "no web address"),
        ("log-group", "/logq/audit", "cannot be the log group"),
    ],
)
def test_an_address_that_cannot_work_is_explained(
    program: Program, protocol: str, address: str, words: str
) -> None:
    program("topics", "create", "ops")

    done = program("subscriptions", "add", "ops", protocol, address)

    assert done.code == 2
    assert words in done.err


def test_a_confirmation_needs_its_token(program: Program) -> None:
    program("topics", "create", "ops")
    program("subscriptions", "add", "ops", "sns-http", "https://h.example.com/")
    assert program("subscriptions").rows[0]["state"] == "pending"

    done = program("subscriptions", "confirm", "ops", "nonsense")

    assert done.code == 2
    assert "fits no subscription" in done.err


def test_the_help_lists_every_notifier(program: Program) -> None:
    said = program("help", "notifiers", data=None).out

    for name in ("slack", "teams", "discord", "gchat", "mattermost", "webhook", "sns-http"):
        assert f"  {name} " in said
