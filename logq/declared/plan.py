"""What would have to change for everything to be as it is declared."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from logq.actions.context import Context
from logq.declared.kind import Body, Key, Kind, kinds
from logq.declared.resource import Wanted
from logq.errors import InvalidValue, LogQError
from logq.model import Operation

UNCHANGED = "unchanged"
LEFT = "left"
"""Declared by an earlier version of the files, and not deleted without ``--prune``."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is not as it is declared."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done about one thing."""

    operation: str
    """``create``, ``update``, ``delete``, ``unchanged`` or ``left``."""
    kind: Kind
    key: Key
    at: str
    """Where it is declared; empty if it is not."""
    before: Body | None
    after: Body | None
    differences: tuple[Difference, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return self.operation not in (UNCHANGED, LEFT)


def steps(
    context: Context, declared: Sequence[Wanted], managed: Sequence[tuple[str, Key]], prune: bool
) -> list[Step]:
    """What to do, in the order in which it is done; raises InvalidValue.

    ``managed`` are the sections and keys that earlier files declared.
    """
    by_kind: dict[str, dict[Key, Wanted]] = {}
    for each in declared:
        known = by_kind.setdefault(each.kind.section, {})
        if each.key in known:
            raise InvalidValue(
                f"{each.at}: the {each.kind.name} {' '.join(each.key)} is declared twice",
                hint=f"it is declared at {known[each.key].at} as well",
            )
        known[each.key] = each
    found: list[Step] = []
    gone: list[Step] = []
    for section, kind in kinds().items():
        mine = [key for name, key in managed if name == section]
        wanted = by_kind.get(section, {})
        if not wanted and not mine:
            continue
        there = kind.there(context)
        found += [_step(context, one, there.get(one.key)) for one in wanted.values()]
        for key in mine:
            if key not in wanted and key in there:
                operation = Operation.DELETE.value if prune else LEFT
                gone.append(Step(operation, kind, key, "", there[key], None))
    return found + gone[::-1]


def _step(context: Context, wanted: Wanted, before: Body | None) -> Step:
    try:
        after = wanted.kind.normal(context, wanted.body)
    except LogQError as error:
        error.message = f"{wanted.at}: {error.message}"
        raise
    step = Step(UNCHANGED, wanted.kind, wanted.key, wanted.at, before, after)
    if before is None:
        first = tuple(_differences({}, _given(wanted.kind, after)))
        return replace(step, operation=Operation.CREATE.value, differences=first)
    differences = tuple(_differences(before, after))
    if not differences:
        return step
    return replace(step, operation=Operation.UPDATE.value, differences=differences)


def _given(kind: Kind, body: Body) -> Body:
    """The fields that are not what they would be by themselves."""
    default = {one.name: one.default for one in kind.fields}
    return {name: value for name, value in body.items() if value != default.get(name)}


def _differences(before: Body, after: Body, path: str = "") -> Iterator[Difference]:
    for name in [*after, *(name for name in before if name not in after)]:
        old, new = before.get(name), after.get(name)
        where = f"{path}.{name}" if path else name
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(old, new, where)
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for at, (one, other) in enumerate(zip(old, new, strict=True)):
                for each in _differences({"": one}, {"": other}):
                    inside = "." if each.field and not each.field.startswith("[") else ""
                    yield replace(each, field=f"{where}[{at}]{inside}{each.field}")
        elif old != new or type(old) is not type(new):
            yield Difference(where, _masked(old), _masked(new))


def _masked(value: Any) -> Any:
    """Web addresses are secrets: they are shown in part."""
    from logq.notify.secrets import shown

    if isinstance(value, str):
        return shown(value) if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value) else value
    if isinstance(value, Mapping):
        return {name: _masked(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    return value


def digest(planned: Sequence[Step]) -> str:
    """Another text for every other plan."""
    text = json.dumps(
        [(s.operation, s.kind.section, s.key, s.before, s.after) for s in planned if s.changes],
        sort_keys=True,
    )
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]
