"""A kind of thing that can be declared, and the registry of all."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from logq.actions.context import Context

Key = tuple[str, ...]
"""The name of a thing; the log group or topic and the name of what belongs to one."""
Body = Mapping[str, Any]
"""Every field of a thing in its normal form, as JSON."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a kind: what may be given, and what it is if nothing is given."""

    name: str
    type: str
    """``text``, ``number``, ``whole``, ``flag``, ``texts``, ``map``, ``json`` or ``any``."""
    default: Any = None
    needed: bool = False
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be declared in one section of a file."""

    name: str
    """As people call it: ``metric filter``."""
    section: str
    """Where it stands in a file: ``metric_filters``."""
    order: int
    """Things of lower kinds are made first and deleted last."""
    fields: tuple[Field, ...]
    there: Callable[[Context], Mapping[Key, Body]]
    """Everything of this kind that the caller may see."""
    put: Callable[[Context, Key, Body, Body | None], object]
    """Make it, or change it from what it was."""
    delete: Callable[[Context, Key], object]
    grouped: bool = False
    """Whether it belongs to something, whose name is the first part of its key."""
    within: str = "group"
    """What that is: a log ``group`` or a ``topic``."""
    named: Callable[[Mapping[str, Any]], str] | None = None
    """Its name, for what people give none."""
    normal: Callable[[Context, Body], Body] = field(default=lambda context, body: body)
    """The body with other spellings of the same made one."""

    def field(self, name: str) -> Field | None:
        """A field by name."""
        return next((one for one in self.fields if one.name == name), None)


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Add a kind."""
    if kind.section in _KINDS:
        raise ValueError(f"kind {kind.section!r} is registered twice")
    _KINDS[kind.section] = kind
    return kind


@cache
def _load() -> None:
    package = importlib.import_module("logq.declared.kinds")
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def kinds() -> Mapping[str, Kind]:
    """Every kind by its section, in the order in which things are made."""
    _load()
    return dict(sorted(_KINDS.items(), key=lambda pair: (pair[1].order, pair[0])))


def canonical(value: Any) -> str | None:
    """JSON, given as text or as an object, in one spelling; text that is no JSON as it is."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
