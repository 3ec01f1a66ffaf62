"""What the shell completes besides options: queries, log groups, output formats and the like."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from logq import renderer

if TYPE_CHECKING:
    from logq.cli.session import Session


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


def query_text(context: typer.Context, incomplete: str) -> list[str]:
    """What the query may go on with: commands, functions, words, and fields of the log groups."""
    from logq.cli.session import Session

    asked = context.find_root().params
    session = Session()
    session.data, session.server, session.token = (
        asked.get(name) for name in ("data", "server", "token")
    )
    groups = context.params.get("group") or ["*"]
    try:
        start, inserts = _continued(session, incomplete, groups)
    except Exception:  # a shell that completes must never see a fault
        return []
    return [incomplete[:start] + insert for insert in inserts]


def _continued(session: Session, text: str, groups: Sequence[str]) -> tuple[int, list[str]]:
    from logq.errors import LogQError
    from logq.query.completion import Known, KnownField, complete

    if session.server:
        from logq.client.server import Server

        server = Server(session.server, session.token)
        begun = {"query": text, "cursor": len(text), "groups": groups}
        answer = server.call("POST", "/complete", json=begun)
        return answer["start"], [item["insert"] for item in answer["items"]]
    names: list[str] = []
    fields: dict[str, KnownField] = {}
    with suppress(LogQError), session.open_here() as logq:
        names += logq.storage.groups.names()
        for piece in logq.storage.snapshot(groups).pieces:
            fields |= {path: KnownField(path) for path in piece.info.fields}
    found = complete(text, len(text), Known([*fields.values()], names))
    return found.start, [item.insert for item in found.items]


def formats(incomplete: str) -> list[str]:
    """The output formats whose names begin like this."""
    return [name for name in renderer.names() if name.startswith(incomplete)]
