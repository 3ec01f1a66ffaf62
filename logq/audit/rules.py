"""What is recorded, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from logq.audit.call import Access, Call


class Care(Enum):
    """How a call is recorded."""

    NONE = auto()
    SOON = auto()
    """Within a second, together with others."""
    DURABLE = auto()
    """Before its answer goes out."""
    DENIED = auto()
    """As durable, unless there are too many."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings leave open; management writes and refusals are always recorded."""

    data_reads: bool = True
    every_management_read: int = 1
    """Every how manieth; 0: none."""
    data_writes: bool = False


REFUSALS = frozenset({"AccessDenied", "Unauthenticated", "Throttled"})


def care(call: Call, rules: Rules, reads: int) -> Care:
    """How to record a call; ``reads`` is how many management reads there were before."""
    if call.error in REFUSALS or (call.error is not None and call.caller_kind == "anonymous"):
        return Care.DENIED
    match call.access:
        case Access.MANAGEMENT_WRITE:
            return Care.DURABLE
        case Access.DATA_READ:
            wanted = rules.data_reads
        case Access.MANAGEMENT_READ:
            every = rules.every_management_read
            wanted = every > 0 and reads % every == 0
        case Access.DATA_WRITE:
            wanted = rules.data_writes
    return Care.SOON if wanted else Care.NONE
