"""What the shell completes besides options: log groups and output formats."""

from __future__ import annotations

import typer

from logq import renderer


def groups(context: typer.Context, incomplete: str) -> list[str]:
    """The log groups whose names begin like this; none where there is no data directory."""
    from logq.cli.session import Session

    session = Session()
    session.data = context.find_root().params.get("data")
    try:
        with session.open() as logq:
            found = logq.storage.groups.list(f"{incomplete}*")
    except Exception:  # a shell that completes must never see a fault
        return []
    return [group.name for group in found]


def formats(incomplete: str) -> list[str]:
    """The output formats whose names begin like this."""
    return [name for name in renderer.names() if name.startswith(incomplete)]
