"""Filter patterns matched by plain Python, from the specification, independent of the SQL.

It shares the syntax tree with the program and nothing else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from logq.query.filter_pattern import FilterPattern, Kind
from logq.query.patterns.nodes import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Number,
    Regex,
    Selector,
    Test,
    Wildcard,
)

ABSENT = object()
NUMBER = re.compile(r"[ \t\n\r\f\v]*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?[ \t\n\r\f\v]*", re.A)


def matches(pattern: FilterPattern, message: str) -> bool:
    if pattern.kind is Kind.TEXT:
        found = [
            (
                t.sign,
                has(message, t.value) if isinstance(t.value, Regex) else blank_or_in(t, message),
            )
            for t in pattern.terms
        ]
        if found[0][0] == "?":
            return any(hit for _, hit in found)
        return all(hit != (sign == "-") for sign, hit in found)
    if pattern.test is not None:
        document = parse(message)
        return document is not ABSENT and combined(
            pattern.test, lambda leaf: selected(leaf, document)
        )
    if pattern.columns is not None:
        columns = cut(message)
        before, after = pattern.columns.before, pattern.columns.after
        if after is None and len(columns) != len(before):
            return False
        if len(columns) < len(before) + len(after or ()):
            return False
        pairs = list(zip(before, columns, strict=False))
        if after:
            pairs += zip(after, columns[len(columns) - len(after) :], strict=True)
        return all(
            column.test is None
            or combined(column.test, lambda leaf, text=text: in_column(leaf, text))
            for column, text in pairs
        )
    return True


def blank_or_in(term: Any, message: str) -> bool:
    return not term.value.strip() or term.value in message


def has(text: str, regex: Regex) -> bool:
    pattern = regex.re2
    if pattern.endswith("$") and not pattern.endswith("\\$"):
        pattern = pattern[:-1] + r"\Z"
    return re.search(pattern, text, re.A) is not None


def combined(test: Test, leaf: Any) -> bool:
    if isinstance(test, AllOf):
        return all(combined(part, leaf) for part in test.parts)
    if isinstance(test, AnyOf):
        return any(combined(part, leaf) for part in test.parts)
    return bool(leaf(test))


def parse(message: str) -> Any:
    try:
        document = json.loads(message.strip(" \t\n\r"))
    except ValueError:
        return ABSENT
    return document if isinstance(document, dict | list) else ABSENT


def find(values: Iterable[Any], selector: Selector) -> list[Any]:
    found = list(values)
    for step in selector.steps:
        deeper: list[Any] = []
        for value in found:
            if step is None and selector.wildcard == ".*":
                deeper += value.values() if isinstance(value, dict) else []
            elif step is None:
                deeper += value if isinstance(value, list) else []
            elif isinstance(step, int):
                deeper += value[step : step + 1] if isinstance(value, list) else []
            elif isinstance(value, dict) and step in value:
                deeper.append(value[step])
        found = deeper
    return found


def selected(leaf: Condition, document: Any) -> bool:
    found = find([document], leaf.selector)
    op = leaf.comparison.op
    if op == "absent":
        return not found
    return any(holds(leaf.comparison, value) for value in found)


def holds(comparison: Comparison, value: Any) -> bool:
    match comparison.op:
        case "null":
            return value is None
        case "true" | "false" as word:
            return value is (word == "true")
    if value is None or isinstance(value, dict | list):
        return False
    if comparison.op in ("=", "!="):
        return equal(comparison.value, value) == (comparison.op == "=")
    return ordered(comparison, None if isinstance(value, bool) else value)


def ordered(comparison: Comparison, value: Any) -> bool:
    assert isinstance(comparison.value, Number)
    number, limit = as_number(value), comparison.value.value
    if number is None:
        return False
    return {
        "<": number < limit,
        "<=": number <= limit,
        ">": number > limit,
        ">=": number >= limit,
    }[comparison.op]


def as_number(value: Any) -> float | None:
    if isinstance(value, str):
        if not NUMBER.fullmatch(value):
            return None
        value = float(value)
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return None


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return str(value)


def equal(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Regex):
        return has(as_text(value), wanted)
    if isinstance(wanted, Number):
        large = isinstance(wanted.value, int) and abs(wanted.value) >= 2**53
        if isinstance(value, int | float) and not isinstance(value, bool) and not large:
            return float(value) == wanted.value
        return as_text(value) == wanted.text
    return like(wanted, as_text(value))


def like(wanted: Wildcard, text: str) -> bool:
    start = "" if wanted.before else r"\A"
    end = "" if wanted.after else r"\Z"
    return re.search(start + re.escape(wanted.text) + end, text) is not None


def in_column(leaf: Comparison, text: str) -> bool:
    if leaf.op in ("=", "!="):
        if isinstance(leaf.value, Number):
            same = as_number(text) == leaf.value.value
        else:
            same = equal(leaf.value, text)
        return same == (leaf.op == "=")
    return ordered(leaf, text)


def cut(message: str) -> list[str]:
    columns, position = [], 0
    while position < len(message):
        first = message[position]
        if first in " \t":
            position += 1
            continue
        closing = {"[": "]", '"': '"'}.get(first)
        end = message.find(closing, position + 1) if closing else -1
        if end >= 0:
            columns.append(message[position + 1 : end])
            position = end + 1
            continue
        end = position
        while end < len(message) and message[end] not in " \t":
            end += 1
        columns.append(message[position:end])
        position = end
    return columns
