"""Logs of Kubernetes and Google programs, Android, and Blue Gene."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.format import Context, Sample, register
from logq.ingest.layout import MSG, Layout, LayoutFormat
from logq.ingest.timestamps import parse_timestamps


def _names(letters: pa.StringArray, names: Mapping[str, str]) -> pa.StringArray:
    return pa.array(list(names.values())).take(pc.index_in(letters, pa.array(list(names))))


@register
class Klog(LayoutFormat):
    """Logs of klog and glog, as Kubernetes' own programs write them; the year is not written."""

    name = "klog"
    title = "klog, glog"
    priority = 30
    multiline = "go"
    ints = frozenset({"pid", "line"})
    layouts = (
        Layout(
            r"^(?P<level>[IWEFD])(?P<time>(?:\d{4})?\d{4} \d\d:\d\d:\d\d\.\d+) +(?P<pid>\d+) "
            rf"(?P<file>[^:\s]+):(?P<line>\d+)\] {MSG}"
        ),
    )
    samples = (
        Sample(
            'E0105 10:00:00.123456    4242 pod_workers.go:190] "Error syncing pod" pod="a/b"',
            1767607200123,
            {
                "level": "ERROR",
                "pid": 4242,
                "file": "pod_workers.go",
                "line": 190,
                "msg": '"Error syncing pod" pod="a/b"',
            },
        ),
    )

    def complete(
        self, columns: Mapping[str, pa.Array], texts: Mapping[str, pa.StringArray]
    ) -> Mapping[str, pa.Array]:
        names = {"I": "INFO", "W": "WARNING", "E": "ERROR", "F": "FATAL", "D": "DEBUG"}
        return {**columns, "level": _names(texts["level"], names)} if texts else columns


@register
class Android(LayoutFormat):
    """Logs of Android's logcat in the layout threadtime; the year is not written."""

    name = "android"
    title = "Android logcat"
    priority = 30
    multiline = "java"
    ints = frozenset({"pid", "tid"})
    layouts = (
        Layout(
            r"^(?P<time>(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d\.\d+(?: [+-]\d{4})?) +"
            r"(?:(?P<user>[a-z]\w*) +)?(?P<pid>\d+) +(?P<tid>\d+) (?P<level>[VDIWEFAS]) "
            rf"(?P<logger>[^\n]*?) *:(?: |$){MSG}"
        ),
    )
    samples = (
        Sample(
            "01-05 10:00:00.811  1702  2395 D WindowManager: printFreezing: a",
            1767607200811,
            {
                "pid": 1702,
                "tid": 2395,
                "level": "D",
                "logger": "WindowManager",
                "msg": "printFreezing: a",
            },
        ),
    )


@register
class BlueGene(LayoutFormat):
    """Reliability logs of Blue Gene/L, whose time is in seconds and once more in local time."""

    name = "bgl"
    title = "Blue Gene/L RAS log"
    priority = 30
    dash = True
    layouts = (
        Layout(
            r"^(?P<label>\S+) (?P<time>\d+) \d{4}\.\d\d\.\d\d (?P<node>\S+) "
            r"\d{4}-\d\d-\d\d-\d\d\.\d\d\.\d\d(?P<fraction>\.\d+)? \S+ (?P<type>\S+) "
            rf"(?P<component>\S+) (?P<level>[A-Z]+)(?: {MSG})?"
        ),
    )
    samples = (
        Sample(
            "- 1117838570 2005.06.03 R02-M1 2005-06-03-15.42.50.675872 R02-M1 RAS KERNEL INFO "
            "cache",
            1117838570675,
            {
                "node": "R02-M1",
                "type": "RAS",
                "component": "KERNEL",
                "level": "INFO",
                "msg": "cache",
            },
        ),
    )

    def times(
        self, texts: Mapping[str, pa.StringArray], lines: pa.StringArray, context: Context
    ) -> pa.TimestampArray:
        if not texts:
            return super().times(texts, lines, context)
        joined = pc.binary_join_element_wise(texts["time"], texts["fraction"], "")
        return parse_timestamps(joined, context)

    def complete(
        self, columns: Mapping[str, pa.Array], texts: Mapping[str, pa.StringArray]
    ) -> Mapping[str, pa.Array]:
        return {path: column for path, column in columns.items() if path != "fraction"}
