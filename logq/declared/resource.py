"""What a file wants: things of some kind with all their fields, checked."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from logq.declared.document import Document, Path
from logq.declared.kind import Body, Field, Key, Kind, canonical, kinds
from logq.errors import InvalidDocument


@dataclass(frozen=True, slots=True)
class Wanted:
    """A thing that shall be there."""

    kind: Kind
    key: Key
    body: Body
    at: str
    """Where it is declared."""


def wanted(kind: Kind, document: Document, path: Path, given: Mapping[str, Any]) -> Wanted:
    """The thing that an object in a file describes; raises InvalidDocument."""
    fields = dict(given)
    name = fields.pop("name", None)
    if kind.named is not None:
        name = kind.named(fields)
    if not isinstance(name, str) or not name:
        raise document.fault(path, f"a {kind.name} has a name", 'name = "..."')
    key: Key = (name,)
    if kind.grouped:
        owner = fields.pop(kind.within, None)
        if not isinstance(owner, str) or not owner:
            what = "log group" if kind.within == "group" else kind.within
            raise document.fault(
                path, f"the {kind.name} {name} has a {what}", f'{kind.within} = "..."'
            )
        key = (owner, name)
    for field in fields:
        if kind.field(field) is None:
            raise _unknown(document, (*path, field), field, [one.name for one in kind.fields])
    body = {}
    for one in kind.fields:
        value = fields.get(one.name)
        if value is None:
            if one.needed:
                raise document.fault(path, f"the {kind.name} {name} has no {one.name}")
            body[one.name] = one.default
        else:
            body[one.name] = _checked(one, document, (*path, one.name), value)
    return Wanted(kind, key, body, document.at(path))


def own(document: Document) -> Iterator[Wanted]:
    """What a file of LogQ's own nouns wants; raises InvalidDocument."""
    known = kinds()
    for section, content in document.value.items():
        kind = known.get(section)
        if kind is None:
            raise _unknown(document, (section,), section, list(known))
        for path, given in _entries(document, section, content):
            yield wanted(kind, document, path, given)


def _entries(
    document: Document, section: str, content: Any
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """A list of objects with a name, or objects by name."""
    if isinstance(content, dict):
        pairs: Iterable[tuple[str | int, Any]] = content.items()
    elif isinstance(content, list):
        pairs = enumerate(content)
    else:
        raise document.fault((section,), "a section holds objects by name, or a list of them")
    for key, given in pairs:
        path: Path = (section, key)
        given = {} if given is None and isinstance(key, str) else given
        if not isinstance(given, dict):
            raise document.fault(path, "this must be an object")
        yield path, {"name": key, **given} if isinstance(key, str) else given


def _unknown(document: Document, path: Path, name: str, known: list[str]) -> InvalidDocument:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return document.fault(path, f"{name!r} is not known here", hint)


_TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "whole": (int,),
    "number": (int, float),
    "flag": (bool,),
    "texts": (list,),
    "map": (dict,),
    "list": (list,),
}
_SAID = {
    "text": "a text",
    "whole": "a whole number",
    "number": "a number",
    "flag": "true or false",
    "texts": "a list of texts",
    "map": "an object of texts",
    "list": "a list",
}


def _checked(field: Field, document: Document, path: Path, value: Any) -> Any:
    if field.type == "any":
        return value
    if field.type == "json":
        return canonical(value)
    right = isinstance(value, _TYPES[field.type])
    if isinstance(value, bool) and field.type != "flag":
        right = False
    if right and field.type == "texts":
        right = all(isinstance(one, str) for one in value)
    if right and field.type == "map":
        value = {name: one if isinstance(one, str) else _text(one) for name, one in value.items()}
        right = all(isinstance(one, str) for one in value.values())
    if not right:
        raise document.fault(path, f"{field.name} must be {_SAID[field.type]}")
    return float(value) if field.type == "number" else value


def _text(value: Any) -> Any:
    """Numbers and flags stand for their text where only text is possible."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value
