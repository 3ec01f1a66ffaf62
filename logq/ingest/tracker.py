"""Reading the files of the roster: opening, judging newcomers, letting go of what has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from logq.errors import CheckpointConflict, StorageError
from logq.ingest.checkpoint import Ledger, Progress
from logq.ingest.content import PACKED, Content, PackedFile
from logq.ingest.counters import Counters
from logq.ingest.followed import Followed
from logq.ingest.hold import Boundary
from logq.ingest.paths import family
from logq.ingest.roster import Roster
from logq.ingest.rotation import Kinship, Verdict, continuation, judge
from logq.ingest.watcher import Chunk, Patience, begin_at_end
from logq.units import format_bytes

MAX_OPEN = 512
"""Files held open at a time; the others are opened when they change."""
IDLE_CLOSE = 60_000


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the tracker waits, in milliseconds."""

    rotate: int = 5000
    """After the last byte of a file that lost its name."""
    settle: int = 3000
    """After the last change of a file that looks like a copy in the making."""
    patience: Patience = Patience()


class Tracker:
    """Gets chunks out of files."""

    def __init__(
        self,
        roster: Roster,
        ledger: Ledger,
        boundary: Callable[[Followed], Boundary | None],
        waits: Waits,
        counters: Counters,
        notify: Callable[[str], None],
    ) -> None:
        self._roster = roster
        self._ledger = ledger
        self._boundary = boundary
        self._waits = waits
        self._counters = counters
        self._notify = notify
        self._old = {s.key for s in roster.sources if ledger.is_new(s.key) and s.start == "end"}
        """Sources whose files are read from their end, until the first round is over."""

    def poll(self, followed: Followed, now: int, *, final: bool = False) -> Sequence[Chunk]:
        """What a file has to give now; ``final`` waits for nothing."""
        if followed.stopped:
            return ()
        try:
            return self._poll(followed, now, final)
        except CheckpointConflict:
            self._roster.stop(followed)
            return ()
        except StorageError as error:
            followed.error = error.message
            return ()
        except OSError as error:
            followed.error = f"{followed.path}: {error.strerror or error}"
            if not followed.pending and not (followed.watcher and followed.watcher.holds_bytes):
                followed.close()
            return ()

    def finish(self, followed: Followed) -> Sequence[Chunk]:
        """Everything that a file still holds back."""
        return followed.watcher.finish() if followed.watcher is not None else ()

    def end_round(self, now: int) -> None:
        """Every file has been polled once since the start."""
        try:
            for source in self._roster.sources:
                if self._ledger.is_new(source.key):
                    self._ledger.start(source.key, now)
        except StorageError:
            return
        self._old.clear()

    def endings(self, now: int, *, final: bool = False) -> list[tuple[Followed, Sequence[Chunk]]]:
        """Let go of files that have ended; what they still held comes back."""
        last: list[tuple[Followed, Sequence[Chunk]]] = []
        for followed in [f for f in self._roster.ending if not f.pending]:
            try:
                chunks = self._end(followed, now, final)
            except (StorageError, OSError) as error:
                followed.error = str(error)
                continue
            if chunks:
                last.append((followed, chunks))
        return last

    def limit_open(self, now: int) -> None:
        """Close files that have nothing to give, the longest idle first."""
        opened = [f for f in self._roster.files.values() if f.watcher is not None]
        opened.sort(key=lambda f: f.since)
        spare = len(opened) - MAX_OPEN
        for followed in opened:
            assert followed.watcher is not None
            idle = now - followed.since > IDLE_CLOSE
            if (spare > 0 or idle) and followed.linked and followed.idle and followed.drained:
                followed.polled = followed.state
                followed.close()
                spare -= 1

    def _end(self, followed: Followed, now: int, final: bool) -> Sequence[Chunk]:
        name = family(followed.path)
        for newcomer in self._roster.newcomers(name):
            if newcomer.id != followed.id:
                self._try_to_judge(newcomer, now, final)
        unsure = [f for f in self._roster.newcomers(name) if f.id != followed.id]
        if followed not in self._roster.ending or (unsure and not final):
            return ()
        if followed.watcher is not None and followed.watcher.holds_bytes:
            return followed.watcher.finish()
        if not followed.stopped:
            self._count_loss(followed)
        self._roster.ending.remove(followed)
        followed.close()
        return ()

    def _poll(self, followed: Followed, now: int, final: bool) -> Sequence[Chunk]:
        if not followed.judged and not self._try_to_judge(followed, now, final):
            return ()
        if followed.watcher is None:
            if followed.polled == followed.state and followed.linked:
                return ()
            if not self._open(followed, now):
                return ()
        watcher = followed.watcher
        assert watcher is not None
        place = watcher.place
        chunks = watcher.poll(now)
        if watcher.rewritten:
            self._roster.rewritten(followed, now)
            return ()
        followed.idle = watcher.place == place
        if not followed.idle:
            followed.since = now
        elif isinstance(watcher.content, PackedFile) and watcher.content.complete:
            return chunks or watcher.finish()
        elif not followed.linked and (final or now - followed.since >= self._waits.rotate):
            return self._let_go(followed)
        return chunks

    def _open(self, followed: Followed, now: int) -> bool:
        content = followed.open()
        if content is None:
            if not followed.linked:
                self._roster.vanished(followed)
            return False
        watcher = followed.watch(content, self._boundary(followed), self._waits.patience)
        if watcher.rewritten:
            self._roster.rewritten(followed, now)
            return False
        return True

    def _let_go(self, followed: Followed) -> Sequence[Chunk]:
        """The last of a file that has lost its name."""
        assert followed.watcher is not None
        chunks = followed.watcher.finish()
        if not chunks and not followed.pending:
            self._roster.drop(followed)
        return chunks

    def _try_to_judge(self, followed: Followed, now: int, final: bool) -> bool:
        """Decide where to begin in a newcomer; False if that must wait."""
        if followed.state[0] == 0:
            return False
        content = followed.open()
        if content is None:
            self._roster.drop(followed)
            return False
        try:
            if self._judge(followed, content, now, final):
                return True
            if followed.doubted is None:
                followed.doubted = now
            return False
        finally:
            content.close()

    def _is_early(self, newcomer: Followed) -> bool:
        """Whether a file that it may be a copy of is there, and nothing of that is durable yet."""
        directory, _, name = newcomer.path.rpartition("/")
        if name == family(name):
            return False
        log = self._roster.named(f"{directory}/{family(name)}")
        if log not in (None, newcomer) and log.size and not (log.stopped or log.progress.offset):
            return True
        if any(f.pending and family(f.path) == family(name) for f in self._roster.leaving()):
            return True
        plain = self._roster.named(newcomer.path.removesuffix(PACKED))
        return plain not in (None, newcomer) and not (plain.stopped or plain.drained)

    def _judge(self, followed: Followed, content: Content, now: int, final: bool) -> bool:
        calm = now - max(followed.since, now if followed.doubted is None else followed.doubted)
        settled = final or calm >= self._waits.settle
        if (final or not settled) and self._is_early(followed):
            return False
        if isinstance(content, PackedFile) and not _ready(content, settled):
            return False
        verdict = judge(
            followed.path,
            content,
            followed.packed,
            self._roster.originals(family(followed.path)),
        )
        if verdict.kinship is Kinship.EARLY or (verdict.kinship is Kinship.UNSURE and not settled):
            return False
        if verdict.kinship in (Kinship.COPY, Kinship.PREFIX):
            self._take_over(followed, verdict, content)
        elif followed.kin_of is not None:
            self._roster.drop(followed)
            return False
        elif followed.source.key in self._old and followed.progress.generation == 1:
            self._begin(followed, begin_at_end(content, followed.progress))
        followed.judged, followed.doubted = True, None
        return True

    def _take_over(self, followed: Followed, verdict: Verdict, content: Content) -> None:
        original = verdict.original
        assert original is not None
        read = [f for f in self._roster.ending if f.judged]
        ended = next((f for f in read if f.progress.key == original.key), None)
        if ended is not None and ended.progress.offset == 0:
            followed.progress = replace(followed.progress, stream=original.stream)
        else:
            self._begin(followed, continuation(verdict, followed.progress, content))
        if ended is not None:
            self._roster.ending.remove(ended)
            ended.close()

    def _begin(self, followed: Followed, progress: Progress) -> None:
        self._ledger.write(progress)
        followed.progress = progress

    def _count_loss(self, followed: Followed) -> None:
        """Count and name the bytes that are gone with a file."""
        progress = followed.progress
        gone = progress.id not in self._roster.files
        seen = followed.watcher.size if followed.watcher is not None else progress.size
        lost = (followed.size if gone else max(seen, progress.size)) - progress.offset
        if lost <= 0:
            return
        reason = "removed" if gone else "truncated"
        self._counters.dropped[reason] += lost
        self._notify(
            f"{followed.path} was {reason} before it was read to its end: "
            f"{format_bytes(lost)} are lost after offset {progress.offset}"
        )
        if gone and progress.offset:
            self._ledger.write(replace(progress, closed=True))


def _ready(content: PackedFile, settled: bool) -> bool:
    """Whether a gzip file is whole, or will not become so."""
    place = 0
    while not content.complete and (step := len(content.read(place, 1 << 20))):
        place += step
    return content.complete or settled
