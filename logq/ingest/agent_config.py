"""What the agent follows, and how: from a TOML file or from plain arguments."""

from __future__ import annotations

import dataclasses
import difflib
import os
import socket
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from logq.errors import InvalidConfig, InvalidValue
from logq.units import parse_zone

DEFAULT_STREAM = "{path}"
PLACEHOLDERS = ("host", "path", "file", "name", "directory")
_STARTS = ("beginning", "end")


@dataclass(frozen=True, slots=True)
class Mask:
    """A pattern whose matches are hidden before an event is stored."""

    name: str
    pattern: str | None = None
    """RE2; None: the built-in mask of this name."""


@dataclass(frozen=True, slots=True)
class Source:
    """Some files and what to do with their lines."""

    paths: tuple[str, ...]
    group: str
    exclude: tuple[str, ...] = ()
    stream: str = DEFAULT_STREAM
    """Template; ``PLACEHOLDERS`` in braces."""
    format: str = "auto"
    multiline: str | None = "auto"
    """A preset, ``auto`` for the format's own, or None."""
    labels: Mapping[str, str] = field(default_factory=dict)
    masks: tuple[Mask, ...] = ()
    zone: str = "UTC"
    start: str = "beginning"
    """Where to begin in files that are there when the source is followed for the first time."""
    max_event_bytes: int = 1_048_576

    @property
    def key(self) -> str:
        """The same for the same files, whatever else changes."""
        return "|".join(self.paths)

    def stream_of(self, path: str, host: str) -> str:
        """The log stream of a file."""
        directory, _, file = path.rpartition("/")
        return self.stream.format(
            host=host,
            path=path,
            file=file,
            name=file.split(".")[0] or file,
            directory=directory.rpartition("/")[2],
        )


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """Everything that the agent is told; times in seconds."""

    sources: tuple[Source, ...]
    host: str = field(default_factory=socket.gethostname)
    sweep_seconds: float = 1.0
    """Look at all files at least this often, whatever the system reports."""
    join_seconds: float = 1.0
    """A multi-line event is complete when no line has come for so long."""
    unfinished_seconds: float = 5.0
    """A line without newline is stored when nothing has come for so long."""
    rotate_seconds: float = 5.0
    """A file that lost its name is read for so long after its last byte."""
    settle_seconds: float = 3.0
    """A file that looks like a copy in the making is watched for so long before it is read."""
    batch_bytes: int = 1 << 20
    batch_seconds: float = 0.2


