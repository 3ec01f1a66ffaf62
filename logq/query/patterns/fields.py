"""The fields of a batch whose every message is a JSON object, as selectors find them.

Ingest has parsed such messages already: where a value lies as a column, the column gives what
parsing the message again would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from logq.model import BatchInfo, Doc, Field, Kind, pointer
from logq.query.scope import json_pointer

ABSENT = Field("", Kind.TEXT)
"""Where no event has a value."""


class Fields(Protocol):
    """Where values of JSON documents lie as columns; all messages are clean JSON objects."""

    def find(self, steps: Sequence[str | int | None]) -> Field | None:
        """The field there; None where only the message can tell.

        One without a column stands for a place where no event has a value.
        """


@dataclass(frozen=True, slots=True)
class KnownFields:
    """Fields by the JSON pointer that leads to them."""

    by_pointer: dict[str, Field | None]
    """None: look into the message."""

    def find(self, steps: Sequence[str | int | None]) -> Field | None:
        """See ``Fields``."""
        keys = [step for step in steps if isinstance(step, str)]
        if len(keys) != len(steps):
            return None
        for length in range(1, len(keys)):
            above = json_pointer(keys[:length])
            if above in self.by_pointer:
                return None
        return self.by_pointer.get(json_pointer(keys), ABSENT)


def known_fields(info: BatchInfo) -> KnownFields | None:
    """The fields of a batch, or None unless all its messages are clean JSON objects."""
    if info.doc is not Doc.MESSAGE:
        return None
    found: dict[str, Field | None] = {}
    for field in info.fields.values():
        pointers = field.pointers or (pointer(field.path),)
        for place in pointers:
            lone = len(pointers) == 1 and place not in found and field.column is not None
            found[place] = field if lone else None
    return KnownFields(found)
