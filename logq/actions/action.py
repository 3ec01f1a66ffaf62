"""An action and the registry of all actions."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from logq.actions.context import Context
from logq.audit.call import Access, Call
from logq.errors import LogQError, UnknownLogGroup

P = ParamSpec("P")
R = TypeVar("R")

_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


@dataclass(frozen=True, slots=True)
class Action:
    """Something a caller may ask for."""

    name: str
    """As in policies: ``logs:CreateLogGroup``."""
    access: Access
    summary: str
    run: Callable[..., Any]


_ACTIONS: dict[str, Action] = {}


def action(
    name: str, access: Access, *, hide: tuple[str, ...] = ()
) -> Callable[[Callable[Concatenate[Context, P], R]], Callable[Concatenate[Context, P], R]]:
    """Register a function as an action; each of its calls is audited.

    Its plain arguments are recorded, except those in ``hide`` and those that hold many values.
    """

    def register(
        function: Callable[Concatenate[Context, P], R],
    ) -> Callable[Concatenate[Context, P], R]:
        if name in _ACTIONS:
            raise ValueError(f"action {name!r} is registered twice")
        signature = inspect.signature(function)

        @wraps(function)
        def audited(context: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
            mine = replace(context, checked=[])
            given = signature.bind(mine, *args, **kwargs).arguments
            request = _plain(dict(list(given.items())[1:]), hide)
            try:
                result = function(mine, *args, **kwargs)
            except LogQError as error:
                if isinstance(error, UnknownLogGroup) and mine.caller.kind != "administrator":
                    error.hint = None  # it names log groups that the caller may not know of
                context.recorder.record(_call(name, access, mine, request, error))
                raise
            except Exception:
                call = _call(name, access, mine, request, None)
                context.recorder.record(replace(call, error="InternalFailure"))
                raise
            context.recorder.record(_call(name, access, mine, request, None))
            return result

        summary = (inspect.getdoc(function) or "").splitlines()[0]
        _ACTIONS[name] = Action(name, access, summary, audited)
        return audited

    return register


@cache
def _load() -> None:
    package = importlib.import_module("logq.actions")
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def actions() -> Mapping[str, Action]:
    """Every action by name."""
    _load()
    return _ACTIONS


def _call(
    name: str,
    access: Access,
    context: Context,
    request: Mapping[str, Any],
    error: LogQError | None,
) -> Call:
    return Call(
        name,
        access,
        context.caller.name,
        context.caller.kind,
        context.caller.key_id,
        context.origin.request_id,
        context.origin.source_ip,
        context.origin.user_agent,
        context.logq.clock(),
        request,
        tuple(dict.fromkeys(context.checked)),
        error.code if error else None,
        error.message if error else None,
    )


def _plain(arguments: Mapping[str, Any], hide: tuple[str, ...]) -> dict[str, Any]:
    """The arguments that may be recorded, in the spelling of CloudTrail."""
    request: dict[str, Any] = {}
    for name, value in arguments.items():
        spelled = re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
        if name in hide:
            request[spelled] = _HIDDEN
        elif isinstance(value, str | int | float | bool):
            request[spelled] = value
        elif isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
            request[spelled] = list(value)
    return request
