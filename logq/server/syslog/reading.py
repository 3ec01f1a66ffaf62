"""From the bytes of syslog messages to events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.incoming import Incoming
from logq.ingest.intake import stream_name
from logq.ingest.text import decode

_VERSIONED = r"^<\d{1,3}>\d{1,2} \S+ (?P<host>\S{1,255})(?: |$)"
_OLD = (
    r"^<\d{1,3}>(?:[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d(?:\.\d+)?(?: (?:19|20)\d\d)?"
    r"|\d{4}-\d\d-\d\dT\S+) (?P<host>[A-Za-z0-9_.:-]{0,254}[A-Za-z0-9_]) "
)
_FORMATS = (("syslog5424", r"^<\d{1,3}>\d{1,2} ", _VERSIONED), ("syslog3164", r"^<\d{1,3}>", _OLD))


@dataclass(frozen=True, slots=True)
class Received:
    """One message and the address it came from."""

    message: bytes
    sender: str


def events(received: Sequence[Received]) -> Iterator[Incoming]:
    """The events of some messages, in order, apart by format; host or sender is the stream."""
    read = decode(pa.array([one.message for one in received], pa.binary()))
    senders = pa.array([stream_name(one.sender) for one in received], pa.string())
    left = pa.array([True] * len(received))
    for name, shape, host in (*_FORMATS, ("auto", "", None)):
        mine = pc.and_(left, pc.match_substring_regex(read.texts, shape))
        if not pc.any(mine).as_py():
            continue
        left = pc.and_not(left, mine)
        texts = read.texts.filter(mine)
        streams = senders.filter(mine)
        if host is not None:
            streams = _hosts(texts, host, streams)
        yield Incoming(
            texts,
            pa.nulls(len(texts), pa.timestamp("ms")),
            streams,
            format=name,
            raw=None if read.raw is None else read.raw.filter(mine),
        )


def _hosts(texts: pa.Array, pattern: str, senders: pa.Array) -> pa.Array:
    found = pc.struct_field(pc.extract_regex(texts, pattern), "host")
    named = pc.coalesce(pc.if_else(pc.equal(found, "-"), None, found), senders)
    coded = pc.dictionary_encode(named)
    names = [stream_name(name) for name in coded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(coded.indices)
