"""The storage engine: immutable Parquet segments under one small transactional catalog."""

from __future__ import annotations

from logq.storage.doctor import examine
from logq.storage.storage import Storage

__all__ = ["Storage", "examine"]
