"""Actions check the policy, call an engine and are recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from logq.actions.action import actions
from logq.actions.context import Context, Origin
from logq.actions.groups import create_log_group, delete_log_group, describe_log_groups
from logq.app import LogQ
from logq.audit.call import Access, Call
from logq.errors import AccessDenied, UnknownLogGroup
from logq.work.job import Answer, Job

NOW = 1_767_607_200_000


@dataclass
class Calls:
    """A recorder that remembers."""

    seen: list[Call] = field(default_factory=list)

    def record(self, call: Call) -> None:
        self.seen.append(call)


@dataclass(frozen=True)
class Only:
    """A caller that may do everything to ARNs with one ending."""

    ending: str
    name: str = "tester"
    kind: str = "key"
    key_id: str | None = "AKTEST"

    def allows(
        self, action: str, resource: str, conditions: Mapping[str, str] | None = None
    ) -> bool:
        return resource.endswith(self.ending)


class NoPool:
    def start(self, job: Job, owner: str) -> Answer:
        raise AssertionError("no action here runs a job")


@pytest.fixture
def logq(tmp_path: Path) -> Iterator[LogQ]:
    with LogQ(tmp_path / "data", clock=lambda: NOW, environ={}) as opened:
        yield opened


def context(logq: LogQ, calls: Calls, ending: str) -> Context:
    return Context(logq, Only(ending), Origin("r1", "127.0.0.1", "test"), NoPool(), calls)


def test_an_action_that_the_policy_allows_is_done_and_recorded(logq: LogQ) -> None:
    calls = Calls()

    create_log_group(context(logq, calls, ":mine"), "mine", tags={"team": "a"})

    assert logq.storage.groups.get("mine").tags == {"team": "a"}
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:mine"
    assert calls.seen == [
        Call(
            "logs:CreateLogGroup",
            Access.MANAGEMENT_WRITE,
            "tester",
            "key",
            "AKTEST",
            "r1",
            "127.0.0.1",
            "test",
            NOW,
            {"name": "mine"},
            (arn,),
        )
    ]


def test_an_action_that_no_policy_allows_is_refused_and_recorded(logq: LogQ) -> None:
    calls = Calls()

    with pytest.raises(AccessDenied, match="not authorized to perform logs:CreateLogGroup"):
        create_log_group(context(logq, calls, ":mine"), "yours")

    assert logq.storage.groups.list() == ()
    assert [call.error for call in calls.seen] == ["AccessDenied"]


def test_a_list_leaves_out_what_the_caller_may_not_see(logq: LogQ) -> None:
    logq.storage.groups.create("mine")
    logq.storage.groups.create("yours")

    assert [g.name for g in describe_log_groups(context(logq, Calls(), ":mine"))] == ["mine"]


def test_an_action_that_fails_is_recorded_with_its_error(logq: LogQ) -> None:
    calls = Calls()

    with pytest.raises(UnknownLogGroup):
        delete_log_group(context(logq, calls, ""), "nothing")

    assert [(call.error, call.error_message) for call in calls.seen] == [
        ("UnknownLogGroup", "there is no log group 'nothing'")
    ]


@pytest.mark.parametrize("name", sorted(actions()))
def test_every_action_says_what_it_does(name: str) -> None:
    assert actions()[name].summary.endswith((".", ";")) or ";" in actions()[name].summary
