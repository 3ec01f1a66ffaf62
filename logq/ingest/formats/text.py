"""Plain text."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import re2

from logq.ingest.format import Context, Format, Projection, Sample, register
from logq.ingest.formats.json import TIME_FIELDS
from logq.ingest.time_shapes import ANYWHERE
from logq.ingest.timestamps import SEARCHED, find_timestamps

_FINDS = re2.compile(ANYWHERE)
_DOCUMENT = r'^\s*\{\s*["}]'


@register
class PlainText(Format):
    """Text of any kind; the time is looked for in the first 200 characters of an event."""

    name = "text"
    title = "Plain text"
    multiline = "auto"
    priority = -1
    samples = (
        Sample("starting up at 2026-01-05T10:00:00.250Z on web-1", 1767607200250),
        Sample("[05/Jan/2026:10:00:00 +0100] hello", 1767603600000),
        Sample("Mon Jan 05 10:00:00 2026 hello", 1767607200000),
        Sample("1767607200.250 hello", 1767607200250),
        Sample("no time at all", None),
    )

    def recognises(self, line: str) -> bool:
        return _FINDS.search(line[:SEARCHED]) is not None

    def project(self, lines: pa.StringArray, context: Context) -> Projection:
        document = pc.match_substring_regex(lines, _DOCUMENT)
        if not pc.any(document).as_py():
            return Projection(find_timestamps(lines, context), shred=True, time_fields=TIME_FIELDS)
        texts = pc.if_else(document, None, lines)
        return Projection(find_timestamps(texts, context), shred=True, time_fields=TIME_FIELDS)
