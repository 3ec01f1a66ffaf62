"""YAML as plain values and the line of each; the short functions of CloudFormation included."""

from __future__ import annotations

import re
from typing import Any

import yaml

MAX_NODES = 200_000
"""Values of one file, counted as often as they are referred to."""

_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_REAL = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_SHORT = {"!Ref": "Ref", "!Condition": "Condition"}


class UnreadableYaml(Exception):
    """Text that is no YAML, or more than one document."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def read_yaml(text: str) -> tuple[Any, dict[tuple[str | int, ...], int]]:
    """The value and the lines; raises UnreadableYaml."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise UnreadableYaml(mark.line + 1 if mark else 1, error.problem or "?") from None
    except yaml.YAMLError as error:
        raise UnreadableYaml(1, str(error).splitlines()[0]) from None
    reader = _Reader()
    return (reader.value(node, ()) if node is not None else {}), reader.lines


class _Reader:
    def __init__(self) -> None:
        self.lines: dict[tuple[str | int, ...], int] = {}
        self._nodes = 0

    def value(self, node: Any, path: tuple[str | int, ...]) -> Any:
        """The plain value of a node."""
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self._nodes += 1
        if self._nodes > MAX_NODES or len(path) > 100:
            raise UnreadableYaml(line, "it is too large, with what it refers to")
        tag = str(node.tag)
        if tag.startswith("!") and tag != "!":
            return self._function(tag, node, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*path, at)) for at, each in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise UnreadableYaml(line, "a name must be a text")
            name = str(key.value)
            if name in found:
                raise UnreadableYaml(line, f"{name!r} stands there twice")
            self.lines.setdefault((*path, name), line)
            found[name] = self.value(value, (*path, name))
        return found

    def _function(self, tag: str, node: Any, path: tuple[str | int, ...]) -> Any:
        name = _SHORT.get(tag, f"Fn::{tag[1:]}")
        inside = (*path, name)
        if isinstance(node, yaml.ScalarNode):
            value: Any = str(node.value)
            if name == "Fn::GetAtt":
                value = value.split(".", 1)
        elif isinstance(node, yaml.SequenceNode):
            value = [self.value(each, (*inside, at)) for at, each in enumerate(node.value)]
        else:
            value = self._mapping(node, inside)
        return {name: value}


def _scalar(node: Any) -> Any:
    text = str(node.value)
    if node.style is not None:  # in quotes, or a block of text
        return text
    word = text.lower()
    if word in _WORDS:
        return _WORDS[word]
    if _NUMBER.fullmatch(text):
        return int(text)
    if _REAL.fullmatch(text):
        return float(text)
    return text
