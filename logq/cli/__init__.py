"""The command line: it parses, calls, renders, and does nothing else."""

from __future__ import annotations

from logq import __version__


def version() -> str:
    """What ``logq --version`` prints."""
    return f"logq {__version__}"
