"""Which files there are, and which of them was which before.

The roster looks at the file system and keeps a ``Followed`` for every file of the sources. It
opens nothing; renames and deletions show by device and inode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from logq.ingest import paths
from logq.ingest.agent_config import Source
from logq.ingest.checkpoint import FileId, Ledger, Progress
from logq.ingest.counters import Counters
from logq.ingest.followed import Followed, Sighting, look
from logq.ingest.rotation import Standing


class Roster:
    """All files being followed, by identity."""

    def __init__(
        self,
        sources: tuple[Source, ...],
        ledger: Ledger,
        host: str,
        counters: Counters,
        notify: Callable[[str], None],
    ) -> None:
        self.files: dict[FileId, Followed] = {}
        self._rewritten: set[str] = set()
        self._names: dict[str, Followed] = {}
        self._nameless: list[Followed] = []
        self.ending: list[Followed] = []
        """Files that are gone or rewritten, until all that was read of them is durable."""
        self.sources = sources
        self._ledger = ledger
        self._host = host
        self._counters = counters
        self._notify = notify
        self._shared: set[str] = set()
        self._started = False

    def all(self) -> list[Followed]:
        """In the order in which they are to be read.

        Those without a name first, so that the end of a log comes before its successor; those that
        may be copies last, when it is known what became of their originals.
        """
        return sorted(self.files.values(), key=lambda f: (f.doubted is not None, f.linked))

    def discover(self, now: int) -> None:
        """Look at all paths: newcomers, renames, deletions."""
        sightings = self._look()
        names = set(self._names)
        for file, sighting in sightings.items():
            followed = self.files.get(file)
            if followed is None:
                self._counters.rotations += sighting.paths[0] in names
                self._welcome(sighting, now)
            else:
                self._recognise(followed, sighting, now)
        for file, followed in list(self.files.items()):
            if file not in sightings and followed.linked:
                followed.linked, followed.since = False, now
                if followed.watcher is None:
                    self._lost_name(followed)
        self._names = {f.path: f for f in self.files.values() if f.linked}
        self._nameless = [f for f in self.files.values() if not f.linked and not f.kin_of]
        if not self._started:
            self._started = True
            self._find_missing(now)

    def named(self, path: str) -> Followed | None:
        """The file that a path led to at the last look, in its newest generation."""
        found = self._names.get(path)
        return None if found is None else self.files.get(found.id, found)

    def leaving(self) -> list[Followed]:
        """Files that lost their name or were rewritten, and from which more may come."""
        return [*self.ending, *self._nameless]

    def originals(self, name: str) -> Iterator[tuple[Progress, Standing]]:
        """Every file of one family that was ever read, and what became of it.

        Of a file that ended before anything of it was stored: how far it was read.
        """
        pending = {f.progress.key for f in self.ending if f.pending}
        for ended in self.ending:
            fresh = ended.progress.offset == 0 and not ended.pending
            if fresh and ended.watcher is not None and ended.watcher.holds_bytes:
                yield ended.watcher.reached(), Standing.REWRITTEN
        for progress in self._ledger.kin(name):
            followed = self.files.get(progress.id)
            if progress.key in pending:
                yield progress, Standing.ENDING
            elif followed is not None and followed.progress.generation == progress.generation:
                yield progress, _standing(followed)
            elif progress.key in self._rewritten or self._ledger.latest(progress.id) != progress:
                yield progress, Standing.REWRITTEN
            else:
                yield progress, Standing.GONE

    def rewritten(self, followed: Followed, now: int) -> Followed:
        """The file is not what it was: end this generation, and begin the next."""
        before, path = followed.progress, followed.path
        self._counters.truncations += path == before.path
        progress = self._fresh(followed.id, before.generation + 1, path, followed.source)
        successor = Followed(
            progress,
            followed.source,
            path,
            followed.state,
            now,
            judged=False,
            linked=followed.linked,
            kin_of=followed.kin_of,
        )
        self.files[followed.id] = successor
        self.ending.append(followed)
        self._rewritten.add(before.key)
        self._search_kin(before, followed.source, now)
        return successor

    def drop(self, followed: Followed) -> None:
        """Stop following a file whose name is gone."""
        followed.close()
        if self.files.get(followed.id) is followed:
            del self.files[followed.id]

    def stop(self, followed: Followed) -> None:
        """Leave a file to the other process that reads it."""
        self._notify(followed.stop())

    def vanished(self, followed: Followed) -> None:
        """A file could not be opened under the last name it had."""
        if self.files.get(followed.id) is followed:
            del self.files[followed.id]
            if followed.kin_of is None and (followed.judged or followed.state[0]):
                self.ending.append(followed)

    def newcomers(self, name: str) -> list[Followed]:
        """Files of one family about which nothing is decided yet."""
        undecided = [f for f in self.files.values() if not f.judged and f.state[0]]
        return [f for f in undecided if paths.family(f.path) == name]

    def _look(self) -> dict[FileId, Sighting]:
        found: dict[FileId, Sighting] = {}
        for source in self.sources:
            for pattern in source.paths:
                for path in paths.expand(pattern):
                    if not paths.is_excluded(path, source.exclude) and (seen := look(path)):
                        self._add(found, path, seen, source)
        for followed in self.files.values():
            if followed.kin_of is not None and followed.id not in found:
                seen = look(followed.path)
                if seen and seen[0] == followed.id:
                    found[followed.id] = Sighting(
                        (followed.path,), *seen, followed.source, followed.kin_of
                    )
        return found

    def _add(
        self,
        found: dict[FileId, Sighting],
        path: str,
        seen: tuple[FileId, tuple[int, int]],
        source: Source,
    ) -> None:
        file, state = seen
        before = found.get(file)
        if before is None:
            found[file] = Sighting((path,), file, state, source)
            return
        if before.source is not source and path not in self._shared:
            self._shared.add(path)
            self._notify(
                f"{path} belongs to two sources; it goes to log group {before.source.group} only"
            )
        if path not in before.paths:
            found[file] = replace(before, paths=(*before.paths, path))

    def _welcome(self, sighting: Sighting, now: int) -> None:
        path, source = sighting.paths[0], sighting.source
        known = self._ledger.latest(sighting.id)
        if known is None:
            progress = self._fresh(sighting.id, 1, path, source)
        else:
            progress = replace(known, group=source.group)
        self.files[sighting.id] = Followed(
            progress,
            source,
            path,
            sighting.state,
            now,
            judged=known is not None,
            linked=sighting.kin_of is None,
            kin_of=sighting.kin_of,
        )

    def _recognise(self, followed: Followed, sighting: Sighting, now: int) -> None:
        if followed.path not in sighting.paths:
            followed.path = sighting.paths[0]
            followed.since = now
        if followed.state != sighting.state:
            followed.state, followed.since = sighting.state, now
        if sighting.kin_of is None:
            followed.linked, followed.kin_of = True, None

    def _fresh(self, file: FileId, generation: int, path: str, source: Source) -> Progress:
        return Progress(*file, generation, path, source.group, source.stream_of(path, self._host))

    def _lost_name(self, followed: Followed) -> None:
        """A closed file is not where it was: it may have a name outside the configured paths."""
        path = _find_inode(followed.path, followed.id)
        if path is not None:
            followed.path = path
        else:
            self.vanished(followed)

    def _find_missing(self, now: int) -> None:
        """Files known from before that no path leads to: renamed, packed, or gone."""
        for progress in self._ledger.all():
            source = self._source_of(progress)
            newest = self._ledger.latest(progress.id) == progress
            if progress.id in self.files or progress.closed or source is None or not newest:
                continue
            state = (progress.size, 0)
            followed = Followed(progress, source, progress.path, state, now, linked=False)
            path = _find_inode(progress.path, progress.id)
            if path is not None:
                followed.path = path
                self.files[progress.id] = followed
            else:
                self.ending.append(followed)
                self._search_kin(progress, source, now)

    def _search_kin(self, original: Progress, source: Source, now: int) -> None:
        """Files beside the original, outside the configured paths, that may be copies of it."""
        name = paths.family(original.path)
        for path in paths.beside(original.path):
            seen = look(path)
            if seen is None or path == original.path or paths.family(path) != name:
                continue
            if seen[0] not in self.files and self._ledger.latest(seen[0]) is None:
                self._welcome(Sighting((path,), *seen, source, original), now)

    def _source_of(self, progress: Progress) -> Source | None:
        for source in self.sources:
            if any(paths.matches(progress.path, pattern) for pattern in source.paths):
                return source
        return None


def _find_inode(path: str, file: FileId) -> str | None:
    """The name in the same directory under which a file is to be found now."""
    for candidate in paths.beside(path):
        seen = look(candidate)
        if seen is not None and seen[0] == file:
            return candidate
    return None


def _standing(followed: Followed) -> Standing:
    if followed.drained:
        return Standing.DRAINED
    return Standing.LIVE if followed.linked else Standing.ENDING
