"""What the access engine needs of whoever keeps its definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from logq.model import Definition


class Definitions(Protocol):
    """Named JSON objects by kind."""

    def put(
        self, kind: str, name: str, body: Mapping[str, Any], *, expected: int | None = None
    ) -> Definition: ...

    def get(self, kind: str, name: str) -> Definition | None: ...

    def list(self, kind: str, *, prefix: str = "") -> tuple[Definition, ...]: ...

    def delete(self, kind: str, name: str) -> bool: ...
