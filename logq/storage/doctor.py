"""Look at every file and every row of a data directory, and mend what can be mended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from logq.errors import CatalogMissing, LogQError
from logq.storage import garbage, groups, journal, opening, quarantine
from logq.storage.catalog import Catalog, CatalogDamaged
from logq.storage.disk import Directory, disk_errors, is_damage, sha256
from logq.storage.findings import Finding, Report

Progress = Callable[[int, int], None]
"""Called with how many segments have been checked and how many there are."""


def examine(
    path: Path, clock: Callable[[], int], repair: bool = False, progress: Progress | None = None
) -> Report:
    """Check a data directory, also one whose catalog is missing; ``repair`` rebuilds that first.

    Raises CatalogMissing without ``repair``.
    """
    rebuilt: tuple[Finding, ...] = ()
    if repair and _is_lost(path):
        from logq.storage.rebuild import rebuild

        rebuilt = rebuild(Directory(path.absolute()), clock())
    directory, catalog = opening.open_directory(path)
    try:
        with disk_errors("reading the data directory"):
            report = check(catalog, directory, repair, progress)
    finally:
        catalog.close()
    return replace(report, findings=rebuilt + report.findings)


def _is_lost(path: Path) -> bool:
    try:
        _, catalog = opening.open_directory(path)
    except (CatalogMissing, CatalogDamaged):
        return True
    try:
        return any(_catalog(catalog))
    except CatalogDamaged:
        return True
    finally:
        catalog.close()


def check(
    catalog: Catalog, directory: Directory, repair: bool, progress: Progress | None = None
) -> Report:
    """Check an open data directory; other processes may go on working."""
    findings = [*_catalog(catalog)]
    files = [*directory.groups.glob("*/dt=*/*")]  # before the list: what is new is announced
    with catalog.read() as connection:
        names = {row.id: row.name for row in groups.matching(connection)}
        listed = connection.execute(
            "SELECT id, group_id, day, rows, disk_bytes, sha256, grams_sha256, damage FROM segments"
            " ORDER BY group_id, day, id"
        ).fetchall()
        expected = {row[0] for row in connection.execute("SELECT path FROM garbage")}
    events = size = 0
    for number, (segment_id, group_id, day, rows, disk, digest, grams, damage) in enumerate(listed):
        path = directory.segment(group_id, day, segment_id)
        index = directory.grams(group_id, day, segment_id)
        expected |= {directory.relative(path), directory.relative(index)}
        about = f"segment {segment_id} of {names.get(group_id, group_id)}, {rows} events of {day}"
        events, size = events + rows, size + disk
        if damage is not None:
            findings.append(Finding("quarantined", f"{about}: {damage}"))
        elif finding := _segment(path, digest, rows, about):
            if _still_listed(catalog, segment_id):
                if repair:
                    quarantine.put(catalog, directory, segment_id, finding.text.split(": ", 1)[1])
                    finding = replace(finding, repair="in quarantine, answers say that it lacks")
                findings.append(finding)
        elif grams is not None and _digest(index) != grams and _still_listed(catalog, segment_id):
            findings.append(_index(catalog, index, segment_id, about, repair))
        if progress is not None:
            progress(number + 1, len(listed))
    checked, broken = _journal(catalog, directory, names, repair)
    findings += broken
    findings += _strangers(catalog, directory, files, expected, repair)
    findings += _leftovers(directory, repair)
    return Report(len(listed), events, size, checked, tuple(findings))


def _catalog(catalog: Catalog) -> Iterator[Finding]:
    with catalog.read() as connection:
        for (line,) in connection.execute("PRAGMA integrity_check(20)").fetchall():
            if line != "ok":
                yield Finding("catalog", line.replace("\n", " "))


def _digest(path: Path) -> str | None:
    try:
        return sha256(path)
    except OSError:
        return None


def _segment(path: Path, digest: str, rows: int, about: str) -> Finding | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if sha256(path) != digest:
            return Finding("damaged", f"{about}: its bytes have changed (SHA-256)")
        found = pq.read_metadata(path).num_rows
        if found != rows:
            return Finding("damaged", f"{about}: it holds {found} events")
    except FileNotFoundError:
        return Finding("missing", f"{about}: its file is missing")
    except (OSError, pa.ArrowException) as error:
        if not is_damage(error):
            raise
        return Finding("damaged", f"{about}: it cannot be read ({error})")
    return None


def _still_listed(catalog: Catalog, segment_id: str) -> bool:
    with catalog.read() as connection:
        query = "SELECT 1 FROM segments WHERE id = ?"
        return connection.execute(query, (segment_id,)).fetchone() is not None


def _index(catalog: Catalog, path: Path, segment_id: str, about: str, repair: bool) -> Finding:
    finding = Finding("index", f"{about}: its text index is missing or has changed")
    if not repair:
        return finding
    with catalog.write() as connection:
        connection.execute("UPDATE segments SET grams_sha256 = NULL WHERE id = ?", (segment_id,))
    path.unlink(missing_ok=True)
    return replace(finding, repair="dropped, 'logq compact' makes a new one")


def _journal(
    catalog: Catalog, directory: Directory, names: dict[int, str], repair: bool
) -> tuple[int, list[Finding]]:
    events = 0
    findings: list[Finding] = []
    for group_id, name in names.items():
        with catalog.read() as connection:
            stored = [
                (e, journal.data_of(connection, e)) for e in journal.entries(connection, group_id)
            ]
        for entry, data in stored:
            try:
                journal.decode(entry, data)
                events += entry.rows
            except LogQError as error:
                finding = Finding("journal", f"{error.message} (log group {name})")
                if repair:
                    place = directory.quarantine / f"journal-{entry.id}.arrows"
                    place.write_bytes(data)
                    with catalog.write() as connection:
                        journal.delete(connection, [entry.id])
                    finding = replace(finding, repair=f"its bytes are in {place}")
                findings.append(finding)
    return events, findings


def _strangers(
    catalog: Catalog, directory: Directory, files: list[Path], expected: set[str], repair: bool
) -> Iterator[Finding]:
    for path in files:
        if directory.relative(path) in expected or not path.exists():
            continue
        finding = Finding("orphan", f"{directory.relative(path)} is not in the catalog")
        if repair:
            with contextlib.suppress(OSError):
                if path.suffix == ".parquet" and not _is_covered(catalog, directory, path):
                    path.rename(directory.quarantine / path.name)
                    finding = replace(finding, repair="moved to quarantine, it may hold new events")
                else:
                    path.unlink()
                    finding = replace(finding, repair="deleted, the catalog has all its events")
        yield finding


def _is_covered(catalog: Catalog, directory: Directory, path: Path) -> bool:
    import pyarrow as pa

    from logq.storage.footers import uncovered

    group, day = path.parent.parent.name, path.parent.name.removeprefix("dt=")
    try:
        with catalog.read() as connection:
            listed = [
                directory.segment(int(group), day, row[0])
                for row in connection.execute(
                    "SELECT id FROM segments WHERE group_id = ? AND day = ? AND damage IS NULL",
                    (int(group), day),
                )
            ]
        return uncovered(path, listed) == 0
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return False


def _leftovers(directory: Directory, repair: bool) -> Iterator[Finding]:
    limit = time.time() - 3600
    old = [p for p in directory.tmp.iterdir() if p.stat().st_mtime < limit]
    if old:
        finding = Finding("leftover", f"{len(old)} unfinished files in tmp/")
        if repair:
            garbage.clean_tmp(directory)
            finding = replace(finding, repair="deleted")
        yield finding
