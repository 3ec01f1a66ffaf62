"""Elasticsearch's bulk requests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from logq.errors import InvalidValue
from logq.ingest.events import Rejected
from logq.ingest.incoming import Incoming
from logq.ingest.intake import NDJSON, Decoded, Delivery, Example, Intake, Sent, register
from logq.ingest.intakes.bulk import NO_OBJECT, body_lines
from logq.ingest.objects import not_objects
from logq.ingest.text import decode

_DATED = re.compile(r"[-_.]\d{4}[-.]\d{2}[-.]\d{2}(?:-\d{6})?$|-\d{6}$")
_STORING = frozenset({"create", "index"})
_WITHOUT_DOCUMENT = frozenset({"delete"})


@dataclass(frozen=True, slots=True)
class Action:
    """What a line before a document asks for."""

    name: str
    """``create``, ``index``, ``update`` or ``delete``."""
    index: str


@dataclass(frozen=True, slots=True)
class Bulk(Decoded):
    """A bulk request, with what the answer must repeat."""

    kinds: tuple[Action, ...] = ()
    """The different actions of the request."""
    actions: pa.Array | None = None
    """Per item, which of them it is."""


@register
class Elastic(Intake):
    """Elasticsearch's bulk requests: ``create`` and ``index`` store the document as it is written,
    ``update`` and ``delete`` are refused item by item. Every item has its own status."""

    name = "elastic"
    title = "Elasticsearch bulk"
    paths = ("/_bulk", "/{index}/_bulk")
    senders = "Filebeat, Logstash, Fluent Bit es, Fluentd, Vector elasticsearch"
    group = "the index without a date at its end, else elastic"
    stream = "the sender's address"
    max_bytes = 64 << 20
    examples = (
        Example(
            "/shop-2026.01.05/_bulk",
            '{"create":{}}\n{"@timestamp":"2026-01-05T10:00:00Z","message":"paid"}\n'
            '{"index":{"_index":"mail"}}\n{"message":"sent"}\n',
            NDJSON,
            {"shop": 1, "mail": 1},
        ),
    )

    def decode(self, sent: Sent) -> Decoded:
        lines = body_lines(sent.body)
        if not len(lines):
            raise InvalidValue("the request body is empty", hint="send actions and documents")
        items = _pairs(lines, sent.index) or _items(lines, sent.index)
        storing = pa.array([kind.name in _STORING for kind in items.kinds], pa.bool_())
        good = storing.take(items.actions)
        numbers = pc.indices_nonzero(good).cast(pa.int64())
        read = decode(items.documents.filter(good))
        bad = not_objects(read.texts)
        rejected = [
            Rejected(number + 1, f"{items.kinds[items.actions[number].as_py()].name} is not taken")
            for number in pc.indices_nonzero(pc.invert(good)).to_pylist()
        ]
        rejected += [Rejected(number + 1, NO_OBJECT) for number in numbers.take(bad).to_pylist()]
        keep = pc.invert(pc.is_in(pa.array(range(len(numbers)), pa.int64()), bad))
        deliveries = []
        for group, kinds in _by_group(items.kinds, sent).items():
            actions = items.actions.take(numbers)
            mine = pc.and_(keep, pc.is_in(actions, pa.array(kinds, pa.int64())))
            texts = read.texts.filter(mine)
            if not len(texts):
                continue
            incoming = Incoming(
                texts,
                pa.nulls(len(texts), pa.timestamp("ms")),
                sent.stream_or(sent.sender),
                format="json",
                raw=None if read.raw is None else read.raw.filter(mine),
            )
            deliveries.append(Delivery(group, incoming, numbers.filter(mine)))
        return Bulk(
            len(items.actions),
            tuple(deliveries),
            tuple(sorted(rejected, key=lambda found: found.line)),
            kinds=items.kinds,
            actions=items.actions,
        )


@dataclass(frozen=True, slots=True)
class _Items:
    kinds: tuple[Action, ...]
    actions: pa.Array
    documents: pa.Array
    """Binary; null where an action has none."""


def _pairs(lines: pa.Array, index: str | None) -> _Items | None:
    """The items where actions and documents take turns; None if that is not so."""
    if len(lines) % 2:
        return None
    first = pa.array(range(0, len(lines), 2), pa.int64())
    coded = pc.dictionary_encode(lines.take(first))
    try:
        kinds = [_action(line, index, 1) for line in coded.dictionary.to_pylist()]
    except InvalidValue:
        return None
    if any(kind.name in _WITHOUT_DOCUMENT for kind in kinds):
        return None
    return _Items(tuple(kinds), coded.indices.cast(pa.int64()), lines.take(pc.add(first, 1)))


def _items(lines: pa.Array, index: str | None) -> _Items:
    """The items of any request; raises InvalidValue where an action cannot be read."""
    kinds: dict[Action, int] = {}
    actions: list[int] = []
    documents: list[bytes | None] = []
    texts = lines.to_pylist()
    at = 0
    while at < len(texts):
        if not texts[at].strip():
            at += 1
            continue
        action = _action(texts[at], index, at + 1)
        actions.append(kinds.setdefault(action, len(kinds)))
        at += 1
        document = None
        if action.name not in _WITHOUT_DOCUMENT:
            if at == len(texts):
                raise InvalidValue(
                    "the last action has no document", hint="nothing of the request was stored"
                )
            document = texts[at]
            at += 1
        documents.append(document)
    return _Items(tuple(kinds), pa.array(actions, pa.int64()), pa.array(documents, pa.binary()))


def _action(line: bytes, index: str | None, number: int) -> Action:
    try:
        found = orjson.loads(line)
    except (orjson.JSONDecodeError, RecursionError):
        found = None
    if isinstance(found, dict) and len(found) == 1:
        name, told = next(iter(found.items()))
        if name in _STORING | _WITHOUT_DOCUMENT | {"update"} and isinstance(told, dict):
            return Action(name, _index(told) or index or "elastic")
    raise InvalidValue(
        f"malformed action/metadata line [{number}]", hint="nothing of the request was stored"
    )


def _index(told: dict[str, Any]) -> str | None:
    index = told.get("_index")
    return index if isinstance(index, str) else None


def _by_group(kinds: tuple[Action, ...], sent: Sent) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for number, kind in enumerate(kinds):
        group = sent.group_or(_DATED.sub("", kind.index), kind.index)
        groups.setdefault(group, []).append(number)
    return groups
