"""Take a damaged segment out of every answer, and keep its bytes."""

from __future__ import annotations

import contextlib

from logq.failpoints import reach
from logq.storage.catalog import Catalog
from logq.storage.disk import Directory, is_damage, sha256


def is_intact(catalog: Catalog, directory: Directory, segment_id: str) -> bool:
    """Whether the file of a segment has the bytes that were written; True if it is not listed."""
    with catalog.read() as connection:
        row = connection.execute(
            "SELECT group_id, day, sha256 FROM segments WHERE id = ?", (segment_id,)
        ).fetchone()
    if row is None:
        return True
    group_id, day, digest = row
    try:
        found = sha256(directory.segment(group_id, day, segment_id))
    except OSError as error:
        return not is_damage(error)
    return found == str(digest)


def put(catalog: Catalog, directory: Directory, segment_id: str, reason: str) -> bool:
    """Mark a segment as damaged and move its files; False if it is not listed (any more).

    The catalog comes first: a file that could not be moved is out of the answers all the same.
    """
    with catalog.write() as connection:
        row = connection.execute(
            "SELECT group_id, day, damage FROM segments WHERE id = ?", (segment_id,)
        ).fetchone()
        if row is None:
            return False
        group_id, day, damage = row
        if damage is None:
            connection.execute("UPDATE segments SET damage = ? WHERE id = ?", (reason, segment_id))
    reach("quarantine.after-commit")
    for path in (
        directory.segment(group_id, day, segment_id),
        directory.grams(group_id, day, segment_id),
    ):
        with contextlib.suppress(OSError):
            path.rename(directory.quarantine / path.name)
    return True
