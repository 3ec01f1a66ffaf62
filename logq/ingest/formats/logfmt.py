"""logfmt: key=value pairs."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.format import Context, Format, Projection, Sample, register
from logq.ingest.timestamps import find_missing, parse_timestamps

TIME_KEYS = ("time", "ts", "timestamp", "@timestamp", "t", "date", "datetime", "at")
"""Keys that may hold the time of an event, best first."""

_KEY = r'[^\s="\x00-\x1f]+'
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_BARE = r'[^\s"][^\s]*'
# A key is tried at its first character only: trying every later one takes quadratic time.
_PAIR = re.compile(rf"(?<![^\s=\"\x00-\x1f])({_KEY})(?:=({_QUOTED}|{_BARE})?)?(?:\s+|$)")
_LOOKS = re.compile(rf"\s*[A-Za-z_@][\w.@/-]*=(?:{_QUOTED}|\S*)(?:\s+[A-Za-z_@][\w.@/-]*=|\s*$)")
_VALUE = rf"=(?:{_QUOTED}|{_BARE})"
_SIMPLE_LINE = rf"^{_KEY}=(?:{_QUOTED}|{_BARE})?(?: {_KEY}=(?:{_QUOTED}|{_BARE})?)*$"
_MAX_SIGNATURES = 50
_MAX_KEYS = 100
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@register
class Logfmt(Format):
    """Lines of key=value pairs; every value is text, and a key without a value is "true"."""

    name = "logfmt"
    title = "logfmt"
    priority = 12
    samples = (
        Sample(
            'ts=2026-01-05T10:00:00.250Z level=info msg="stock \\"x\\" reserved" qty=3 dry-run',
            1767607200250,
            {
                "ts": "2026-01-05T10:00:00.250Z",
                "level": "info",
                "msg": 'stock "x" reserved',
                "qty": "3",
                "dry-run": "true",
            },
        ),
        Sample(
            "level=warn msg=slow took= url=/a?b=c",
            None,
            {"level": "warn", "msg": "slow", "took": "", "url": "/a?b=c"},
        ),
    )

    def recognises(self, line: str) -> bool:
        return _LOOKS.match(line[:4096]) is not None

    def project(self, lines: pa.StringArray, context: Context) -> Projection:
        columns = pairs(lines)
        times = pa.nulls(len(lines), pa.timestamp("ms"))
        for key in TIME_KEYS:
            path = _path(key)
            if times.null_count and path in columns:
                times = pc.coalesce(times, parse_timestamps(columns[path], context))
        return Projection(find_missing(times, lines, context), columns)


def pairs(lines: pa.StringArray) -> dict[str, pa.StringArray]:
    """The pairs of each line as one column per key; the last of equal keys holds.

    Lines with the same keys in the same order are cut by one regular expression; the others one
    by one.
    """
    columns: dict[str, pa.Array] = {}
    slow = pc.is_valid(lines)
    simple = pc.fill_null(pc.match_substring_regex(lines, _SIMPLE_LINE), False)
    candidates = pc.if_else(simple, lines, None)
    signatures = pc.dictionary_encode(pc.replace_substring_regex(candidates, _VALUE, "="))
    names = signatures.dictionary.to_pylist()
    for index, signature in enumerate(names[:_MAX_SIGNATURES]):
        keys = [part.removesuffix("=") for part in signature.split(" ")]
        if len(set(keys)) < len(keys) or len(keys) > _MAX_KEYS:
            continue
        rows = pc.fill_null(pc.equal(signatures.indices, index), False)
        whole = len(names) == 1 and not signatures.null_count
        found = pc.extract_regex(lines if whole else lines.filter(rows), _pattern(keys))
        for number, key in enumerate(keys):
            value = _unquoted(found.field(f"v{number}"))
            _put(columns, key, value, None if whole else rows, len(lines))
        slow = pc.and_not(slow, rows)
    _read_slowly(lines, slow, columns)
    return columns


def _pattern(keys: list[str]) -> str:
    values = (
        rf"{re.escape(key)}=(?P<v{number}>{_QUOTED}|{_BARE})?" for number, key in enumerate(keys)
    )
    return "^" + " ".join(values) + "$"


def _unquoted(values: pa.StringArray) -> pa.StringArray:
    quoted = pc.starts_with(values, '"')
    if not pc.any(quoted).as_py():
        return values
    inner = pc.utf8_slice_codeunits(values, 1, -1)
    if pc.any(pc.match_substring(inner, "\\")).as_py():
        inner = pa.array(map(_unescape, inner.to_pylist()), pa.string())
    return pc.if_else(quoted, inner, values)


def _unescape(text: str | None) -> str | None:
    if text is None or "\\" not in text:
        return text
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), text)


def _put(
    columns: dict[str, pa.Array],
    key: str,
    values: pa.Array,
    rows: pa.BooleanArray | None,
    length: int,
) -> None:
    path = _path(key)
    if rows is None:
        columns[path] = values
    else:
        before = columns.get(path, pa.nulls(length, pa.string()))
        columns[path] = pc.replace_with_mask(before, rows, values)


def _read_slowly(
    lines: pa.StringArray, rows: pa.BooleanArray, columns: dict[str, pa.Array]
) -> None:
    texts = lines.filter(rows).to_pylist()
    values: dict[str, list[str | None]] = {}
    for number, text in enumerate(texts):
        for key, value in read_pairs(text):
            values.setdefault(key, [None] * len(texts))[number] = value
    for key, column in values.items():
        _put(columns, key, pa.array(column, pa.string()), rows, len(lines))


def read_pairs(text: str) -> list[tuple[str, str]]:
    """The pairs of one line; a text without any ``key=value`` has none."""
    found: list[tuple[str, str]] = []
    for match in _PAIR.finditer(text):
        key, value = match[1], match[2]
        if "=" not in match[0]:
            found.append((key, "true"))
        elif value and value.startswith('"') and value.endswith('"') and len(value) > 1:
            found.append((key, _unescape(value[1:-1]) or ""))
        else:
            found.append((key, value or ""))
    return found if "=" in text else []


def _path(key: str) -> str:
    return f"@{key}" if key.startswith("@") else key
