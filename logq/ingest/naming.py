"""From places in documents to named fields with columns.

Two places can have one name: ``{"a": {"b": 1}, "a.b": 2}``. The nested value wins where it is
there, and the field says in which order a reader must look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.parts import ARROW_TYPES, Keys, Leaf, unify
from logq.model import Field, Kind, pointer

MAX_COLUMNS = 512
"""Fields of a batch that get a column; the rarest others are read from the document."""
MAX_FIELDS = 4096
"""More fields than that, and objects that are used as maps are kept as one field each."""
MAP_KEYS = 256
"""An object that is given more keys than that, over many events, is used as a map."""
MAX_NAME = 512
"""Longer names get no column."""

Columns = dict[str, tuple[Field, pa.Array | None]]


def dotted(keys: Keys) -> str:
    """The name that a query gives the value at ``keys``."""
    path = ".".join(keys)
    return "@" + path if path.startswith("@") else path


def exact_pointer(keys: Keys) -> str:
    """The JSON pointer to the value at ``keys``."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


def name_fields(leaves: Mapping[Keys, Leaf], reserved: Iterable[str] = ()) -> Columns:
    """Every field with its column, in order of discovery; ``reserved`` are taken column names."""
    named: dict[str, list[tuple[Keys, Leaf]]] = {}
    for keys, leaf in _whole(_without_maps(leaves)).items():
        named.setdefault(dotted(keys), []).append((keys, leaf))
    fields = {path: _field(path, places) for path, places in named.items()}
    return _with_columns(fields, reserved)


def _without_maps(leaves: Mapping[Keys, Leaf]) -> Mapping[Keys, Leaf]:
    """The leaves, if they are too many with those inside of maps replaced by the maps.

    A field below one is then read from the document, like one below a list.
    """
    if len(leaves) <= MAX_FIELDS:
        return leaves
    children: dict[Keys, set[str]] = {}
    for keys in leaves:
        for end in range(1, len(keys)):
            children.setdefault(keys[:end], set()).add(keys[end])
    maps = {keys for keys, below in children.items() if len(below) > MAP_KEYS}
    kept: dict[Keys, Leaf] = {}
    for keys, leaf in leaves.items():
        place = next((keys[:end] for end in range(1, len(keys)) if keys[:end] in maps), keys)
        if place == keys and place not in maps:
            kept[keys] = leaf
        else:
            before = kept.get(place)
            kept[place] = Leaf(Kind.DOC, max(leaf.count, before.count if before else 0))
    return kept


def _whole(leaves: Mapping[Keys, Leaf]) -> dict[Keys, Leaf]:
    """The leaves; one whose column would not hold all values of its place becomes a ``DOC``."""
    inner = {keys[:end] for keys in leaves for end in range(1, len(keys))}
    containers = {
        dotted(keys) for keys, leaf in leaves.items() if leaf.kind in (Kind.LIST, Kind.DOC)
    }
    whole = {}
    for keys, leaf in leaves.items():
        if leaf.kind is not Kind.DOC and (keys in inner or _may_be_inside(keys, containers)):
            leaf = Leaf(Kind.DOC, leaf.count)
        whole[keys] = leaf
    return whole


def _may_be_inside(keys: Keys, containers: set[str]) -> bool:
    """Whether another event may hold a value of the same name inside a list or mixed value."""
    if not containers:
        return False
    path = dotted(keys)
    segments = path.split(".")
    nested = len(segments) == len(keys)
    for end in range(1, len(segments)):
        if ".".join(segments[:end]) in containers and (not nested or segments[end].isdigit()):
            return True
    return False


def _field(path: str, places: list[tuple[Keys, Leaf]]) -> tuple[Field, pa.Array | None]:
    places.sort(key=lambda place: (-len(place[0]), place[0]))
    plain = pointer(path)
    pointers = [exact_pointer(keys) for keys, _ in places]
    if pointers == [plain]:
        pointers = []
    elif plain not in pointers:
        pointers.insert(0, plain)
    leaves = unify([leaf for _, leaf in places])
    first = leaves[0]
    if first.kind not in ARROW_TYPES:
        count = max(leaf.count for leaf in leaves)
        return Field(path, first.kind, None, count, tuple(pointers)), None
    values = first.values
    if len(leaves) > 1:
        values = pc.coalesce(*(leaf.values for leaf in leaves))
    assert values is not None
    count = len(values) - values.null_count
    return Field(path, first.kind, path, count, tuple(pointers)), values


def _with_columns(
    fields: dict[str, tuple[Field, pa.Array | None]], reserved: Iterable[str]
) -> Columns:
    wanted = [f for f, _ in fields.values() if f.column is not None and _can_be_column(f.path)]
    wanted.sort(key=lambda f: -f.count)
    chosen = {f.path for f in wanted[:MAX_COLUMNS]}
    taken = {name.lower() for name in reserved}
    columns: Columns = {}
    for path, (field, values) in fields.items():
        if path in chosen:
            column = free_column(path, taken)
            columns[path] = (
                Field(path, field.kind, column, field.count, field.pointers),
                values,
            )
        else:
            kind = field.kind if field.column is None else Kind.DOC
            columns[path] = (Field(path, kind, None, field.count, field.pointers), None)
    return columns


def free_column(path: str, taken: set[str]) -> str:
    """A column name for ``path`` that differs from all ``taken`` in more than letter case."""
    column, number = path, 1
    while column.lower() in taken:
        number += 1
        column = f"{path}~{number}"
    taken.add(column.lower())
    return column


def _can_be_column(path: str) -> bool:
    return 0 < len(path) <= MAX_NAME and "\0" not in path
