"""No answer mentions a log group unless the policy was asked about that very group and allowed it.

Random policies, random calls of every registered action. Each log group has a word that occurs in
its name and another that occurs in everything in it: streams, messages, fields, tags, filters. A
word may be in an answer, or in an error, only if during the call some permission on an ARN of the
group was asked for and given; the name, also if the caller has said it.
"""

from __future__ import annotations

import dataclasses
import inspect
import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logq.access import document
from logq.access.caller import Caller
from logq.access.policy import Policy, group_of
from logq.actions.action import Action, actions
from logq.actions.alarms import put_log_alarm
from logq.actions.context import Context, Origin
from logq.actions.groups import create_log_group
from logq.actions.index_policies import put_index_policy
from logq.actions.metric_filters import put_metric_filter
from logq.actions.put_events import Entry
from logq.actions.saved_queries import save_query
from logq.actions.subscription_filters import SubscriptionFilter, put_subscription_filter
from logq.alarms.definition import Alarm, Check, CompositeWatch, LogWatch
from logq.alarms.mute import MuteRule
from logq.app import LogQ
from logq.errors import LogQError
from logq.events.rule import Target
from logq.ingest.incoming import Incoming, incoming
from logq.metric import DataQuery, Datum, Metric
from logq.metrics.filter import MetricFilter
from logq.model import Checkpoint
from logq.work import job
from logq.work.job import Answer, Job
from tests.actions.conftest import NOW, Calls, context_of

GROUPS = ("/app/alpha", "/app/beta", "gamma", "/logq/delta")
INSIDE = {"/app/alpha": "quartz", "/app/beta": "onyx", "gamma": "topaz", "/logq/delta": "jasper"}
ADMINISTRATION = frozenset(
    # These are about the data directory as a whole, its keys and its policies.
    {"logq:ListKeys", "logq:CheckData", "logq:Compact", "logq:RunRetention", "logq:VerifyAudit"}
    | {"logq:GetPolicy", "logq:ListPolicies", "logq:PutPolicy", "logq:DeletePolicy"}
    | {"logq:TestPolicy", "logq:CreateKey", "logq:RevokeKey"}
)


@dataclass
class Asking:
    """A caller who remembers which log groups something was allowed on."""

    caller: Caller
    granted: set[str] = field(default_factory=set)
    name: str = "tester"
    kind: str = "key"
    key_id: str | None = "LQIATEST"

    def allows(
        self, action: str, resource: str, conditions: Mapping[str, str] | None = None
    ) -> bool:
        allowed = self.caller.allows(action, resource, conditions)
        if allowed and (group := group_of(resource)) is not None:
            self.granted.add(group)
        return allowed


class Out(io.BytesIO):
    """What a job writes, kept."""

    said: Mapping[str, Any] = {}

    def header(self, value: Mapping[str, Any]) -> None:
        self.said = value


@dataclass
class Done:
    """The answer of a job that has run already, as a worker would give it."""

    header: Mapping[str, Any]
    data: bytes
    summary: Mapping[str, Any]

    def chunks(self) -> Iterator[bytes]:
        yield self.data

    def cancel(self) -> None:
        """Too late."""


@dataclass
class Here:
    """Workers that are this very process."""

    logq: LogQ

    def start(self, asked: Job, owner: str) -> Answer:
        out = Out()
        summary = job.get(asked.kind)(self.logq, out, **asked.params)
        return Done(out.said, out.getvalue(), summary)


