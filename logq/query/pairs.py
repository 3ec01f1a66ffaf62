"""Text that holds keys and values, cells or a syslog header, as JSON text or as a list."""

from __future__ import annotations

import re

from sqlglot import exp

from logq.query.build import Sql, case, column, eq, fn, negate, number, operate, text

_LOGFMT = r"""([^\s="]+)(=(?:"(?:[^"\\]|\\.)*"|[^\s"]*))?"""
_CELL = r',("(?:[^"]|"")*"|[^,]*)'
_SYSLOG = (
    # RFC 5424, RFC 3164, each behind an optional priority.
    r"^(?:<(\d{1,3})>)?(?:1 (\S+) (\S+) (\S+) (\S+) (\S+) (?:-|(?:\[[^\]]*\])+) ?([\s\S]*)"
    r"|([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) (\S+) "
    r"([^\s:\[]+)(?:\[([^\]]*)\])?: ?([\s\S]*))$"
)
_PARTS = (
    *("priority", "timestamp", "host", "app", "pid", "msgid", "message"),
    *("timestamp_2", "host_2", "app_2", "pid_2", "message_2"),
)


def logfmt(subject: Sql) -> Sql:
    """A map of ``key=value`` and ``key="quoted value"``; a bare key is true."""
    keys = fn("regexp_extract_all", subject, text(_LOGFMT), number(1))
    values = fn("regexp_extract_all", subject.copy(), text(_LOGFMT), number(2))
    value = fn("logfmt_value", column("value"))
    return fn("json_map", keys, _each(values, "value", value))


def key_values(subject: Sql, separator: str, pair: str | None) -> Sql:
    """A map of keys and values with these signs; ``pair`` None stands for white space."""
    if pair is None:
        parts = fn("regexp_split_to_array", fn("trim", subject, text(" \t\r\n")), text(r"\s+"))
    else:
        parts = fn("string_split", subject, text(pair))
    part = fn("trim", column("part"), text(" \t\r\n"))
    trimmed = _each(parts, "part", part)
    full = exp.Lambda(
        this=negate(eq(column("part"), text(""))),
        expressions=[exp.to_identifier("part", quoted=True)],
    )
    kept = fn("list_filter", trimmed, full)
    place = fn("strpos", column("part"), text(separator))
    has = operate(">", place, number(0))
    key = case(
        (has, fn("rtrim", fn("left", column("part"), operate("-", place.copy(), number(1))))),
        otherwise=column("part"),
    )
    after = fn("substring", column("part"), operate("+", place.copy(), number(len(separator))))
    value = case((has.copy(), fn("unquoted_json", fn("ltrim", after))), otherwise=text("true"))
    return fn("json_map", _each(kept, "part", key), _each(kept.copy(), "part", value))


def cells(subject: Sql) -> Sql:
    """The list of the cells of a line of comma-separated values (RFC 4180)."""
    line = fn("concat", text(","), fn("rtrim", subject.copy(), text("\r\n")))
    found = fn("regexp_extract_all", line, text(_CELL), number(1))
    cell = fn("csv_cell", column("cell"))
    return case((negate(exp.Is(this=subject, expression=exp.Null())), _each(found, "cell", cell)))


def syslog(subject: Sql) -> Sql:
    """A map of what a syslog line holds, RFC 5424 or RFC 3164; NULL for any other line."""
    names = exp.Array(expressions=[text(name) for name in _PARTS])
    found = fn("regexp_extract", subject, text(_SYSLOG), names)
    return fn("syslog_map", found)


def xml(subject: Sql, path: str) -> Sql:
    """The text, or the attribute, that a path of child steps finds first; NULL without."""
    steps = [step for step in path.split("/") if step]
    value = subject
    for depth, step in enumerate(steps):
        below = step[:1] != "@" and step != "text()" and depth
        value = _xml_step(fn("xml_inner", value) if below else value, step)
    return value if steps and steps[-1][:1] == "@" else fn("xml_text", value)


def _xml_step(value: Sql, step: str) -> Sql:
    if step == "text()":
        return value
    if step.startswith("@"):
        name = re.escape(step[1:])
        return fn("xml_attribute", value, text(rf"""^<[^<>]*?\s{name}\s*=\s*("[^"]*"|'[^']*')"""))
    tag, _, place = step.partition("[")
    name = re.escape(tag)
    found = fn(
        "regexp_extract_all",
        value,
        text(rf"(?s)<{name}(?:\s[^<>]*)?(?:/>|>.*?</{name}\s*>)"),
    )
    return fn("list_extract", found, number(int(place.rstrip("]") or 1)))


XML_PATH = re.compile(
    r"(?:/[^\W\d][\w.:-]*(?:\[[1-9][0-9]{0,5}\])?)+(?:/@[^\W\d][\w.:-]*|/text\(\))?"
)


def _each(items: Sql, name: str, body: Sql) -> Sql:
    made = exp.Lambda(this=body, expressions=[exp.to_identifier(name, quoted=True)])
    return fn("list_transform", items, made)
