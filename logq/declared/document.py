"""A file that declares something: its values, and the lines that they stand in."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logq.declared.lines import toml_lines
from logq.declared.yaml_text import UnreadableYaml, read_yaml
from logq.errors import InvalidDocument

Path = tuple[str | int, ...]
MAX_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read."""

    name: str
    value: Mapping[str, Any]
    lines: Mapping[Path, int]
    """Of every value, or of what it is in."""

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest thing around it that is known."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, path: Path) -> str:
        """``stack.yaml:12: groups./app.retention``."""
        return f"{self.name}:{self.line(path)}: {dotted(path)}"

    def fault(self, path: Path, message: str, hint: str | None = None) -> InvalidDocument:
        """What is wrong at a place."""
        return InvalidDocument(f"{self.at(path)}: {message}", hint=hint)


def dotted(path: Path) -> str:
    """A place in a document: ``rules[0].targets``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text or "the file"


def read(name: str, text: str) -> Document:
    """The document in a file: TOML, JSON or YAML by its name; raises InvalidDocument."""
    if len(text) > MAX_BYTES:
        raise InvalidDocument(f"{name}: a file has at most {MAX_BYTES:,} characters")
    kind = name.rpartition(".")[2].lower()
    value: Any
    lines: Mapping[Path, int]
    try:
        if kind == "toml":
            value, lines = tomllib.loads(text), toml_lines(text)
        elif kind == "json" or text.lstrip().startswith("{"):
            value = json.loads(text)
            lines = _json_lines(text)
        else:
            value, lines = read_yaml(text)
    except tomllib.TOMLDecodeError as error:
        raise _unread(name, _toml_line(str(error)), str(error), "TOML") from None
    except json.JSONDecodeError as error:
        raise _unread(name, error.lineno, error.msg, "JSON") from None
    except UnreadableYaml as error:
        raise _unread(name, error.line, error.message, "YAML") from None
    except RecursionError:
        raise InvalidDocument(f"{name}: it is nested too deeply") from None
    if not isinstance(value, dict):
        raise InvalidDocument(f"{name}:1: it holds no sections", hint="see 'logq help declared'")
    return Document(name, value, lines)


def _unread(name: str, line: int, message: str, kind: str) -> InvalidDocument:
    said = message[:1].lower() + message[1:]
    return InvalidDocument(f"{name}:{line}: this is not {kind}: {said}")


def _toml_line(message: str) -> int:
    match = re.search(r"at line (\d+)", message)
    return int(match[1]) if match else 1


def _json_lines(text: str) -> Mapping[Path, int]:
    """JSON is YAML but for tabs between its values, and these cannot be inside of strings."""
    try:
        return read_yaml(text.replace("\t", " "))[1]
    except UnreadableYaml:
        return {}
