"""The command line: it parses, calls, renders, and does nothing else.

``logq.cli.app`` is the typer application of all commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logq import __version__

if TYPE_CHECKING:
    import typer

    app: typer.Typer


def version() -> str:
    """What ``logq --version`` prints."""
    return f"logq {__version__}"


def __getattr__(name: str) -> object:
    """``app``, built when it is asked for: ``logq --version`` does without typer."""
    if name == "app":
        from logq.cli import main

        return main.app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
