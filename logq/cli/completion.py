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


def streams_of(context: typer.Context, incomplete: str) -> list[str]:
    """The streams of the log group named before, whose names begin like this."""
    from logq.cli.session import Session

    session = Session()
    session.data = context.find_root().params.get("data")
    try:
        with session.open() as logq:
            found = logq.storage.groups.streams(context.params["group"])
    except Exception:  # a shell that completes must never see a fault
        return []
    return [stream.name for stream in found if stream.name.startswith(incomplete)]


def key_ids(context: typer.Context, incomplete: str) -> list[str]:
    """The keys in force whose ids begin like this."""
    from logq.cli.session import Session

    session = Session()
    session.data = context.find_root().params.get("data")
    try:
        with session.open_here() as logq:
            found = logq.access.keys.list()
    except Exception:  # a shell that completes must never see a fault
        return []
    return [k.id for k in found if k.revoked is None and k.id.startswith(incomplete)]


def policies(context: typer.Context, incomplete: str) -> list[str]:
    """The policies whose names begin like this; the built-in ones where there is no directory."""
    from logq.access.builtin import BUILTIN
    from logq.cli.session import Session

    session = Session()
    session.data = context.find_root().params.get("data")
    try:
        with session.open_here() as logq:
            names = [policy.name for policy in logq.access.policies.list()]
    except Exception:  # a shell that completes must never see a fault
        names = list(BUILTIN)
    return [name for name in names if name.startswith(incomplete)]


def formats(incomplete: str) -> list[str]:
    """The output formats whose names begin like this."""
    return [name for name in renderer.names() if name.startswith(incomplete)]
