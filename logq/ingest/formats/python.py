"""Logs of Python programs."""

from __future__ import annotations

from logq.ingest.format import Sample, register
from logq.ingest.layout import ISO, LEVELS, MSG, Layout, LayoutFormat

_TIME = rf"(?P<time>{ISO})"
_LEVEL = rf"(?P<level>{LEVELS})"
_LOGGER = r"(?P<logger>[\w.\[\]-]+)"


@register
class PythonLogging(LayoutFormat):
    """Logs of Python's logging module in its usual layouts, of gunicorn, celery and loguru."""

    name = "python"
    title = "Python logging"
    priority = 15
    multiline = "python"
    ints = frozenset({"pid", "line"})
    layouts = (
        Layout(rf"^{_TIME} - {_LOGGER} - (?:\[?(?P<pid>\d+)\]? - )?{_LEVEL} - {MSG}"),
        Layout(rf"^{_TIME} *\| *{_LEVEL} *\| *{_LOGGER}:"
               r"(?P<function>[^:|\n]*):(?P<line>\d+) - " + MSG),
        Layout(rf"^\[{_TIME}: {_LEVEL}/(?P<process>[^\]\n]+)\] {MSG}"),
        Layout(rf"^\[(?P<time>{ISO} [+-]\d{{4}})\] \[(?P<pid>\d+)\] \[{_LEVEL}\] {MSG}"),
        Layout(rf"^\[?{_TIME}\]? (?:-|\|)? *\[?{_LEVEL} *\]? *(?:-|\||:)? *{_LOGGER}"
               rf"(?::(?P<line>\d+))?(?: -|:| \|) {MSG}"),
        Layout(rf"^\[?{_TIME}\]? (?:-|\|)? *\[?{_LEVEL} *\]?(?: -|:| \|)? +{MSG}"),
        Layout(rf"^{_LEVEL} +{_TIME} (?P<module>\w+) (?P<pid>\d+) (?P<thread>\d+) {MSG}"),
        Layout(rf"^{_LEVEL}:{_LOGGER}:{MSG}"),
    )  # fmt: skip
    samples = (
        Sample(
            "2026-01-05 10:00:00,123 - shop.cart - WARNING - cart is empty",
            1767607200123,
            {"logger": "shop.cart", "level": "WARNING", "msg": "cart is empty"},
        ),
        Sample(
            "2026-01-05 10:00:00.123 | ERROR    | shop.cart:add:42 - no such article",
            1767607200123,
            {
                "level": "ERROR",
                "logger": "shop.cart",
                "function": "add",
                "line": 42,
                "msg": "no such article",
            },
        ),
        Sample(
            "[2026-01-05 10:00:00,123: INFO/MainProcess] Task received",
            1767607200123,
            {"level": "INFO", "process": "MainProcess", "msg": "Task received"},
        ),
        Sample(
            "[2026-01-05 10:00:00 +0100] [4242] [INFO] Listening at: http://127.0.0.1:8000",
            1767603600000,
            {"pid": 4242, "level": "INFO", "msg": "Listening at: http://127.0.0.1:8000"},
        ),
        Sample(
            "2026-01-05 10:00:00,123 [INFO] shop.cart: added",
            1767607200123,
            {"level": "INFO", "logger": "shop.cart", "msg": "added"},
        ),
        Sample(
            "2026-01-05 10:00:00,123 INFO all is well",
            1767607200123,
            {"level": "INFO", "msg": "all is well"},
        ),
        Sample(
            "ERROR:root:no time in this one",
            None,
            {"level": "ERROR", "logger": "root", "msg": "no time in this one"},
        ),
    )
