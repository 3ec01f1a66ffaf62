"""The pages of ``logq help``, each made from a registry."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from logq import errors, renderer
from logq.cli import faults
from logq.errors import LogQError, NotFound
from logq.settings import Settings

if TYPE_CHECKING:
    from logq.ingest.intake import Intake

Entries = list[tuple[str, str]]
_LEFT = 26


def topics() -> dict[str, tuple[str, Callable[[Any], Entries]]]:
    """The topics: a sentence, and how to list what belongs to it from the root context."""
    return {
        "commands": ("the commands of this program", _program),
        "language": ("the commands of a query, written between bars", _language),
        "functions": ("functions of fields, filter and sort", _functions),
        "aggregates": ("functions of 'stats', over many events", _aggregates),
        "filter-pattern": (
            "what --filter and 'filters test' take, and how it differs from queries",
            _filter_pattern,
        ),
        "metric-math": ("functions of 'metrics get -e' and of metric alarms", _metric_math),
        "formats": ("log formats that are recognised, or pinned with --format", _formats),
        "push": ("what the server takes over HTTP, and from whom", _push),
        "syslog": ("the table [syslog] of logq.toml, for 'logq serve'", _syslog),
        "notifiers": (
            "what 'logq subscriptions add' takes as PROTOCOL and ADDRESS",
            _notifiers,
        ),
        "declared": ("sections of the files that 'logq plan' and 'logq apply' take", _declared),
        "renderers": ("output formats, chosen with -o", _renderers),
        "settings": ("settings: [settings] in logq.toml, or LOGQ_<NAME>", _settings),
        "operations": (
            "operations of CloudWatch's API that 'logq serve' carries out",
            _operations,
        ),
        "errors": ("what the name of an error means, and its exit code", _errors),
    }


def page(topic: str, root: Any, width: int) -> str:
    """The page of a topic, of one entry, or the overview; raises NotFound."""
    known = topics()
    if not topic:
        entries = [(name, sentence) for name, (sentence, _) in known.items()]
        return "\n".join(
            [
                "LogQ answers questions about logs on your own machine.",
                "",
                "  logq ingest FILE... -g GROUP      take log files in",
                "  logq query 'TEXT' -g GROUP        ask",
                "  logq tail -f -g GROUP             watch",
                "",
                "A query is a row of commands between bars:",
                "",
                '  filter level = "ERROR" | stats count(*) as errors by bin(5m)',
                "",
                "Topics of 'logq help TOPIC'; it also takes the name of any entry:",
                "",
                *table(entries, width),
            ]
        )
    if topic in known:
        sentence, list_entries = known[topic]
        return "\n".join([sentence, "", *table(list_entries(root), width)])
    return _entry(topic, root, width)


def _entry(name: str, root: Any, width: int) -> str:
    details = dict(_details(root))
    if name in details:
        return details[name]()
    lower = {key.lower(): key for key in details}
    if name.lower() in lower:
        return details[lower[name.lower()]]()
    offered = {full.partition(" ")[2].lower(): (full, said) for full, said in _operations(root)}
    if name.lower() in offered:
        return _section(*offered[name.lower()])
    near = difflib.get_close_matches(name.lower(), [*topics(), *lower], n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else "'logq help' lists the topics"
    raise NotFound(f"there is no help on {name!r}", hint=hint)


def table(entries: Entries, width: int) -> Iterator[str]:
    """Names and sentences in two columns; a long name stands on a line of its own."""
    room = max(30, width - _LEFT - 4)
    for name, sentence in entries:
        lines = textwrap.wrap(sentence, room) or [""]
        if len(name) > _LEFT:
            yield f"  {name}"
        else:
            yield f"  {name:<{_LEFT}}  {lines.pop(0)}".rstrip()
        yield from (f"  {'':<{_LEFT}}  {line}" for line in lines)


def _first(text: str | None) -> str:
    return _plain(" ".join((text or "").split("\n\n")[0].split()))


def _plain(text: str) -> str:
    """A docstring as people read it."""
    return text.replace("``", "'")


def _commands_of(root: Any) -> Iterator[tuple[str, Any]]:
    for name in root.command.list_commands(root):
        command = root.command.get_command(root, name)
        subcommands = getattr(command, "commands", None)
        if not subcommands:
            yield name, command
        else:
            yield from ((f"{name} {sub}", each) for sub, each in subcommands.items())


def _program(root: Any) -> Entries:
    return [(name, _first(command.help)) for name, command in _commands_of(root)]


def _language(root: Any) -> Entries:
    from logq.query.command import commands

    return [(cls.syntax, _first(cls.__doc__)) for _, cls in sorted(commands().items())]


def _function_entries(aggregate: bool) -> Entries:
    from logq.query.function import functions

    return [
        (entry.signature, _first(entry.summary))
        for entry in sorted(functions(), key=lambda entry: entry.name.lower())
        if entry.aggregate is aggregate
    ]


def _functions(root: Any) -> Entries:
    return _function_entries(False)


def _aggregates(root: Any) -> Entries:
    return _function_entries(True)


def _filter_pattern(root: Any) -> Entries:
    from logq.query.patterns.manual import DIFFERENCES, FORMS

    forms = [(form.written, form.meaning) for form in FORMS]
    return forms + [(f"unlike queries: {what}", said) for what, said in DIFFERENCES]


def _metric_math(root: Any) -> Entries:
    from logq.metrics.math.function import functions

    return [(each.signature, each.summary) for each in functions().values()]


def _formats(root: Any) -> Entries:
    from logq.ingest.format import formats

    events = ("events", "NDJSON objects with timestamp, message and perhaps stream; only pinned.")
    return [*((name, _first(type(f).__doc__)) for name, f in formats().items()), events]


def _push(root: Any) -> Entries:
    from logq.ingest.intake import intakes

    return [(f"POST {', '.join(each.paths)}", _told(each)) for each in intakes().values()]


def _told(intake: Intake) -> str:
    return (
        f"{intake.description} Sent by {intake.senders}. Log group: {intake.group}. "
        f"Log stream: {intake.stream}."
    )


def _syslog(root: Any) -> Entries:
    from logq.server.syslog.options import SyslogOptions

    return [(each.name, each.metadata["help"]) for each in dataclasses.fields(SyslogOptions)]


def _notifiers(root: Any) -> Entries:
    from logq.notify.notifier import notifiers

    return [
        (name, f"{each.summary} At most {each.limit}. Address: {each.example}")
        for name, each in notifiers().items()
    ]


def _declared(root: Any) -> Entries:
    from logq.declared.kind import kinds

    return [
        (section, f"each a {kind.name}: {', '.join(field.name for field in kind.fields)}")
        for section, kind in kinds().items()
    ]


def _renderers(root: Any) -> Entries:
    return [(name, each.summary) for name, each in renderer.renderers().items()]


def _settings(root: Any) -> Entries:
    return [
        (field.name, f"{field.metadata['help']} (default {field.default})")
        for field in dataclasses.fields(Settings)
    ]


def _operations(root: Any) -> Entries:
    from logq.actions.action import actions
    from logq.server.cloudwatch.operation import operations

    return [
        (f"{each.service} {each.name}", _deed(actions()[each.action].summary))
        for _, each in sorted(operations().items())
    ]


def _deed(summary: str) -> str:
    """What an action does, without what may go wrong."""
    return _plain(summary.partition("; raises")[0].rstrip(".")) + "."


def _error_classes() -> Iterator[type[LogQError]]:
    for module in (errors, faults):
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, LogQError) and cls.__module__ == module.__name__:
                yield cls


def _errors(root: Any) -> Entries:
    return [
        (cls.__name__, f"{_first(cls.__doc__)} Exit code {faults.exit_code(cls(''))}.")
        for cls in sorted(_error_classes(), key=lambda cls: cls.__name__)
        if cls is not LogQError
    ]


def _details(root: Any) -> Iterator[tuple[str, Callable[[], str]]]:
    """Single entries by name, the language's last: it is what is asked for most."""
    from logq.ingest.format import formats
    from logq.ingest.intake import intakes
    from logq.query.command import commands
    from logq.query.function import functions

    for name, sentence in (*_settings(root), *_errors(root), *_renderers(root)):
        yield name, partial(_section, name, sentence)
    for name, intake in intakes().items():
        lines = [f"POST {sample.path}\n{sample.body.rstrip()}" for sample in intake.examples]
        yield name, partial(_section, f"{name}: {intake.title}", _told(intake), lines)
    for name, each in formats().items():
        lines = [sample.line for sample in each.samples]
        yield name, partial(_section, f"{name}: {each.title}", each.description, lines)
    for name, command in _commands_of(root):
        yield name, partial(_usage, name, command, root)
    for function in functions():
        lines = [f"{example.expression}  ->  {example.result!r}" for example in function.examples]
        for alias in (function.name, *function.aliases):
            yield alias, partial(_section, function.signature, function.summary, lines)
    for name, cls in commands().items():
        yield name, partial(_section, cls.syntax, inspect.getdoc(cls) or "", cls.examples)


def _section(title: str, text: str, examples: Sequence[str] = ()) -> str:
    indented = textwrap.indent("\n".join(examples), "  ")
    return f"{title}\n\n{textwrap.indent(_plain(text), '  ')}\n\n{indented}".rstrip()


def _usage(name: str, command: Any, root: Any) -> str:
    parent = root
    *groups, last = name.split()
    for group in groups:
        parent = type(root)(root.command.get_command(root, group), info_name=group, parent=root)
    context = type(root)(command, info_name=last, parent=parent)
    return str(command.get_help(context))
