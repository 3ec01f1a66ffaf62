"""Event rules with their targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from logq.actions import rules
from logq.actions.context import Context
from logq.declared.kind import Body, Field, Key, Kind, canonical, register
from logq.declared.targets import SHORT, address, arn_of
from logq.errors import InvalidValue
from logq.events.rule import ATTEMPTS, SECONDS, Retry, Rule, Target, Template

_TARGET = frozenset({"id", "input", "input_path", "template", "paths", "attempts", "seconds"})


def _there(context: Context) -> Mapping[Key, Body]:
    return {(rule.name,): _body(context, rule) for rule in rules.list_rules(context)}


def _body(context: Context, rule: Rule) -> Body:
    return {
        "pattern": canonical(rule.pattern),
        "schedule": rule.schedule,
        "enabled": rule.enabled,
        "description": rule.description,
        "tags": dict(rule.tags),
        "targets": [_shown(context, target) for target in rule.targets],
    }


def _shown(context: Context, target: Target) -> Mapping[str, Any]:
    template = target.template
    return {
        "id": target.id,
        "arn": address(context, target.arn, target.shown),
        "input": canonical(target.input),
        "input_path": target.input_path,
        "template": template.template if template else None,
        "paths": dict(template.paths) if template else {},
        "attempts": target.retry.attempts,
        "seconds": target.retry.seconds,
    }


def _normal(context: Context, body: Body) -> Body:
    targets = [_target(context, number, one) for number, one in enumerate(body["targets"], 1)]
    return {**body, "targets": targets}


def _target(context: Context, number: int, given: Any) -> Mapping[str, Any]:
    if isinstance(given, str):
        given = {"arn": given}
    if not isinstance(given, dict):
        raise InvalidValue("a target is an object", hint='{topic = "ops"}')
    if unknown := sorted(given.keys() - _TARGET - SHORT):
        raise InvalidValue(f"a target has no {unknown[0]}", hint=f"there are {sorted(_TARGET)}")
    where = {name: value for name, value in given.items() if name in SHORT}
    return {
        "id": str(given.get("id", f"target-{number}")),
        "arn": arn_of(context, where),
        "input": canonical(given.get("input")),
        "input_path": given.get("input_path"),
        "template": given.get("template"),
        "paths": dict(given.get("paths", {})),
        "attempts": given.get("attempts", ATTEMPTS),
        "seconds": given.get("seconds", SECONDS),
    }


def _put(context: Context, key: Key, body: Body, before: Body | None) -> None:
    (name,) = key
    rules.put_rule(
        context,
        name,
        pattern=body["pattern"],
        schedule=body["schedule"],
        enabled=body["enabled"],
        description=body["description"],
        tags=body["tags"],
    )
    if before is not None and before["tags"] != body["tags"]:
        if gone := sorted(before["tags"].keys() - body["tags"].keys()):
            rules.untag_rule(context, name, gone)
        rules.tag_rule(context, name, body["tags"])
    if (before["targets"] if before else []) != body["targets"]:
        rules.put_targets(context, name, [_made(one) for one in body["targets"]], only=True)


def _made(one: Mapping[str, Any]) -> Target:
    template = Template(one["template"], one["paths"]) if one["template"] is not None else None
    retry = Retry(one["attempts"], one["seconds"])
    return Target(
        one["id"],
        one["arn"],
        input=one["input"],
        input_path=one["input_path"],
        template=template,
        retry=retry,
    )


def _delete(context: Context, key: Key) -> None:
    rules.delete_rule(context, key[0], targets=True)


register(
    Kind(
        "rule",
        "rules",
        9,
        (
            Field("pattern", "json", summary="an event pattern, as an object or as JSON"),
            Field("schedule", "text", summary="rate(5 minutes) or cron(0 9 ? * MON-FRI *)"),
            Field("enabled", "flag", True),
            Field("description", "text", ""),
            Field("tags", "map", {}),
            Field(
                "targets",
                "list",
                [],
                summary="objects with topic, group, url, metric or arn, and what is sent",
            ),
        ),
        _there,
        _put,
        _delete,
        normal=_normal,
    )
)
