"""A function of the language and the registry of all functions and aggregates.

One function is one entry in ``functions/<area>.py``: its parameters, what it returns, a sentence,
examples that are its tests, and the SQL it becomes. Only registered functions reach DuckDB.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from logq.errors import UnknownFunction
from logq.query.build import Sql
from logq.query.value import Type, Value

Build: TypeAlias = Callable[..., Sql | Value]
Constant: TypeAlias = str | int | float | bool | None

KINDS = frozenset({"any", "text", "number", "time", "truth", "period", "constant", "any_or_star"})
"""What a parameter takes: a typed value, or one converted to SQL text, number, timestamp or truth;
a period literal (nodes.Duration), a constant's Python value, or a value or ``*`` (None)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function."""

    name: str
    kind: str
    optional: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """An expression (for an aggregate: over the rows of ``values``) and its result."""

    expression: str
    result: Any
    values: tuple[Any, ...] = ()
    """For aggregates: the values of the field ``x``, one event each, one second apart."""


@dataclass(frozen=True, slots=True)
class Function:
    """What the language knows of one function."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: Type | None
    """None: the build function decides and returns a ``Value``."""
    summary: str
    examples: tuple[Example, ...]
    build: Build
    area: str
    aliases: tuple[str, ...] = ()
    aggregate: bool = False
    key: bool = False
    """An aggregate that is a function of one row where it stands as a key of stats."""
    additive: bool = False
    """An aggregate whose values for parts of the rows add up to that for all of them."""
    window: bool = False
    """An aggregate that stands only in window: it tells of a row's place among the others."""
    context: bool = False
    """The build function takes the ``Environment`` first."""
    beyond: tuple[str, ...] = ()
    """Those of its names that CloudWatch Logs Insights does not have."""

    @property
    def counts(self) -> bool:
        """Whether this is an aggregate that is 0 where there are no rows."""
        return self.aggregate and self.returns is Type.INTEGER

    @property
    def signature(self) -> str:
        """How it is written: ``substr(s, start [, length])``."""
        parts = []
        for index, p in enumerate(self.parameters):
            comma = ", " if index else ""
            dots = ", ..." if p.repeated else ""
            part = f"{comma}{p.name}{dots}"
            parts.append(f" [{part}]" if p.optional else part)
        return f"{self.name}({''.join(parts).strip()})"

    @property
    def least(self) -> int:
        """The least number of arguments."""
        return sum(not p.optional for p in self.parameters)

    @property
    def most(self) -> int | None:
        """The greatest number of arguments, None without limit."""
        return None if any(p.repeated for p in self.parameters) else len(self.parameters)

    def parameter(self, index: int) -> Parameter:
        """The parameter that takes the argument at ``index``."""
        return self.parameters[min(index, len(self.parameters) - 1)]


_FUNCTIONS: dict[str, Function] = {}


def canonical(name: str) -> str:
    """Function names are compared in lower case and without underscores."""
    return name.lower().replace("_", "")


def function(
    name: str,
    parameters: str,
    returns: Type | None,
    *examples: Example,
    aliases: tuple[str, ...] = (),
    aggregate: bool = False,
    key: bool = False,
    additive: bool = False,
    window: bool = False,
    context: bool = False,
    beyond: tuple[str, ...] = (),
) -> Callable[[Build], Build]:
    """Register a function.

    ``parameters`` lists kinds, blank-separated: ``text number? any*`` (``?`` optional, ``*``
    repeated); the names come from the Python function.
    """

    def register(build: Build) -> Build:
        names = list(inspect.signature(build).parameters)[1 if context else 0 :]
        kinds = parameters.split()
        if len(names) != len(kinds) or any(k.rstrip("?*") not in KINDS for k in kinds):
            raise ValueError(f"function {name!r}: {names} do not fit {kinds}")
        entry = Function(
            name=name,
            parameters=tuple(
                Parameter(n, k.rstrip("?*"), "?" in k, "*" in k)
                for n, k in zip(names, kinds, strict=True)
            ),
            returns=returns,
            summary=inspect.getdoc(build) or "",
            examples=examples,
            build=build,
            area=build.__module__.rpartition(".")[2],
            aliases=aliases,
            aggregate=aggregate,
            key=key,
            additive=additive,
            window=window,
            context=context,
            beyond=beyond,
        )
        for spelling in (name, *aliases):
            if canonical(spelling) in _FUNCTIONS:
                raise ValueError(f"function {spelling!r} is registered twice")
            _FUNCTIONS[canonical(spelling)] = entry
        return build

    return register


@cache
def _load() -> None:
    package = importlib.import_module("logq.query.functions")
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def functions() -> tuple[Function, ...]:
    """Every function and aggregate, by area and name."""
    _load()
    unique = {f.name: f for f in _FUNCTIONS.values()}
    return tuple(sorted(unique.values(), key=lambda f: (f.area, f.name.lower())))


@cache
def names_beyond() -> frozenset[str]:
    """Canonical names that CloudWatch Logs Insights does not have."""
    return frozenset(canonical(name) for entry in functions() for name in entry.beyond)


def find(name: str) -> Function:
    """The function of this name; raises UnknownFunction with a did-you-mean."""
    _load()
    key = canonical(name)
    if key in _FUNCTIONS:
        return _FUNCTIONS[key]
    close = difflib.get_close_matches(key, _FUNCTIONS, n=1, cutoff=0.7)
    hint = f"did you mean '{_FUNCTIONS[close[0]].name}'?" if close else None
    raise UnknownFunction(
        f"there is no function '{name}'", hint=hint or "'logq help functions' lists them"
    )
