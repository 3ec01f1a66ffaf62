"""A function of metric math and the registry of all."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from logq.errors import UnknownFunction, WrongArguments
from logq.metrics.math.values import Environment, Option, Series, Value, kind_of

Argument = Value | str
Run = Callable[..., Value]

KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "series": ((Series,), "a time series"),
    "array": ((tuple,), "an array of time series"),
    "each": ((Series, tuple), "a time series or an array of them"),
    "some": ((Series, tuple), "a time series or an array of them"),
    "number": ((float, int), "a number"),
    "text": ((str,), "a quoted text"),
    "word": ((Option,), "one of its options, in capitals"),
    "value": ((Series, float, int), "a time series or a number"),
    "any": ((Series, tuple, float, int), "a time series, an array or a number"),
    "filler": ((Series, float, int, Option), "a number, a time series, REPEAT or LINEAR"),
}
"""What a parameter takes. Of ``each``, the function gets one series after the other."""


@dataclass(frozen=True, slots=True)
class Example:
    """An expression over ``m`` and ``n``, by the minute; None is a missing point."""

    expression: str
    result: Sequence[float | None]
    m: Sequence[float | None] = (1.0, None, 3.0)
    n: Sequence[float | None] = (10.0, 20.0, None)


@dataclass(frozen=True, slots=True)
class Function:
    """What is known of one function."""

    name: str
    parameters: tuple[tuple[str, str, bool], ...]
    """Name, kind and whether it may be left out."""
    summary: str
    examples: tuple[Example, ...]
    run: Run

    @property
    def signature(self) -> str:
        """How it is written: ``FILL(m, filler)``."""
        parts = []
        for at, (name, _, optional) in enumerate(self.parameters):
            part = (", " if at else "") + name
            parts.append(f"[{part}]" if optional else part)
        return f"{self.name}({''.join(parts)})"

    def call(self, environment: Environment, arguments: Sequence[Argument]) -> Value:
        """The result; the arguments have been checked."""
        kinds = [kind for _, kind, _ in self.parameters]
        if "each" in kinds and isinstance(arguments[0], tuple):
            rest = arguments[1:]
            return tuple(self._series(environment, each, rest) for each in arguments[0])
        return self.run(environment, *arguments)

    def _series(self, environment: Environment, series: Series, rest: Sequence[Argument]) -> Series:
        found = self.run(environment, series, *rest)
        assert isinstance(found, Series)
        return found

    def check_count(self, count: int) -> None:
        """Raise WrongArguments unless it can take so many arguments."""
        least = sum(not optional for *_, optional in self.parameters)
        if not least <= count <= len(self.parameters):
            raise WrongArguments(
                f"{self.name} does not take {count} arguments", hint=f"write {self.signature}"
            )

    def check(self, at: int, argument: Argument) -> None:
        """Raise WrongArguments unless the argument is of the right kind."""
        name, kind, _ = self.parameters[at]
        types, words = KINDS[kind]
        option = isinstance(argument, Option) and Option not in types
        if option or not isinstance(argument, types):
            raise WrongArguments(
                f"{self.name} takes {words} as {name}, not {kind_of(argument)}",
                hint=f"write {self.signature}",
            )


_FUNCTIONS: dict[str, Function] = {}


def function(name: str, parameters: str, *examples: Example) -> Callable[[Run], Run]:
    """Register a function.

    ``parameters`` lists kinds, blank-separated, with ``?`` behind those of optional ones; the
    names come from the Python function, which gets the environment first.
    """

    def register(run: Run) -> Run:
        names = list(inspect.signature(run).parameters)[1:]
        kinds = parameters.split()
        described = tuple(
            (title, kind.rstrip("?"), kind.endswith("?"))
            for title, kind in zip(names, kinds, strict=True)
        )
        summary = (inspect.getdoc(run) or "").splitlines()[0]
        _FUNCTIONS[name] = Function(name, described, summary, examples, run)
        return run

    return register


@cache
def _load() -> None:
    package = importlib.import_module("logq.metrics.math.functions")
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def functions() -> Mapping[str, Function]:
    """Every function by name."""
    _load()
    return dict(sorted(_FUNCTIONS.items()))


def find(name: str) -> Function:
    """The function of this name; raises UnknownFunction with what may be meant."""
    known: Mapping[str, Any] = functions()
    if name in known:
        return _FUNCTIONS[name]
    close = difflib.get_close_matches(name.upper(), known, n=1)
    hint = f"did you mean {close[0]}?" if close else "'logq help metric-math' lists them"
    raise UnknownFunction(f"there is no function {name}", hint=hint)
