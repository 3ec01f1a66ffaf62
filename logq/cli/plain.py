"""Plain conversion of option values.

typer 0.29 converts every value with pydantic, even text to text, and importing that takes 80 ms of
a program that should answer in 150. Texts, flags and whole numbers need none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import typer.core
from typer import BadParameter
from typer._coercion import RuntimeParam, TypeDescriptor, build_runtime_param

_TRUE = ("1", "true", "t", "yes", "y", "on")
_FALSE = ("0", "false", "f", "no", "n", "off", "")


@dataclass(frozen=True)
class Plain(RuntimeParam):
    """Converts to text, a list of texts, a flag or a whole number."""

    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        if self.annotation is int:
            return self._whole(value, param, ctx)
        if self.annotation is bool:
            return self._flag(value, param, ctx)
        return value if self.annotation is str else list(value)

    def _whole(self, value: Any, param: Any, ctx: Any) -> int:
        try:
            number = int(value)
        except ValueError:
            raise BadParameter(f"{value!r} is not a whole number", ctx, param) from None
        least = self.parameter_info.min
        if least is not None and number < least:
            raise BadParameter(f"{number} is less than {least:g}", ctx, param)
        return number

    def _flag(self, value: Any, param: Any, ctx: Any) -> bool:
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word not in _TRUE + _FALSE:
            raise BadParameter(f"{value!r} is neither true nor false", ctx, param)
        return word in _TRUE


def runtime_param(descriptor: TypeDescriptor) -> RuntimeParam:
    """The conversion of a parameter: plain where that is enough, else typer's own."""
    if descriptor.annotation in (str, int, bool, list[str]):
        return Plain(descriptor.parameter_info, descriptor.annotation)
    return build_runtime_param(descriptor)


def install() -> None:
    """Let typer use ``runtime_param``; pyproject.toml holds typer to the version that asks it."""
    typer.core.build_runtime_param = runtime_param  # type: ignore[attr-defined]  # not exported
