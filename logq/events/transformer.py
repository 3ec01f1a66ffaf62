"""What a target is sent: the event, a part of it, a constant, or a text that is filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from logq.errors import InvalidValue
from logq.events.path import MISSING, JsonPath
from logq.events.rule import Target, Template

MAX_TEXT = 8192
"""Characters of a constant or a template."""
MAX_PATH = 256
MAX_PATHS = 100

Values = Callable[[str], Any]
"""The value of a placeholder, or MISSING."""

_NAME = r"[A-Za-z0-9_\-]{1,128}|aws\.events\.[a-z.\-]+"
_PIECE = re.compile(rf'<({_NAME})>|("|\\.)|([^<"\\]+|.)', re.DOTALL)
_RESERVED = frozenset(
    {
        "aws.events.rule-arn",
        "aws.events.rule-name",
        "aws.events.event.ingestion-time",
        "aws.events.event",
        "aws.events.event.json",
    }
)


def check_target(target: Target) -> None:
    """Raise InvalidValue for what could not be filled in."""
    given = (target.input, target.input_path, target.template)
    if sum(one is not None for one in given) > 1:
        raise InvalidValue(
            f"target {target.id}: only one of input, input path and input transformer is possible"
        )
    try:
        make(target)
    except InvalidValue as error:
        raise InvalidValue(f"target {target.id}: {error.message}", hint=error.hint) from None


def make(target: Target) -> Callable[[Mapping[str, Any], Mapping[str, Any]], str]:
    """What makes the text that is sent from the event and the values of reserved placeholders."""
    if target.input is not None:
        text = _constant(target.input)
        return lambda event, reserved: text
    if target.input_path is not None:
        path = _path(target.input_path)
        return lambda event, reserved: _json(path.find(event))
    if target.template is not None:
        return _Filled.made(target.template).fill
    return lambda event, reserved: _json(event)


@dataclass(frozen=True, slots=True)
class _Filled:
    """A template and where its values come from."""

    template: str
    paths: Mapping[str, JsonPath]

    @staticmethod
    def made(template: Template) -> _Filled:
        if len(template.paths) > MAX_PATHS:
            raise InvalidValue(f"an input transformer has at most {MAX_PATHS} paths")
        if len(template.template) > MAX_TEXT:
            raise InvalidValue(f"a template has at most {MAX_TEXT} characters")
        for name in template.paths:
            if not re.fullmatch(_NAME, name) or name.startswith("aws."):
                raise InvalidValue(
                    f"{name!r} cannot be a placeholder", hint="use letters, digits, _ and -"
                )
        paths = {name: _path(text) for name, text in template.paths.items()}
        filled = _Filled(template.template, paths)
        filled._check()
        return filled

    def _check(self) -> None:
        for match in _PIECE.finditer(self.template):
            name = match[1]
            if name is not None and name not in self.paths and name not in _RESERVED:
                raise InvalidValue(
                    f"the template has a placeholder <{name}> without a path",
                    hint="name it among the paths of the input",
                )
        empty = _filled(self.template, lambda name: None)
        for text in (empty, *empty.splitlines()):
            try:
                json.loads(text)
            except ValueError:
                if text is empty and len(empty.splitlines()) > 1:
                    continue  # lines of texts are good too
                raise InvalidValue(
                    "the template is neither JSON nor lines of JSON strings",
                    hint='put text into double quotes: "the state is <state>"',
                ) from None
            if text is empty:
                return

    def fill(self, event: Mapping[str, Any], reserved: Mapping[str, Any]) -> str:
        def value(name: str) -> Any:
            if name in self.paths:
                return self.paths[name].find(event)
            if name in ("aws.events.event", "aws.events.event.json"):
                return event
            return reserved.get(name, MISSING)

        return _filled(self.template, value)


def _filled(template: str, value: Values) -> str:
    return "".join(_pieces(template, value))


def _pieces(template: str, value: Values) -> Iterator[str]:
    """Inside quotes values are text, outside they keep their type; escaped as JSON in both."""
    quoted = False
    for match in _PIECE.finditer(template):
        name, special, _ = match.groups()
        if name is None:
            quoted = quoted != (special == '"')
            yield match[0]
        elif (found := value(name)) is MISSING or (found is None and quoted):
            yield "" if quoted else "null"
        elif quoted:
            yield _json(found if isinstance(found, str) else _json(found))[1:-1]
        else:
            yield _json(found)


def _constant(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise InvalidValue(f"an input has at most {MAX_TEXT} characters")
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidValue("the input is not JSON") from None
    return text


def _path(text: str) -> JsonPath:
    if len(text) > MAX_PATH:
        raise InvalidValue(f"a JSON path has at most {MAX_PATH} characters")
    return JsonPath(text)


def _json(value: Any) -> str:
    if value is MISSING:
        return "null"
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()  # halves of characters cannot be stored
