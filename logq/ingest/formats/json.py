"""JSON lines."""

from __future__ import annotations

import pyarrow as pa

from logq.ingest.format import Context, Format, Projection, Sample, register

TIME_FIELDS = (
    "@@timestamp",
    "timestamp",
    "time",
    "ts",
    "@@t",
    "eventTime",
    "event_time",
    "eventTimestamp",
    "datetime",
    "Timestamp",
    "time_local",
    "asctime",
    "timeMillis",
    "instant.epochSecond",
    "record.timestamp",
    "record.time.timestamp",
    "log.timestamp",
    "requestReceivedTimestamp",
    "query_timestamp",
    "__REALTIME_TIMESTAMP",
    "_SOURCE_REALTIME_TIMESTAMP",
    "created_at",
    "createdAt",
    "t",
    "date",
)
"""Where JSON logs have the time of an event, best first."""


@register
class JsonLines(Format):
    """One JSON object per line. Its keys become fields, nested ones joined by dots."""

    name = "json"
    title = "JSON lines"
    priority = 10
    samples = (
        Sample(
            '{"time":"2026-01-05T10:00:00.250Z","level":"warn","http":{"status":502},"ok":false}',
            1767607200250,
            {
                "time": "2026-01-05T10:00:00.250Z",
                "level": "warn",
                "http.status": 502,
                "ok": False,
            },
        ),
        Sample(
            '{"ts":1767607200.25,"msg":"hi"}',
            1767607200250,
            {"ts": 1767607200.25, "msg": "hi"},
        ),
        Sample(
            '{"@timestamp":"2026-01-05T11:00:00+01:00","tag":"a"}',
            1767607200000,
            {"@@timestamp": "2026-01-05T11:00:00+01:00", "tag": "a"},
        ),
    )

    def recognises(self, line: str) -> bool:
        return line.startswith("{") and line.rstrip().endswith("}")

    def project(self, lines: pa.StringArray, context: Context) -> Projection:
        nothing = pa.nulls(len(lines), pa.timestamp("ms"))
        return Projection(nothing, shred=True, time_fields=TIME_FIELDS)