def log_alarm(name: str, group: str, aggregation: str) -> Alarm:
    check = Check("GreaterThanThreshold", 1)
    return Alarm(name, LogWatch("fields name", (group,), aggregation, check))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with four log groups, each full of its own word."""
    path = tmp_path_factory.mktemp("world") / "data"
    with LogQ(path, clock=lambda: NOW, environ={}) as logq:
        context = context_of(logq)
        for group, word in INSIDE.items():
            make = create_log_group if not group.startswith("/logq/") else None
            if make is not None:
                make(context, group, tags={"owner": word})
            else:
                logq.storage.groups.create(group, tags={"owner": word})
            lines = [
                json.dumps({"name": word, f"field_{word}": n, "level": "ERROR"}) for n in range(3)
            ]
            logq.accept(group, incoming(lines, [NOW - 5 + n for n in range(3)], f"stream-{word}"))
            put_metric_filter(context, group, f"filter-{word}", MetricFilter("ERROR", "n", word))
            put_index_policy(context, group, json.dumps({"Fields": [f"field_{word}"]}))
            arn = f"arn:aws:kinesis:us-east-1:000000000000:stream/{word}"
            put_subscription_filter(context, group, f"sub-{word}", SubscriptionFilter("", arn))
            save_query(context, f"query {word}", f"fields field_{word}", groups=[group])
            put_log_alarm(context, log_alarm(f"log {word}", group, f"count(*) by field_{word}"))
            save_query(context, f"source {word}", f'SOURCE "{group}" | fields field_{word}')
            filled = f'union (SOURCE "{group}" | fields @message) | limit {{{{most}}}}'
            save_query(context, f"filled {word}", filled)
    return path


# ---- random policies

place = "arn:aws:logs:us-east-1:000000000000"
resources = st.sampled_from(
    ["*", f"{place}:log-group:*", "arn:aws:logs:*:*:log-group:/app/*",
     f"{place}:query-definition:*",
     *(f"{place}:log-group:{name}{tail}" for name in GROUPS for tail in ("", ":*"))]
)  # fmt: skip
rules = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Allow", "Deny"]),
        "Action": st.sampled_from(
            [*("*", "*", "logs:*", "logs:Describe*", "logs:Get*", "logs:StartQuery"),
             *("logs:Put*", "logs:List*", "logs:FilterLogEvents", "logq:*")]
        ),
        "Resource": st.lists(resources, min_size=1, max_size=3),
    }
)  # fmt: skip
policies = st.lists(rules, min_size=1, max_size=4).map(
    lambda statements: document.parse("p", {"Statement": statements})
)

# ---- random calls

names = st.sampled_from(
    [*GROUPS, "/app/alph", "/app/*", "*", "nothing", f"{place}:log-group:gamma"]
)
words = st.sampled_from([*INSIDE.values(), "", "level", "name"])
texts = st.sampled_from(
    ["fields @message, @log, @logStream", "stats count(*) by @log", "limit 1",
     'SOURCE "/app/beta" | fields @message', 'SOURCE "gamma" | fields nam', "fields |",
     'union (SOURCE "gamma" | fields @message)', 'union (SOURCE "/app/*" | fields @message)',
     'join left=a right=b on a.level = b.level (SOURCE "/app/beta") | fields b.name',
     'filter level in (SOURCE "gamma" | fields level) | fields @message',
     "SOURCE logGroups() | fields @log, name", "SOURCE logGroups(namePrefix: 'gam') | fields name",
     'SOURCE logGroupTags([{"key": "owner", "values": ["*"]}]) | fields @log, @message',
     "filter level in (SOURCE logGroups() | fields level) | stats count(*) by @log",
     *(f"$`{kind} {word}`()" for kind in ("query", "source", "filled") for word in INSIDE.values()),
     *(f"filter level in ($`filled {word}`()) | limit 1" for word in INSIDE.values()),
     "filter name like /o/ | fields name, @log"]
)  # fmt: skip
SAMPLES: dict[str, st.SearchStrategy[Any]] = {
    "group": names,
    "groups": st.lists(names, max_size=3),
    "pattern": st.sampled_from(["*", "/app/*", "", "ERROR", "gamma", "[a, b]"]),
    "text": texts,
    "query": texts,
    "stream": words.map(lambda word: f"stream-{word}"),
    "name": st.one_of(names, words.map(lambda word: f"filter-{word}"),
                      words.map(lambda word: f"query {word}")),
    "incoming": st.just(incoming(["x"], [NOW], "s")),
    "metric_filter": st.just(MetricFilter("x", "n", "m")),
    "subscription": st.just(SubscriptionFilter("", "arn:aws:kinesis:us-east-1:0:stream/s")),
    "alarm": st.one_of(
        st.just(Alarm("c", CompositeWatch("ALARM(nothing)"))),
        st.sampled_from([*GROUPS, "nothing"]).map(lambda name: log_alarm("l", name, "count(*)")),
    ),
    "rule": st.just(MuteRule("r", "at(2026-01-01T00:00)", "PT1H", names=("a",))),
    "metric": st.just(Metric("n", "m")),
    "targets": st.just([Target("t", "arn:aws:sns:us-east-1:000000000000:t")]),
    "entries": st.just([Entry("shop", "Order", "{}")]),
    "times": st.just([NOW]),
    "messages": st.just(["x"]),
    "data": st.just([Datum(Metric("n", "m"), NOW // 1000, (1.0,))]),
    "stats": st.just(["Sum"]),
    "queries": st.just([DataQuery("e", expression="SUM(SEARCH('n', 'Sum', 60))")]),
    "tags": st.just({"a": "b"}),
    "checkpoint": st.just(Checkpoint("o", "k", "1")),
    "document": st.just('{"Fields":["a"]}'),
    "output": st.just("ndjson"),
    "zone": st.just("UTC"),
    "format": st.just("auto"),
    "days": st.just(7),
}  # fmt: skip
BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "str": words,
    "int": st.sampled_from([1, NOW, 0]),
    "bool": st.booleans(),
    "Sequence[str]": st.lists(words, max_size=2),
}


def arguments(action: Action) -> st.SearchStrategy[dict[str, Any]] | None:
    """Random arguments of an action; None if one of them is of an unknown kind."""
    chosen: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for parameter in list(inspect.signature(action.run).parameters.values())[1:]:
        kind = str(parameter.annotation).removesuffix(" | None")
        values = SAMPLES[parameter.name] if parameter.name in SAMPLES else BY_TYPE.get(kind)
        needed = parameter.default is inspect.Parameter.empty
        if values is None:
            if needed:
                return None
        elif needed:
            chosen[parameter.name] = values
        else:
            optional[parameter.name] = values
    return st.fixed_dictionaries(chosen, optional=optional)


CALLS = {
    name: strategy
    for name, action in sorted(actions().items())
    if name not in ADMINISTRATION and (strategy := arguments(action)) is not None
}
calls = st.sampled_from(sorted(CALLS)).flatmap(lambda name: st.tuples(st.just(name), CALLS[name]))


def text_of(value: Any) -> str:
    """Everything that an answer says."""
    if isinstance(value, Done):
        return text_of(value.header) + value.data.decode() + text_of(value.summary)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return " ".join(text_of(getattr(value, f.name)) for f in dataclasses.fields(value))
    if isinstance(value, Mapping):
        return " ".join(text_of(each) for pair in value.items() for each in pair)
    if isinstance(value, str | bytes):
        return value if isinstance(value, str) else value.decode("utf-8", "replace")
    if isinstance(value, Sequence | set | frozenset) or inspect.isgenerator(value):
        return " ".join(text_of(each) for each in value)
    return repr(value)


def outcome(run: Callable[[], Any]) -> str:
    try:
        return text_of(run())
    except LogQError as error:
        return f"{error.message} {error.hint} {getattr(error, 'expected', '')}"


def test_nearly_every_action_is_called() -> None:
    assert len(CALLS) >= 0.9 * len(actions().keys() - ADMINISTRATION)


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(policies, st.lists(calls, min_size=4, max_size=8))
def test_what_was_not_allowed_is_not_mentioned(
    world: Path, tmp_path: Path, policy: Policy, asked: list[tuple[str, dict[str, Any]]]
) -> None:
    data = tmp_path / "copy"
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(world, data)
    caller = Caller("tester", "key", "LQIATEST", (policy,))
    with LogQ(data, clock=lambda: NOW, environ={}) as logq:
        for name, given_arguments in asked:
            asking = Asking(caller)
            context = Context(logq, asking, Origin("r", "127.0.0.1"), Here(logq), Calls())
            run = actions()[name].run

            answer = outcome(lambda: run(context, **given_arguments))  # noqa: B023

            said = "" if isinstance(given_arguments, Incoming) else repr(given_arguments)
            for group, word in INSIDE.items():
                if group in asking.granted:
                    continue
                assert word not in answer or word in said, f"{name} shows what is in {group}"
                assert group not in answer or group.strip("/") in said, f"{name} names {group}"


def test_everything_is_mentioned_to_an_administrator(world: Path, tmp_path: Path) -> None:
    """The property is not empty: what it looks for is there."""
    data = tmp_path / "copy"
    shutil.copytree(world, data)
    everything = document.parse(
        "all", {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": r}
                              for r in ("*", "arn:aws:logs:*:*:log-group:/logq/*")]}
    )  # fmt: skip
    shown: dict[str, str] = {}
    with LogQ(data, clock=lambda: NOW, environ={}) as logq:
        asking = Asking(Caller("tester", "key", "LQIATEST", (everything,)))
        context = Context(logq, asking, Origin("r", "127.0.0.1"), Here(logq), Calls())
        calls_made: dict[str, dict[str, Any]] = {
            "logs:DescribeLogGroups": {},
            "logs:DescribeLogStreams": {"group": "gamma"},
            "logs:DescribeMetricFilters": {},
            "logs:DescribeQueryDefinitions": {},
            "logs:FilterLogEvents": {"group": "gamma"},
            "cloudwatch:DescribeAlarms": {},
            "cloudwatch:DescribeAlarmHistory": {},
            "logq:RunQuery": {"text": "fields @message, @log", "groups": ["*"]},
            "logq:DiscoverFields": {"groups": ["*"]},
        }
        for name, given_arguments in calls_made.items():
            shown[name] = outcome(lambda: actions()[name].run(context, **given_arguments))  # noqa: B023

    assert [name for name, text in shown.items() if "topaz" not in text] == []
    assert "/logq/delta" in shown["logq:RunQuery"]
