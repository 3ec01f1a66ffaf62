"""Events that come in by push are stored under the policy of who sends them."""

from __future__ import annotations

import pytest

from logq.actions.context import Context
from logq.actions.events import accept_events
from logq.app import LogQ
from logq.errors import AccessDenied, InvalidValue, UnknownLogGroup
from logq.ingest.incoming import incoming
from tests.actions.conftest import NOW, context_of

EVENTS = incoming(["one", "two"], [NOW, None], ["a", "b"])


def stored(logq: LogQ, group: str) -> list[str]:
    return [str(row[0]) for row in logq.queries.run("fields @message", groups=[group]).rows()]


def test_events_are_stored_in_the_streams_that_they_name(context: Context, logq: LogQ) -> None:
    logq.storage.groups.create("app")

    assert accept_events(context, "app", EVENTS).events == 2

    assert [s.name for s in logq.storage.groups.streams("app")] == ["a", "b"]


def test_a_missing_group_is_made_only_on_request(context: Context, logq: LogQ) -> None:
    with pytest.raises(UnknownLogGroup):
        accept_events(context, "app", EVENTS)
    assert logq.storage.groups.list() == ()

    assert accept_events(context, "app", EVENTS, create=True).events == 2

    assert sorted(stored(logq, "app")) == ["one", "two"]


def test_one_stream_that_the_policy_does_not_allow_refuses_all_events(logq: LogQ) -> None:
    logq.storage.groups.create("app")
    only_a = context_of(logq, lambda action, resource: resource.endswith(":a"))

    with pytest.raises(AccessDenied, match="log-stream:b"):
        accept_events(only_a, "app", EVENTS)

    assert stored(logq, "app") == []


def test_who_may_not_make_groups_makes_none_by_sending(logq: LogQ) -> None:
    writer = context_of(logq, lambda action, resource: action == "logs:PutLogEvents")

    with pytest.raises(AccessDenied, match="logs:CreateLogGroup"):
        accept_events(writer, "app", EVENTS, create=True)

    assert logq.storage.groups.list() == ()


def test_nobody_writes_into_the_audit(context: Context, logq: LogQ) -> None:
    with pytest.raises(InvalidValue, match="belongs to LogQ itself"):
        accept_events(context, "/logq/audit", EVENTS, create=True)
