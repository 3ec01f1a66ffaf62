"""The reference as data, from the registries that the program runs on."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from logq import errors
from logq.errors import LogQError, NotFound
from logq.settings import Settings


@dataclass(frozen=True, slots=True)
class Topic:
    """A part of the reference."""

    name: str
    summary: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One command, function, format, setting, error or action."""

    name: str
    syntax: str
    """How it is written; for a setting its default."""
    help: str
    examples: tuple[str, ...] = ()


def topics() -> Iterator[Topic]:
    """What there is help on."""
    return (Topic(name, summary) for name, (summary, _) in _TOPICS.items())


def reference(topic: str) -> Iterator[Entry]:
    """The entries of a topic; raises NotFound."""
    if topic not in _TOPICS:
        raise NotFound(
            f"there is no help on {topic!r}", hint=f"choose one of: {', '.join(_TOPICS)}"
        )
    return _TOPICS[topic][1]()


def _language() -> Iterator[Entry]:
    from logq.query.command import commands

    for name, cls in sorted(commands().items()):
        yield Entry(name, cls.syntax, inspect.getdoc(cls) or "", cls.examples)


def _functions(aggregate: bool) -> Iterator[Entry]:
    from logq.query.function import functions

    for entry in sorted(functions(), key=lambda entry: entry.name.lower()):
        if entry.aggregate is aggregate:
            examples = tuple(f"{e.expression}  ->  {e.result!r}" for e in entry.examples)
            yield Entry(entry.name, entry.signature, entry.summary, examples)


def _fields() -> Iterator[Entry]:
    from logq.query.system_fields import SYSTEM_FIELDS

    for name, field in SYSTEM_FIELDS.items():
        yield Entry(name, str(field.type), field.summary)


def _formats() -> Iterator[Entry]:
    from logq.ingest.format import formats

    for name, each in formats().items():
        yield Entry(name, each.title, each.description, tuple(s.line for s in each.samples))


def _settings() -> Iterator[Entry]:
    for field in dataclasses.fields(Settings):
        yield Entry(field.name, str(field.default), field.metadata["help"])


def _errors() -> Iterator[Entry]:
    for name, cls in inspect.getmembers(errors, inspect.isclass):
        if issubclass(cls, LogQError) and cls is not LogQError:
            yield Entry(name, name, inspect.getdoc(cls) or "")


def _actions() -> Iterator[Entry]:
    from logq.actions.action import actions

    for name, each in sorted(actions().items()):
        yield Entry(name, str(each.access), each.summary)


_TOPICS: Mapping[str, tuple[str, Callable[[], Iterator[Entry]]]] = {
    "language": ("the commands of a query, written between bars", _language),
    "functions": ("functions of fields, filter and sort", lambda: _functions(False)),
    "aggregates": ("functions of 'stats', over many events", lambda: _functions(True)),
    "fields": ("the fields that every event has", _fields),
    "formats": ("log formats that are recognised, or pinned", _formats),
    "settings": ("settings: [settings] in logq.toml, or LOGQ_<NAME>", _settings),
    "errors": ("what the name of an error means", _errors),
    "actions": ("what a policy can allow, and what the audit records", _actions),
}
