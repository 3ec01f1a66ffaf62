"""AWS Lambda."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.format import Context, Format, Projection, Sample, register
from logq.ingest.formats.json import TIME_FIELDS
from logq.ingest.layout import (
    ISO,
    Layout,
    cut_out,
    float_column,
    int_column,
    text_column,
)
from logq.ingest.timestamps import find_missing, parse_timestamps

MEGABYTE = 1_000_000

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ARRIVAL = rf"^(?:(?P<time>{ISO})\s+)?"
_TRACE = r"(?:\s+XRAY TraceId: (?P<trace>\S+)\s+SegmentId: (?P<segment>\S+))?"
_LAYOUTS = (
    Layout(
        _ARRIVAL + r"(?P<type>REPORT) RequestId: (?P<id>\S+)\s+Duration: (?P<duration>[\d.]+) ms\s+"
        r"Billed Duration: (?P<billed>[\d.]+) ms\s+Memory Size: (?P<memory>\d{1,12}) MB\s+"
        r"Max Memory Used: (?P<used>\d{1,12}) MB(?:\s+Init Duration: (?P<init>[\d.]+) ms)?" + _TRACE
    ),
    Layout(_ARRIVAL + r"(?P<type>START|END) RequestId: (?P<id>\S+)"),
    Layout(
        rf"^(?:(?P<arrival>{ISO})\s+)?(?:\[\w+\]\s+)?(?P<time>\d{{4}}-\d\d-\d\dT\S+)\s+"
        rf"(?P<id>{_UUID})\b"
    ),
    Layout(_ARRIVAL + r"(?:INIT_START Runtime Version: |(?:TELEMETRY|EXTENSION)\s+Name: )"),
    Layout(_ARRIVAL + r"XRAY TraceId: (?P<trace>\S+)\s+SegmentId: (?P<segment>\S+)"),
)
_PLATFORM = Layout(r'^\s*\{.*"type"\s*:\s*"platform\.(?P<type>start|report|runtimeDone|\w+)"')
_DOCUMENT = Layout(rf'^\s*\{{.*"(?:requestId|AWSRequestId)"\s*:\s*"(?P<id>{_UUID})"')
_NUMBER = r"\s*:\s*(?P<v>-?\d+(?:\.\d+)?)"
_TEXT = r'\s*:\s*"(?P<v>[^"\\]+)"'
_TYPES = {"start": "START", "runtimeDone": "END", "report": "REPORT"}
_FLOATS = {"duration": "@duration", "billed": "@billedDuration", "init": "@initDuration"}
_SIZES = {"memory": "@memorySize", "used": "@maxMemoryUsed"}
_TEXTS = {
    "type": "@type",
    "id": "@requestId",
    "trace": "@xrayTraceId",
    "segment": "@xraySegmentId",
}


@register
class Lambda(Format):
    """AWS Lambda: START, END and REPORT lines, lines of the runtimes, and the JSON log format."""

    name = "lambda"
    title = "AWS Lambda"
    multiline = "auto"
    priority = 35
    samples = (
        Sample(
            "START RequestId: d44fee3d-7da6-4059-8123-6d3da2e69df2 Version: $LATEST",
            None,
            {"@type": "START", "@requestId": "d44fee3d-7da6-4059-8123-6d3da2e69df2"},
        ),
        Sample(
            "END RequestId: d44fee3d-7da6-4059-8123-6d3da2e69df2",
            None,
            {"@type": "END", "@requestId": "d44fee3d-7da6-4059-8123-6d3da2e69df2"},
        ),
        Sample(
            "REPORT RequestId: d44fee3d-7da6-4059-8123-6d3da2e69df2\tDuration: 1394.6 ms\tBilled "
            "Duration: 1395 ms\tMemory Size: 128 MB\tMax Memory Used: 80 MB\tInit Duration: 518.00"
            " ms\tXRAY TraceId: 1-5e34a614-10bdf SegmentId: 07f107d3\tSampled: true",
            None,
            {
                "@type": "REPORT",
                "@requestId": "d44fee3d-7da6-4059-8123-6d3da2e69df2",
                "@duration": 1394.6,
                "@billedDuration": 1395.0,
                "@memorySize": 128_000_000,
                "@maxMemoryUsed": 80_000_000,
                "@initDuration": 518.0,
                "@xrayTraceId": "1-5e34a614-10bdf",
                "@xraySegmentId": "07f107d3",
            },
        ),
        Sample(
            "2026-01-05T10:00:00.250Z\td44fee3d-7da6-4059-8123-6d3da2e69df2\tINFO\tsent",
            1767607200250,
            {"@requestId": "d44fee3d-7da6-4059-8123-6d3da2e69df2"},
        ),
        Sample(
            "[WARNING]\t2026-01-05T10:00:00.250Z\td44fee3d-7da6-4059-8123-6d3da2e69df2\tslow",
            1767607200250,
            {"@requestId": "d44fee3d-7da6-4059-8123-6d3da2e69df2"},
        ),
    )

    def recognises(self, line: str) -> bool:
        if line.startswith("{"):
            return _PLATFORM.fits(line) or _DOCUMENT.fits(line)
        return any(layout.fits(line) for layout in _LAYOUTS)

    def project(self, lines: pa.StringArray, context: Context) -> Projection:
        documents = pc.fill_null(pc.starts_with(lines, "{"), False)
        texts = pc.if_else(documents, None, lines)
        parts = cut_out(texts, _LAYOUTS).texts
        nothing = pa.nulls(len(lines), pa.timestamp("ms"))
        times = parse_timestamps(parts["time"], context) if "time" in parts else nothing
        columns = _columns(parts)
        if pc.any(documents).as_py():
            for path, values in _platform(lines.filter(documents)).items():
                before = columns.get(path, pa.nulls(len(lines), values.type))
                columns[path] = pc.replace_with_mask(before, documents, values)
        return Projection(
            find_missing(times, texts, context), columns, shred=True, time_fields=TIME_FIELDS
        )


def _columns(parts: Mapping[str, pa.StringArray]) -> dict[str, pa.Array]:
    found: dict[str, pa.Array] = {}
    for group, text in parts.items():
        if group in _TEXTS:
            found[_TEXTS[group]] = text_column(text)
        elif group in _FLOATS:
            found[_FLOATS[group]] = float_column(text)
        elif group in _SIZES:
            found[_SIZES[group]] = pc.multiply(int_column(text), MEGABYTE)
    return {path: column for path, column in found.items() if column.null_count < len(column)}


def _platform(lines: pa.StringArray) -> dict[str, pa.Array]:
    """The same fields from events in the JSON log format; their ``record`` has the numbers."""
    kind = _first(lines, _PLATFORM.pattern, "type")
    platform = pc.if_else(pc.is_valid(kind), lines, None)
    found: dict[str, pa.Array] = {
        "@type": pa.array(list(_TYPES.values())).take(pc.index_in(kind, pa.array(list(_TYPES)))),
        "@requestId": _first(lines, _DOCUMENT.pattern, "id"),
        "@xrayTraceId": _first(platform, r'"tracing"\s*:\s*\{.*?"value"' + _TEXT),
        "@xraySegmentId": _first(platform, r'"tracing"\s*:\s*\{.*?"spanId"' + _TEXT),
    }
    report = pc.if_else(pc.equal(kind, "report"), lines, None)
    for key, path in (
        ("durationMs", "@duration"),
        ("billedDurationMs", "@billedDuration"),
        ("initDurationMs", "@initDuration"),
    ):
        found[path] = float_column(_first(report, f'"{key}"{_NUMBER}'))
    for key, path in (("memorySizeMB", "@memorySize"), ("maxMemoryUsedMB", "@maxMemoryUsed")):
        found[path] = pc.multiply(int_column(_first(report, f'"{key}"{_NUMBER}')), MEGABYTE)
    return {path: column for path, column in found.items() if column.null_count < len(column)}


def _first(lines: pa.StringArray, pattern: str, group: str = "v") -> pa.StringArray:
    return pc.extract_regex(lines, pattern).field(group)
