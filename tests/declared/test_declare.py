"""What files declare is planned, made once, made whole or not at all, and only as one may."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from logq.actions.context import Context
from logq.actions.metric_filters import describe_metric_filters
from logq.actions.rules import describe_rule
from logq.app import LogQ
from logq.declared import declare
from logq.declared.declare import Ask, Plan
from logq.errors import (
    AccessDenied,
    Conflict,
    InvalidDocument,
    InvalidPattern,
    InvalidValue,
    Protected,
)
from tests.actions.conftest import Calls, clock, context, context_of, logq

__all__ = ["clock", "context", "logq"]

EVERYTHING = """
groups:
  /app/api: {retention: 30, tags: {team: a, tier: 1}, format: json}
  /app/web:
streams:
  - {name: first, group: /app/api}
metric_filters:
  - name: errors
    group: /app/api
    pattern: '{ $.level = "error" }'
    namespace: Api
    metric: Errors
    default: 0
subscription_filters:
  - {name: to-web, group: /app/api, pattern: ERROR, destination: {group: /app/web}}
queries:
  slow: {query: "filter ms > 100", groups: [/app/api]}
tables:
  codes: {csv: "code,text\\n1,one\\n"}
policies:
  readers:
    document:
      Version: "2012-10-17"
      Statement: [{Effect: Allow, Action: "logs:Get*", Resource: "*"}]
topics:
  ops: {display_name: Operations, tags: {team: a}}
subscriptions:
  - {topic: ops, protocol: slack, endpoint: "https://hooks.slack.com/services/T/B/quiet"}
  - {topic: ops, protocol: log-group, endpoint: /app/web, send_ok: false}
alarms:
  many-errors:
    metric: {namespace: Api, name: Errors, dimensions: {route: /a}}
    operator: ">="
    threshold: 5
    periods: 3
    datapoints: 2
    missing: notBreaching
    tags: {team: a}
    actions: {alarm: [ops], ok: ["arn:aws:sns:us-east-1:000000000000:ops"]}
  share:
    queries:
      - {id: a, metric: {namespace: Api, name: Errors}, returned: false}
      - {id: b, expression: a * 100}
    threshold: 1.5
log_alarms:
  crashes: {groups: [/app/api], query: filter @message like /panic/, threshold: 0}
composite_alarms:
  both: {rule: ALARM(many-errors) AND ALARM(crashes), suppressor: share, wait: 60, extension: 60}
mute_rules:
  nights: {schedule: cron(0 2 * * *), duration: PT2H, alarms: [many-errors]}
rules:
  alarms:
    pattern: {source: [aws.cloudwatch], detail: {state: {value: [ALARM]}}}
    targets:
      - {group: /app/web}
      - {url: "https://hooks.example.com/secret", template: '"<x>"', paths: {x: $.source}}
