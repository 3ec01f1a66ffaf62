"""Logs of containers: the lines that Kubernetes and Docker write around a program's own."""

from __future__ import annotations

import re

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import re2
from pyarrow.json import ParseOptions, read_json

from logq.ingest.envelope import CRI
from logq.ingest.format import Context, Format, Projection, Sample, register
from logq.ingest.timestamps import find_missing, parse_timestamps

_CRI_HEAD = re2.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) (?:stdout|stderr) [PF]\b")
_CRI_LINE = re.compile(CRI, re.ASCII)
_DOCKER_JSON = ParseOptions(
    explicit_schema=pa.schema([(name, pa.string()) for name in ("log", "stream", "time")]),
    unexpected_field_behavior="ignore",
)
_SINGLE = r"^[^\n]*$"


class _Container(Format):
    """What both have in common: the text inside is the message, and may be a JSON document."""

    def project(self, lines: pa.StringArray, context: Context) -> Projection:
        single = pc.fill_null(pc.match_substring_regex(lines, _SINGLE), False)
        if pc.all(single).as_py():
            times, streams, texts = self.fast(lines)
        else:
            rows = [self.slow(line) for line in lines.to_pylist()]
            times, streams, texts = (
                pa.array([row[place] for row in rows], pa.string()) for place in range(3)
            )
        outside = pc.is_null(streams)
        messages = pc.if_else(outside, lines, texts)
        timestamps = parse_timestamps(times, context)
        if pc.any(outside).as_py():
            timestamps = find_missing(timestamps, lines, context)
        return Projection(timestamps, {"stream": streams}, messages, shred=True)

    def fast(self, lines: pa.StringArray) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Time, stream and text of events of one line; nulls where it is no envelope."""
        raise NotImplementedError

    def slow(self, event: str) -> tuple[str | None, str | None, str | None]:
        """The same of one event, which may be several lines of one stream."""
        raise NotImplementedError


@register
class Cri(_Container):
    """Logs of Kubernetes containers; parts of long lines and stack traces are put together."""

    name = "cri"
    title = "Kubernetes (CRI)"
    multiline = "cri"
    priority = 50
    samples = (
        Sample(
            "2026-01-05T10:00:00.123456789Z stdout F hello",
            1767607200123,
            {"stream": "stdout"},
        ),
        Sample(
            '2026-01-05T11:00:00.5+01:00 stderr F {"level":"warn"}',
            1767607200500,
            {"stream": "stderr", "level": "warn"},
        ),
    )

    def recognises(self, line: str) -> bool:
        return _CRI_HEAD.search(line[:100]) is not None

    def fast(self, lines: pa.StringArray) -> tuple[pa.Array, pa.Array, pa.Array]:
        found = pc.extract_regex(lines, CRI)
        return tuple(
            pc.if_else(pc.is_valid(found), found.field(part), None)
            for part in ("time", "stream", "text")
        )

    def slow(self, event: str) -> tuple[str | None, str | None, str | None]:
        parts = [_CRI_LINE.match(line) for line in event.split("\n")]
        if parts[0] is None:
            return None, None, None
        text = ""
        for place, part in enumerate(parts):
            if part is None:
                return None, None, None
            goes_on = part["flag"] == "P" or place == len(parts) - 1
            text += (part["text"] or "") + ("" if goes_on else "\n")
        return parts[0]["time"], parts[0]["stream"], text


@register
class Docker(_Container):
    """Logs of Docker's json-file driver; parts of long lines and stack traces are put together."""

    name = "docker"
    title = "Docker json-file"
    multiline = "docker"
    priority = 50
    samples = (
        Sample(
            '{"log":"hello \\"you\\"\\n","stream":"stdout",'
            '"time":"2026-01-05T10:00:00.123456789Z"}',
            1767607200123,
            {"stream": "stdout"},
        ),
        Sample(
            '{"log":"{\\"level\\":\\"warn\\"}\\n","stream":"stderr","time":"2026-01-05T10:00:00Z"}',
            1767607200000,
            {"stream": "stderr", "level": "warn"},
        ),
    )

    def recognises(self, line: str) -> bool:
        return line.startswith('{"log":"') and '"stream":"' in line and '"time":"' in line

    def fast(self, lines: pa.StringArray) -> tuple[pa.Array, pa.Array, pa.Array]:
        data = pa.py_buffer("\n".join(lines.to_pylist()).encode())
        try:
            table = read_json(pa.BufferReader(data), parse_options=_DOCKER_JSON)
        except pa.ArrowInvalid:
            table = None
        if table is None or table.num_rows != len(lines) or table["time"].null_count:
            rows = [self.slow(line) for line in lines.to_pylist()]
            return tuple(pa.array([row[place] for row in rows], pa.string()) for place in range(3))
        whole = table.combine_chunks()
        texts, streams, times = (whole[name].combine_chunks() for name in ("log", "stream", "time"))
        if texts.null_count or streams.null_count:
            texts, streams = pc.fill_null(texts, ""), pc.fill_null(streams, "stdout")
        return times, streams, pc.replace_substring_regex(texts, r"\r?\n$", "")

    def slow(self, event: str) -> tuple[str | None, str | None, str | None]:
        time: str | None = None
        stream: str | None = None
        text = ""
        for line in event.split("\n"):
            try:
                part = orjson.loads(line)
                text += part["log"]
                if time is None:
                    time, stream = part.get("time"), part.get("stream", "stdout")
            except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
                return None, None, None
        if not isinstance(time, str) or not isinstance(stream, str):
            return None, None, None
        return time, stream, text.removesuffix("\n").removesuffix("\r")
