"""Syslog as files and the network have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.format import Sample, register
from logq.ingest.layout import ISO, MSG, Layout, LayoutFormat, int_column

SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "security", "console", "solaris-cron", "local0", "local1", "local2", "local3",
    "local4", "local5", "local6", "local7",
)  # fmt: skip

_ELEMENT = r'\[[^\s=\]"]+(?: [^\s=\]"]+="(?:[^"\\\]]|\\.)*")*\]'
_ELEMENT_NAME = re.compile(r'\[([^\s=\]"]+)')
_PARAMETER = re.compile(r' ([^\s=\]"]+)="((?:[^"\\\]]|\\.)*)"')
_ESCAPED = re.compile(r'\\(["\\\]])')


class _Syslog(LayoutFormat):
    """What both have in common: the number in front that names facility and severity."""

    def complete(
        self, columns: Mapping[str, pa.Array], texts: Mapping[str, pa.StringArray]
    ) -> Mapping[str, pa.Array]:
        done = {path: column for path, column in columns.items() if path != "pri"}
        if "pri" in columns:
            number = int_column(texts["pri"])
            facility = pc.divide(number, 8)
            severity = pc.subtract(number, pc.multiply(facility, 8))
            known = pc.less(number, 8 * len(FACILITIES))
            done["facility"] = pa.array(FACILITIES).take(pc.if_else(known, facility, None))
            done["level"] = pa.array(SEVERITIES).take(severity)
        return done


@register
class Syslog3164(_Syslog):
    """Syslog as most files have it (RFC 3164): time without a year or ISO 8601, host, program."""

    name = "syslog3164"
    title = "Syslog (RFC 3164)"
    priority = 25
    ints = frozenset({"pid"})
    layouts = (
        Layout(
            r"^(?:<(?P<pri>\d{1,3})>)?(?P<time>[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d(?:\.\d+)?"
            r"(?: (?:19|20)\d\d)?) "
            r"(?P<host>[A-Za-z0-9_.:-]*[A-Za-z0-9_]) +"
            r"(?:(?P<program>(?:-- )?[^\s:\[\]]+(?: \d[\w.]*)?)"
            r"(?:\[(?P<pid>\d+)\])?:(?: +|$))?" + MSG
        ),
        Layout(
            rf"^(?:<(?P<pri>\d{{1,3}})>)?(?P<time>{ISO}) (?P<host>[A-Za-z0-9_.:-]*[A-Za-z0-9_]) "
            r"(?P<program>[^\s:\[\]]+)(?:\[(?P<pid>\d+)\])?:(?: +|$)" + MSG
        ),
    )
    samples = (
        Sample(
            "Jan  5 10:00:00 web-1 sshd[4242]: Accepted publickey for deploy",
            1767607200000,
            {
                "host": "web-1",
                "program": "sshd",
                "pid": 4242,
                "msg": "Accepted publickey for deploy",
            },
        ),
        Sample(
            "<34>Jan  5 10:00:00 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
            1767607200000,
            {
                "facility": "auth",
                "level": "crit",
                "host": "mymachine",
                "program": "su",
                "msg": "'su root' failed for lonvick on /dev/pts/8",
            },
        ),
        Sample(
            "2026-01-05T10:00:00.123456+01:00 web-1 kernel: Out of memory",
            1767603600123,
            {"host": "web-1", "program": "kernel", "msg": "Out of memory"},
        ),
        Sample(
            "Jan  5 10:00:00 web-1 -- MARK --",
            1767607200000,
            {"host": "web-1", "msg": "-- MARK --"},
        ),
    )


@register
class Syslog5424(_Syslog):
    """Syslog by RFC 5424; structured data become fields named element.parameter."""

    name = "syslog5424"
    title = "Syslog (RFC 5424)"
    priority = 30
    dash = True
    paths = MappingProxyType({"app": "program"})
    layouts = (
        Layout(
            rf"^(?:\d+ )?<(?P<pri>\d{{1,3}})>\d{{1,2}} (?P<time>-|{ISO}) (?P<host>\S+) "
            rf"(?P<app>\S+) (?P<pid>\S+) (?P<msgid>\S+) "
            rf"(?P<data>-|(?:{_ELEMENT})+)(?: \x{{FEFF}}?{MSG})?"
        ),
    )
    samples = (
        Sample(
            '<165>1 2026-01-05T10:00:00.003Z host.example evntslog - ID47 [ex@32473 iut="3" '
            'source="App \\"x\\""][y@1 a="b"] \ufeffAn event',
            1767607200003,
            {
                "facility": "local4",
                "level": "notice",
                "host": "host.example",
                "program": "evntslog",
                "msgid": "ID47",
                "ex@32473.iut": "3",
                "ex@32473.source": 'App "x"',
                "y@1.a": "b",
                "msg": "An event",
            },
        ),
        Sample(
            "<14>1 2026-01-05T10:00:00Z web-1 api 4242 - - started",
            1767607200000,
            {
                "facility": "user",
                "level": "info",
                "host": "web-1",
                "program": "api",
                "pid": "4242",
                "msg": "started",
            },
        ),
    )

    def complete(
        self, columns: Mapping[str, pa.Array], texts: Mapping[str, pa.StringArray]
    ) -> Mapping[str, pa.Array]:
        done = dict(super().complete(columns, texts))
        data = done.pop("data", None)
        return done if data is None else {**structured(data), **done}


def structured(data: pa.StringArray) -> dict[str, pa.StringArray]:
    """The parameters of structured data as columns; equal texts are read once."""
    coded = pc.dictionary_encode(data)
    columns: dict[str, list[str | None]] = {}
    texts = coded.dictionary.to_pylist()
    for index, text in enumerate(texts):
        for path, value in _parameters(text):
            columns.setdefault(path, [None] * len(texts))[index] = value
    return {
        path: pa.array(values, pa.string()).take(coded.indices) for path, values in columns.items()
    }


def _parameters(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    while name := _ELEMENT_NAME.match(text, position):
        position = name.end()
        while parameter := _PARAMETER.match(text, position):
            position = parameter.end()
            found.append((f"{name[1]}.{parameter[1]}", _ESCAPED.sub(r"\1", parameter[2])))
        position += 1
    return found