"""


def ask(*texts: str, **options: object) -> Ask:
    return Ask([(f"f{n}.yaml", text) for n, text in enumerate(texts)], {}, **options)  # type: ignore[arg-type]


def told(plan: Plan) -> list[tuple[str, str, str]]:
    return [(s.operation, s.kind.name, " ".join(s.key)) for s in plan.steps if s.changes]


def test_everything_is_made_and_applying_again_changes_nothing(context: Context) -> None:
    planned = declare.plan(context, ask(EVERYTHING))
    assert {operation for operation, *_ in told(planned)} == {"create"}
    assert "quiet" not in repr([(s.key, s.differences) for s in planned.steps])
    assert context.logq.storage.groups.names() == ()

    assert declare.apply(context, ask(EVERYTHING), planned.id) == planned

    again = declare.plan(context, ask(EVERYTHING))
    assert told(again) == []
    assert len(again.steps) == 17
    assert describe_metric_filters(context)[0].filter.default == 0
    assert [target.shown for target in describe_rule(context, "alarms").targets] == [
        "",
        "https://hooks.example.com/***",
    ]
    group = context.logq.storage.groups.get("/app/api")
    assert (group.retention_days, group.tags) == (30, {"team": "a", "tier": "1"})


def test_every_field_that_differs_is_shown_and_secrets_are_not(context: Context) -> None:
    declare.apply(context, ask(EVERYTHING))
    changed = (
        EVERYTHING.replace("retention: 30, tags: {team: a, tier: 1}", "tags: {team: b}")
        .replace('"error"', '"fatal"')
        .replace("threshold: 5", "threshold: 6")
        .replace("Operations", "Ops")
        .replace("send_ok: false", "repeat_seconds: 60")
        .replace("    tags: {team: a}", "    tags: {team: b}")
        .replace("/secret", "/other")
        .replace("[ALARM]", "[OK]")
    )

    planned = declare.plan(context, ask(changed))

    shown = {
        (step.kind.name, one.field): (one.before, one.after)
        for step in planned.steps
        for one in step.differences
    }
    assert shown[("log group", "retention")] == (30, None)
    assert shown[("log group", "tags.team")] == ("a", "b")
    assert shown[("log group", "tags.tier")] == ("1", None)
    assert shown[("metric filter", "pattern")][1] == '{ $.level = "fatal" }'
    assert "OK" in shown[("rule", "pattern")][1]
    masked = "https://hooks.example.com/***"
    assert shown[("rule", "targets[1].arn")] == (masked, masked)
    assert shown[("alarm", "threshold")] == (5.0, 6.0)
    assert shown[("alarm", "tags.team")] == ("a", "b")
    assert shown[("topic", "display_name")] == ("Operations", "Ops")
    assert shown[("subscription", "send_ok")] == (False, True)
    assert shown[("subscription", "repeat_seconds")] == (0, 60)
    assert len(shown) == 11
    assert "quiet" not in repr([(s.key, s.differences) for s in planned.steps])
    declare.apply(context, ask(changed))
    assert told(declare.plan(context, ask(changed))) == []
    assert context.logq.storage.groups.get("/app/api").tags == {"team": "b"}


def test_what_is_declared_no_more_is_deleted_only_when_asked(context: Context) -> None:
    declare.apply(context, ask("groups: {a: , b: }\nqueries: {q: {query: limit 1}}"))
    context.logq.storage.groups.create("other")

    left = declare.apply(context, ask("groups: {a: }"))
    assert [(s.operation, s.key) for s in left.steps] == [
        ("unchanged", ("a",)),
        ("left", ("q",)),
        ("left", ("b",)),
    ]
    pruned = declare.apply(context, ask("groups: {a: }", prune=True))

    assert told(pruned) == [("delete", "saved query", "q"), ("delete", "log group", "b")]
    assert context.logq.storage.groups.names() == ("a", "other")
    assert declare.plan(context, ask("groups: {a: }", prune=True)).steps[0].key == ("a",)


def test_files_of_another_stack_are_left_alone(context: Context) -> None:
    declare.apply(context, ask("groups: {a: }", stack="one"))

    declare.apply(context, ask("groups: {b: }", stack="two", prune=True))

    assert context.logq.storage.groups.names() == ("a", "b")


def test_a_failing_apply_leaves_everything_as_it_was(logq: LogQ) -> None:
    calls = Calls()
    context = context_of(logq)
    object.__setattr__(context, "recorder", calls)
    logq.storage.groups.create("kept", protected=True)
    declare.apply(context, ask("groups: {a: {retention: 7}, kept: {protected: true}}"))
    calls.seen.clear()
    with logq.storage.database.read() as connection:
        before = list(connection.iterdump())

    broken = "groups: {a: {retention: 30}, new: }\nqueries: {q: {query: limit 1}}\n"
    for run in (declare.apply, declare.plan):
        with pytest.raises(Protected, match="log group kept: "):
            run(context, ask(broken, prune=True))
    wrong = broken + "metric_filters:\n- {name: f, group: new, pattern: '{ $.a', "
    wrong += "namespace: n, metric: m}\n"
    with pytest.raises(InvalidPattern, match=r"f0\.yaml:4: metric_filters\[0\]: "):
        declare.apply(context, ask(wrong))

    with logq.storage.database.read() as connection:
        assert list(connection.iterdump()) == before
    assert [call.error for call in calls.seen] == ["Protected", "Protected", "InvalidPattern"]


def test_a_plan_records_nothing_and_an_apply_everything(logq: LogQ) -> None:
    calls = Calls()
    context = context_of(logq)
    object.__setattr__(context, "recorder", calls)

    declare.plan(context, ask("groups: {a: }"))
    assert calls.seen == []
    declare.apply(context, ask("groups: {a: }"))

    assert "logs:CreateLogGroup" in [call.action for call in calls.seen]


def test_every_single_change_is_required_of_the_caller(logq: LogQ) -> None:
    may = context_of(logq, lambda action, arn: action != "logs:PutMetricFilter")

    with pytest.raises(AccessDenied, match="logs:PutMetricFilter"):
        declare.apply(may, ask(EVERYTHING))

    assert logq.storage.groups.names() == ()


def test_a_plan_that_is_not_the_one_looked_at_is_not_made(context: Context) -> None:
    planned = declare.plan(context, ask("groups: {a: }"))
    context.logq.storage.groups.create("a")

    with pytest.raises(Conflict):
        declare.apply(context, ask("groups: {a: }"), planned.id)


FAULTS = [
    ("section", "gruops: {}", "f0.yaml:1: gruops: 'gruops' is not known here"),
    ("field", "groups:\n  a:\n    retension: 1", "f0.yaml:3: groups.a.retension: 'retension'"),
    ("type", "groups:\n  a: {retention: soon}", "f0.yaml:2: groups.a.retention: retention must be"),
    ("flag", "groups: {a: {protected: 1}}", "protected must be true or false"),
    ("no-name", "queries: [{query: limit 1}]", "f0.yaml:1: queries[0]: a saved query has a name"),
    ("no-group", "metric_filters: [{name: f}]", "the metric filter f has a log group"),
    ("missing", "queries: {q: {}}", "queries.q: the saved query q has no query"),
    ("twice", "groups: [{name: a}, {name: a}]", "the log group a is declared twice"),
    ("key-twice", "groups:\n  a:\n  a:", "f0.yaml:3: this is not YAML: 'a' stands there twice"),
    ("syntax", "groups: [", "f0.yaml:1: this is not YAML"),
    ("value", "groups: {a: {retention: 2}}", "f0.yaml:1: groups.a: retention cannot be 2 days"),
    ("target", "rules: {r: {schedule: rate(1 day), targets: [{to: x}]}}", "a target has no to"),
    (
        "operator",
        "log_alarms: {a: {threshold: 1, operator: '!', groups: [g]}}",
        "'!' is no operator",
    ),
    ("metric", "alarms: {a: {threshold: 1}}", "an alarm has either a metric or queries"),
    ("part", "alarms: {a: {threshold: 1, metric: {nam: x}}}", "a metric has no nam"),
    (
        "actions",
        "alarms: {a: {threshold: 1, metric: {namespace: n, name: m}, actions: {on: []}}}",
        "actions has no on",
    ),
    ("list", "- a", "it holds no sections"),
]


@pytest.mark.parametrize(("text", "says"), [pytest.param(*f[1:], id=f[0]) for f in FAULTS])
def test_faults_say_file_line_and_place(context: Context, text: str, says: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        declare.plan(context, ask(text))

    assert says in caught.value.message


def test_the_examples_of_the_readme_can_be_applied(context: Context) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    assert examples

    for example in examples:
        assert told(declare.plan(context, ask(example)))


def test_toml_and_json_say_the_same(context: Context) -> None:
    toml = '[groups."/a"]\nretention = 7\n\n[[queries]]\nname = "q"\nquery = "limit 1"\n'
    data = {"groups": {"/a": {"retention": 7}}, "queries": [{"name": "q", "query": "limit 1"}]}
    documents = [("a.toml", toml)]
    declare.apply(context, Ask(documents, {}))

    assert told(declare.plan(context, Ask([("a.json", json.dumps(data, indent="\t"))], {}))) == []
    for name, text, line in (
        ("a.toml", toml.replace("7", '"x"'), 2),
        ("b.toml", toml.replace("limit 1", "a").replace('query = "a"', "query = 1"), 6),
        ("a.json", json.dumps(data, indent="\t").replace("7", '"x"'), 4),
        ("b.json", "{\n'a'", 2),
        ("c.toml", "a = 1\nb =\n", 2),
    ):
        with pytest.raises(InvalidDocument, match=rf"{name}:{line}: "):
            declare.plan(context, Ask([(name, text)], {}))


def test_deleting_a_group_in_a_plan_leaves_its_files(context: Context, tmp_path: Path) -> None:
    from logq.ingest.incoming import incoming

    declare.apply(context, ask("groups: {a: }"))
    context.logq.accept("a", incoming(["x"] * 5, [context.logq.clock()] * 5, "s"))
    context.logq.storage.seal("a")
    files = sorted(path for path in (tmp_path / "data" / "groups").rglob("*.parquet"))
    assert files

    planned = declare.plan(context, ask("queries: {q: {query: limit 1}}", prune=True))

    assert ("delete", "log group", "a") in told(planned)
    assert sorted((tmp_path / "data" / "groups").rglob("*.parquet")) == files
