"""What targets are sent: constants, parts, templates; values from events stay values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.errors import InvalidValue
from logq.events.rule import Target, Template
from logq.events.transformer import check_target, make

EVENT = {
    "source": "shop",
    "time": "2026-11-24T09:00:00Z",
    "resources": ["r1", "r2"],
    "detail": {"state": 'it said "no"\n', "n": 5, "deep": {"x-y": [{"id": 1}, {}, {"id": 3}]}},
}
RESERVED = {"aws.events.rule-name": "r", "aws.events.rule-arn": "arn:r"}


def sent(target: Target) -> str:
    check_target(target)
    return make(target)(EVENT, RESERVED)


def template(text: str, **paths: str) -> Target:
    return Target("t", "arn", template=Template(text, paths))


def test_without_anything_the_event_is_sent() -> None:
    assert json.loads(sent(Target("t", "arn"))) == EVENT


def test_an_input_is_sent_as_it_is() -> None:
    assert sent(Target("t", "arn", input='{"a":  1}')) == '{"a":  1}'


PATHS: list[tuple[str, Any]] = [
    ("$", EVENT),
    ("$.detail.n", 5),
    ("$.resources[1]", "r2"),
    ("$.resources[7]", None),
    ("$.detail.deep.x-y[*].id", [1, 3]),
    ("$['detail'][\"n\"]", 5),
    ("$.nothing.at.all", None),
]


@pytest.mark.parametrize(("path", "expected"), PATHS, ids=[path for path, _ in PATHS])
def test_an_input_path_picks_a_part(path: str, expected: Any) -> None:
    assert json.loads(sent(Target("t", "arn", input_path=path))) == expected


def test_a_placeholder_outside_quotes_keeps_its_type_and_inside_is_text() -> None:
    target = template('{"n": <n>, "s": <s>, "t": "<s>-<n>"}', n="$.detail.n", s="$.detail.state")

    assert json.loads(sent(target)) == {
        "n": 5,
        "s": 'it said "no"\n',
        "t": 'it said "no"\n-5',
    }


def test_a_path_that_leads_nowhere_gives_nothing() -> None:
    target = template('{"a": "<x>!", "b": <x>}', x="$.detail.gone")

    assert json.loads(sent(target)) == {"a": "!", "b": None}


def test_reserved_placeholders() -> None:
    text = sent(template('{"rule": "<aws.events.rule-name>", "event": <aws.events.event.json>}'))

    assert json.loads(text) == {"rule": "r", "event": EVENT}


def test_a_template_may_be_lines_of_strings() -> None:
    text = sent(template('"source <s>"\n"more"', s="$.source"))

    assert [json.loads(line) for line in text.splitlines()] == ["source shop", "more"]


FAULTS = [
    ("two-inputs", Target("t", "a", input="1", input_path="$"), "only one of"),
    ("no-json", Target("t", "a", input="{"), "target t: the input is not JSON"),
    ("no-path", Target("t", "a", input_path="detail.state"), "is no JSON path"),
    ("open-path", Target("t", "a", input_path="$.a["), "is no JSON path"),
    ("no-such-name", template('"<x>"'), "placeholder <x> without a path"),
    ("bare-text", template("state is <s>", s="$.a"), "neither JSON nor lines"),
    ("reserved-name", template('"<aws.x>"', **{"aws.x": "$.a"}), "cannot be a placeholder"),
    ("long", template('"' + "x" * 8192 + '"'), "at most 8192"),
]


@pytest.mark.parametrize(("target", "says"), [pytest.param(*f[1:], id=f[0]) for f in FAULTS])
def test_faults_are_found_when_a_target_is_put(target: Target, says: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_target(target)

    assert says in caught.value.message


@settings(max_examples=40)
@given(st.text(), st.sampled_from(['{"a": "<x>"}', '{"a": <x>}']))
def test_whatever_stands_in_an_event_the_result_is_json_and_holds_it(
    text: str, template: str
) -> None:
    target = Target("t", "arn", template=Template(template, {"x": "$.detail"}))

    assert json.loads(make(target)({"detail": text}, {})) == {"a": text}
