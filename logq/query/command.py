"""A command of the language and the registry of all commands.

One command is one file in ``commands/``: a frozen dataclass whose name in the language comes from
its grammar rule (``dedup_command`` builds the class registered as ``dedup``).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from logq.errors import Span

if TYPE_CHECKING:
    from logq.query.compiler import Step
    from logq.query.expressions import Expressions, Node
    from logq.query.nodes import Expr, Item


@dataclass(frozen=True)
class Command:
    """One part of a query between two bars."""

    name: ClassVar[str]
    syntax: ClassVar[str]
    """How it is written, for the help."""
    examples: ClassVar[tuple[str, ...]]
    """Whole queries that use it; each is compiled by the tests."""
    beyond: ClassVar[bool] = False
    """Whether CloudWatch Logs Insights does not have it."""

    span: Span | None = field(compare=False)

    @property
    def keeps_rows(self) -> bool:
        """Whether every row that goes in comes out, made of nothing but itself."""
        return False

    @property
    def filters(self) -> bool:
        """Whether it only leaves rows out, each for what it is itself."""
        return False

    def conditions(self) -> tuple[Expr, ...]:
        """What every row that comes out must meet."""
        return ()

    def texts(self) -> tuple[str, ...]:
        """Texts that are in the ``@message`` of every row that comes out."""
        return ()

    def name_before(self, name: str) -> str | None:
        """What a field behind this command was called before it.

        Rows that a filter on it drops later may then be dropped before this command as well: the
        other rows come out the same. None, the safe answer, if not, or if the field is new.
        """
        return None

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        """The values of a new one from its tree; raises QueryError."""
        return {}

    def apply(self, step: Step) -> Step:
        """The step after this command; raises QueryError."""
        raise NotImplementedError


def unless(name: str, made: Iterable[str]) -> str | None:
    """The name, None if it is one of these or lies below one."""
    return None if any(name == one or name.startswith(one + ".") for one in made) else name


def behind_items(name: str, items: Sequence[Item]) -> str | None:
    """What a name was called before expressions got names; None if it is the name of another."""
    from logq.query.nodes import Field

    for item in reversed(items):
        if unless(name, [item.name]) is None and not (
            isinstance(item.expr, Field) and item.alias is None
        ):
            if name != item.name or not isinstance(item.expr, Field):
                return None
            name = item.expr.name
    return name


def behind_keys(name: str, keys: Sequence[Item]) -> str | None:
    """What a key was called before rows were put into groups; None if it is no field."""
    from logq.query.nodes import Field

    for key in keys:
        if name == key.name:
            return key.expr.name if isinstance(key.expr, Field) else None
    return None


_COMMANDS: dict[str, type[Command]] = {}

C = TypeVar("C", bound=type[Command])


def command(name: str) -> Callable[[C], C]:
    """Register a command class under its name in the grammar (the rule without ``_command``)."""

    def register(cls: C) -> C:
        if name in _COMMANDS:
            raise ValueError(f"command {name!r} is registered twice")
        cls.name = name
        _COMMANDS[name] = cls
        return cls

    return register


@cache
def _load() -> None:
    package = importlib.import_module("logq.query.commands")
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def commands() -> dict[str, type[Command]]:
    """Every command that can run, by name."""
    _load()
    return _COMMANDS