def load_config(path: Path, table: Mapping[str, Any] | None = None) -> AgentConfig:
    """The ``[agent]`` table of a TOML file; ``table`` is the parsed file if it is known already.

    Raises InvalidConfig, which names the file and the dotted key, or the line if it is not TOML.
    """
    if table is None:
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InvalidConfig(
                f"{path} cannot be read: {error.strerror}", hint="look at its name and permissions"
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidConfig(
                f"{path} is not TOML: {error}", hint="see the example in 'logq help agent'"
            ) from None
    agent = table.get("agent")
    if agent is None:
        raise InvalidConfig(
            f"{path} has no [[agent.source]]", hint="add one with paths and a group"
        )
    reader = _Reader(path)
    return reader.agent(agent)


def config_from_arguments(
    paths: Sequence[str], group: str, *, directory: Path | None = None, **options: Any
) -> AgentConfig:
    """The configuration of ``logq agent PATH... -g GROUP``; ``options`` are fields of ``Source``.

    Relative paths begin at ``directory``, else at the current one. Raises InvalidConfig.
    """
    source = {"paths": list(paths), "group": group, **options}
    return _Reader(None, directory).agent({"source": [source]})


class _Reader:
    """Turns tables into values; knows the place for messages."""

    def __init__(self, path: Path | None, directory: Path | None = None) -> None:
        self._where = f"{path}: " if path is not None else ""
        self._directory = (directory or (path.parent if path else Path())).absolute()

    def agent(self, table: Any) -> AgentConfig:
        known = [f.name for f in dataclasses.fields(AgentConfig) if f.name != "sources"]
        self._check_keys(table, "agent", [*known, "source"])
        sources = table.get("source", [])
        if not isinstance(sources, list) or not sources:
            raise self._error("agent.source", "is missing", "add [[agent.source]] with paths")
        values: dict[str, Any] = {}
        for name in known:
            if name in table:
                values[name] = self._setting(f"agent.{name}", table[name])
        return AgentConfig(
            tuple(self._source(s, f"agent.source[{i}]") for i, s in enumerate(sources)), **values
        )

    def _setting(self, key: str, value: Any) -> Any:
        if key == "agent.host":
            return self._text(key, value)
        if key == "agent.batch_bytes":
            return self._positive(key, value)
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise self._error(key, f"must be a number of seconds, not {value!r}", "write 2 or 0.5")
        return float(value)

    def _source(self, table: Any, key: str) -> Source:
        self._check_keys(table, key, [f.name for f in dataclasses.fields(Source)])
        paths = self._texts(f"{key}.paths", table.get("paths", []))
        if not paths:
            raise self._error(f"{key}.paths", "is missing", 'write paths = ["/var/log/*.log"]')
        if not self._text(f"{key}.group", table.get("group", "")):
            raise self._error(f"{key}.group", "is missing", "name the log group of these files")
        source = Source(
            tuple(self._absolute(p) for p in paths),
            table["group"],
            tuple(
                self._absolute(p) if "/" in p else p
                for p in self._texts(f"{key}.exclude", table.get("exclude", []))
            ),
            labels=self._labels(f"{key}.labels", table.get("labels", {})),
            masks=self._masks(f"{key}.masks", table.get("masks", [])),
            start=self._choice(f"{key}.start", table.get("start", "beginning"), _STARTS),
            stream=self._text(f"{key}.stream", table.get("stream", DEFAULT_STREAM)),
            format=self._text(f"{key}.format", table.get("format", "auto")),
            zone=self._text(f"{key}.zone", table.get("zone", "UTC")),
        )
        if "max_event_bytes" in table:
            limit = self._positive(f"{key}.max_event_bytes", table["max_event_bytes"])
            source = dataclasses.replace(source, max_event_bytes=limit)
        if "multiline" in table:
            source = dataclasses.replace(
                source, multiline=self._multiline(f"{key}.multiline", table["multiline"])
            )
        self._check_stream(f"{key}.stream", source.stream)
        self._check_zone(f"{key}.zone", source.zone)
        return source

    def _check_keys(self, table: Any, key: str, known: Sequence[str]) -> None:
        if not isinstance(table, dict):
            raise self._error(key, "must be a table", "see the example in 'logq help agent'")
        for name in table:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
                raise self._error(f"{key}.{name}", "is not known", hint)

    def _check_stream(self, key: str, template: str) -> None:
        try:
            parts = list(string.Formatter().parse(template))
        except ValueError as error:
            raise self._error(key, f"is not a template: {error}", "write {{ for a brace") from None
        names = {name for _, name, _, _ in parts if name is not None}
        for name in sorted(names - set(PLACEHOLDERS)):
            close = difflib.get_close_matches(name, PLACEHOLDERS, n=1) or [", ".join(PLACEHOLDERS)]
            raise self._error(key, f"has no placeholder {{{name}}}", f"did you mean {close[0]}?")

    def _check_zone(self, key: str, zone: str) -> None:
        try:
            parse_zone(zone)
        except InvalidValue as error:
            raise self._error(key, f": {error.message}", error.hint or "") from None

    def _masks(self, key: str, value: Any) -> tuple[Mask, ...]:
        masks = []
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            place = f"{key}[{index}]"
            if isinstance(item, dict):
                self._check_keys(item, place, ["name", "pattern"])
                name = self._text(f"{place}.name", item.get("name", "masked"))
                masks.append(Mask(name, self._text(f"{place}.pattern", item.get("pattern"))))
            else:
                masks.append(Mask(self._text(place, item)))
        return tuple(masks)

    def _labels(self, key: str, value: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            raise self._error(key, "must be a table of texts", 'write labels = {env = "prod"}')
        return {name: self._text(f"{key}.{name}", text) for name, text in value.items()}

    def _multiline(self, key: str, value: Any) -> str | None:
        if value is False:
            return None
        return "auto" if value is True else self._text(key, value)

    def _choice(self, key: str, value: Any, known: Sequence[str]) -> str:
        if value not in known:
            raise self._error(key, f"cannot be {value!r}", f"write one of {', '.join(known)}")
        return str(value)

    def _positive(self, key: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise self._error(key, f"must be a number of bytes, not {value!r}", "write 1048576")
        return value

    def _texts(self, key: str, value: Any) -> list[str]:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list):
            raise self._error(key, "must be a list of texts", 'write ["/var/log/*.log"]')
        return [self._text(f"{key}[{i}]", item) for i, item in enumerate(items)]

    def _text(self, key: str, value: Any) -> str:
        if not isinstance(value, str):
            raise self._error(key, f"must be a text, not {value!r}", "put it in quotes")
        return value

    def _absolute(self, pattern: str) -> str:
        path = Path(pattern).expanduser() if pattern.startswith("~") else Path(pattern)
        return os.path.normpath(self._directory / path)

    def _error(self, key: str, what: str, hint: str) -> InvalidConfig:
        space = "" if what.startswith(":") else " "
        return InvalidConfig(f"{self._where}{key}{space}{what}", hint=hint)
