"""Policy documents: the JSON that people write, checked and turned into a ``Policy``.

The subset of the IAM policy language that LogQ knows; whatever it does not know is refused, since
a rule that is ignored would be a hole.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from logq.access.condition import ALL, ANY, NULL, OPERATORS, Condition
from logq.access.policy import Policy, Statement
from logq.errors import InvalidPolicy

VERSIONS = ("2012-10-17", "2008-10-17")
LONGEST = 6144
"""Characters of a document without white space, as for IAM's managed policies."""

_STATEMENT = (
    *("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource"),
    "Condition",
)
_ACTION = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+", re.IGNORECASE)
_KEY = re.compile(r"[A-Za-z0-9-]+:[^\s*?]+")


def read(name: str, text: str) -> Policy:
    """The policy that a JSON text writes down; raises InvalidPolicy with line and column."""
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise InvalidPolicy(
            f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}",
            hint="a policy is a JSON object with Version and Statement",
        ) from None
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        raise InvalidPolicy("the policy is nested too deeply or has a number too long") from None
    return parse(name, document)


def parse(name: str, document: Any) -> Policy:
    """The policy that a JSON value writes down; raises InvalidPolicy with the path of the fault."""
    if not isinstance(document, Mapping):
        raise _wrong("", "must be a JSON object with Version and Statement")
    size = len(re.sub(r"\s", "", json.dumps(document, ensure_ascii=False)))
    if size > LONGEST:
        raise InvalidPolicy(
            f"the policy has {size:,} characters, {LONGEST:,} are allowed",
            hint="divide it into several policies",
        )
    _known("", document, ("Version", "Id", "Statement"))
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        raise _wrong("Version", f"must be {VERSIONS[0]}")
    given = document.get("Statement")
    listed = isinstance(given, list)
    rules = given if isinstance(given, list) else [given]
    if given is None or not rules:
        raise _wrong("Statement", "must hold at least one rule")
    statements = tuple(
        _statement(f"Statement[{number}]" if listed else "Statement", rule)
        for number, rule in enumerate(rules)
    )
    sids = [statement.sid for statement in statements]
    twice = next((sid for sid in sids if sids.count(sid) > 1), None)
    if twice is not None:
        raise _wrong("Statement", f"has the Sid {twice!r} twice")
    return Policy(name, statements)


def _statement(path: str, rule: Any) -> Statement:
    if not isinstance(rule, Mapping):
        raise _wrong(path, "must be a JSON object")
    if "Principal" in rule or "NotPrincipal" in rule:
        raise _wrong(path, "names a principal; a policy is about the keys that have it")
    _known(path, rule, _STATEMENT)
    sid = rule.get("Sid", "")
    if not isinstance(sid, str) or not re.fullmatch(r"[A-Za-z0-9]*", sid):
        raise _wrong(f"{path}.Sid", "must be letters and digits")
    effect = rule.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise _wrong(f"{path}.Effect", "must be Allow or Deny")
    which_action, actions = _one_of(path, rule, "Action", "NotAction")
    which_resource, resources = _one_of(path, rule, "Resource", "NotResource")
    for where, action in actions:
        if not _ACTION.fullmatch(action):
            raise _wrong(where, f"{action!r} is not an action such as logs:StartQuery or logs:Get*")
    for where, resource in resources:
        _check_resource(where, resource)
    return Statement(
        sid or path,
        effect == "Allow",
        tuple(action.lower() for _, action in actions),
        tuple(resource for _, resource in resources),
        _conditions(f"{path}.Condition", rule.get("Condition", {})),
        which_action == "NotAction",
        which_resource == "NotResource",
    )


def _check_resource(path: str, resource: str) -> None:
    if resource == "*":
        return
    parts = resource.split(":", 5)
    whole = len(parts) == 6 or (len(parts) > 3 and resource.endswith("*"))
    if parts[0] != "arn" or not whole:
        raise _wrong(
            path,
            f"{resource!r} is neither * nor an ARN such as arn:aws:logs:*:*:log-group:/app/*",
        )
    if not re.fullmatch(r"[a-z0-9-]+", parts[2]):
        raise _wrong(path, f"{resource!r} must name one service, without wildcards")


def _conditions(path: str, given: Any) -> tuple[Condition, ...]:
    if not isinstance(given, Mapping):
        raise _wrong(path, "must be a JSON object of operators")
    found: list[Condition] = []
    for name, keys in given.items():
        here = f"{path}.{name}"
        if not isinstance(keys, Mapping) or not keys:
            raise _wrong(here, "must be a JSON object of keys and values")
        found += [_condition(here, name, key, values) for key, values in keys.items()]
    return tuple(found)


def _condition(path: str, name: str, key: str, values: Any) -> Condition:
    quantifier, _, rest = name.rpartition(":")
    chosen = {each.lower(): each for each in (ANY, ALL)}.get(quantifier.lower())
    base = rest.lower().removesuffix("ifexists")
    if_exists = base != rest.lower()
    operator = OPERATORS.get(base)
    if operator is None or (quantifier and chosen is None):
        names = [each.name for each in OPERATORS.values()]
        near = difflib.get_close_matches(rest, names, n=1, cutoff=0.6)
        also = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(names)}"
        raise _wrong(path, f"is not an operator{also}")
    if operator is NULL and (if_exists or chosen):
        raise _wrong(path, "Null takes neither IfExists nor a quantifier")
    here = f"{path}.{key}"
    if not _KEY.fullmatch(key):
        raise _wrong(here, "is not a condition key such as aws:SourceIp")
    wanted = []
    for where, text in _texts(here, values, plain=True):
        try:
            wanted.append(operator.read(text))
        except ValueError:
            raise _wrong(where, f"{text!r} is not a value for {operator.name}") from None
    return Condition(operator, key.lower(), tuple(wanted), if_exists, chosen)


def _one_of(
    path: str, rule: Mapping[str, Any], name: str, opposite: str
) -> tuple[str, list[tuple[str, str]]]:
    there = [each for each in (name, opposite) if each in rule]
    if len(there) != 1:
        raise _wrong(path, f"must have either {name} or {opposite}")
    return there[0], _texts(f"{path}.{there[0]}", rule[there[0]])


def _texts(path: str, given: Any, *, plain: bool = False) -> list[tuple[str, str]]:
    """The texts of a value or list, each with its path; ``plain``: numbers and booleans too."""
    listed = isinstance(given, list)
    found = []
    for number, value in enumerate(given if isinstance(given, list) else [given]):
        where = f"{path}[{number}]" if listed else path
        if plain and isinstance(value, bool | int | float):
            value = json.dumps(value)
        if not isinstance(value, str) or (not value and not plain) or not value.isprintable():
            raise _wrong(where, "must be a text of printable characters")
        if "${" in value:
            raise _wrong(where, f"{value!r} holds a policy variable, which LogQ does not know")
        found.append((where, value))
    if not found:
        raise _wrong(path, "must not be empty")
    return found


def _known(path: str, given: Mapping[str, Any], names: Collection[str]) -> None:
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
            also = f"; did you mean {near[0]}?" if near else ""
            raise _wrong(f"{path}.{name}".lstrip("."), f"is not part of a policy{also}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object in which every name occurs once; raises InvalidPolicy."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidPolicy(f"{name!r} is there twice in one JSON object")
        found[name] = value
    return found


def _wrong(path: str, what: str) -> InvalidPolicy:
    return InvalidPolicy(f"{path or 'the policy'} {what}" if path == "" else f"{path}: {what}")
