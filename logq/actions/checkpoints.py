"""How far a caller's own sources have been read; nobody sees another caller's checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.errors import InvalidValue
from logq.model import Checkpoint

MOST_CHARACTERS = 65_536
_LONGEST_KEY = 4_096


def owned(context: Context, checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint in the caller's own part; raises InvalidValue for one that is too long."""
    if len(checkpoint.key) > _LONGEST_KEY or len(checkpoint.value) > MOST_CHARACTERS:
        raise InvalidValue(
            f"a checkpoint's key has at most {_LONGEST_KEY:,} characters "
            f"and its value at most {MOST_CHARACTERS:,}"
        )
    return replace(checkpoint, owner=owner_of(context, checkpoint.owner))


def owner_of(context: Context, owner: str) -> str:
    """The name under which storage keeps an owner's checkpoints for this caller."""
    if not 0 < len(owner) <= 200:
        raise InvalidValue("the owner of a checkpoint has 1 to 200 characters")
    return f"remote\n{context.caller.kind}\n{context.caller.name}\n{owner}"


@action("logq:ListCheckpoints", Access.DATA_READ)
def list_checkpoints(context: Context, owner: str) -> Mapping[str, str]:
    """The caller's checkpoints of an owner, by key."""
    return context.logq.storage.checkpoints.list(owner_of(context, owner))


@action("logq:PutCheckpoint", Access.DATA_WRITE, hide=("checkpoint",))
def put_checkpoint(context: Context, checkpoint: Checkpoint) -> None:
    """Move a checkpoint without events; raises CheckpointConflict and InvalidValue."""
    context.logq.storage.checkpoints.set(owned(context, checkpoint))


@action("logq:DeleteCheckpoint", Access.DATA_WRITE)
def delete_checkpoint(context: Context, owner: str, key: str) -> None:
    """Forget a checkpoint of the caller's; nothing happens if there is none."""
    context.logq.storage.checkpoints.delete(owner_of(context, owner), key)
