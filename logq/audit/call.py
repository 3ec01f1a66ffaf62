"""One call of an action, as whoever carried it out saw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Access(StrEnum):
    """What a call does to what is here; decides whether and how surely it is recorded."""

    MANAGEMENT_WRITE = "management-write"
    MANAGEMENT_READ = "management-read"
    DATA_WRITE = "data-write"
    DATA_READ = "data-read"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has ended."""

    action: str
    """As in policies: ``logs:CreateLogGroup``."""
    access: Access
    caller: str
    caller_kind: str
    key_id: str | None
    request_id: str
    source_ip: str
    user_agent: str
    at: int
    """When it ended, epoch milliseconds."""
    request: Mapping[str, Any]
    """Its plain parameters in lowerCamelCase; never messages or secrets."""
    resources: tuple[str, ...]
    """The ARNs that its permissions were checked on."""
    error: str | None = None
    """The code of the error it ended with."""
    error_message: str | None = None
