"""How the typer applications of all commands are made."""

from __future__ import annotations

from typing import Any

import typer


def command_app(help: str | None = None) -> typer.Typer:
    """An application for one command, or with ``help`` for a group of them."""
    # Plain help: rich takes [words in brackets] for markup and costs 40 ms.
    named: dict[str, Any] = {} if help is None else {"help": help, "no_args_is_help": True}
    return typer.Typer(add_completion=False, rich_markup_mode=None, **named)
