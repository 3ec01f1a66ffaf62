"""Container logs: the text inside the line that the container runtime wrote around it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

CRI = r"(?s)^(?P<time>\S+) (?P<stream>stdout|stderr) (?P<flag>[PF])(?::\S*)?(?: (?P<text>.*))?$"
DOCKER = (
    r'^\{"log":"(?P<text>(?:[^"\\]|\\.)*)"(?:,"attrs":\{[^{}]*\})?,"stream":"(?P<stream>[^"\\]*)"'
)


@dataclass(frozen=True, slots=True)
class Inside:
    """What some envelopes hold; a line that is no envelope is its own text in stream ''."""

    texts: pa.Array
    streams: pa.Array
    partial: pa.BooleanArray
    """Whether the text goes on in the next envelope of its stream."""


def open_envelopes(lines: pa.Array, envelope: str) -> Inside:
    """The texts inside lines of the kind ``cri`` or ``docker``.

    The text of a docker line stays escaped as in JSON but for tabs and quotes: enough to judge it.
    """
    found = pc.extract_regex(lines, CRI if envelope == "cri" else DOCKER)
    is_envelope = pc.is_valid(found)
    texts = found.field("text")
    if envelope == "cri":
        partial = pc.equal(found.field("flag"), _scalar("P", lines))
    else:
        partial = pc.and_not(is_envelope, pc.ends_with(texts, "\\n"))
        for escaped, plain in (("\\n", ""), ("\\t", "\t"), ('\\"', '"')):
            texts = pc.replace_substring(texts, escaped, plain)
    streams = pc.if_else(is_envelope, found.field("stream"), _scalar("", lines))
    return Inside(
        pc.if_else(is_envelope, texts, lines),
        streams,
        pc.and_(is_envelope, pc.fill_null(partial, False)),
    )


def _scalar(text: str, like: pa.Array) -> pa.Scalar:
    return pa.scalar(text, pa.string()).cast(like.type)
