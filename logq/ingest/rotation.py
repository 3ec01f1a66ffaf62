"""Is a file that was never seen before a copy of one that was read: rotated away, or packed?

The evidence is the name, the bytes, and what became of the original. Where it does not suffice,
the answer is that the file is new: doubled lines can be seen, lost ones cannot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from logq.ingest.checkpoint import Mark, Progress
from logq.ingest.content import Content
from logq.ingest.fingerprint import PRINT_BYTES, Fingerprint
from logq.ingest.paths import family
from logq.ingest.watcher import at


class Standing(StrEnum):
    """What became of a file that was read."""

    LIVE = "live"  # it is there, and more may come
    DRAINED = "drained"  # it is there, and all of it is durable
    ENDING = "ending"  # it is gone or rewritten, but not all that was read of it is durable
    REWRITTEN = "rewritten"  # other bytes are where it was, and nothing more comes from it
    GONE = "gone"  # it has no name any more, and nothing more comes from it


class Kinship(StrEnum):
    """What a newcomer is to a file that was read; the most certain first."""

    COPY = "copy"  # it begins with all that was read
    PREFIX = "prefix"  # all of it was read, since the original grew after it was copied
    EARLY = "early"  # as unsure, and the original is about to end
    UNSURE = "unsure"  # it looks like a copy, but the original has not ended
    STRANGER = "stranger"


_CERTAINTY = list(Kinship)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a newcomer is, and whose copy."""

    kinship: Kinship
    original: Progress | None = None


def judge(
    path: str,
    content: Content,
    packed: bool,
    originals: Iterable[tuple[Progress, Standing]],
) -> Verdict:
    """Compare a newcomer with every file that was read; the longest match wins."""
    kin = [
        (progress, standing)
        for progress, standing in originals
        if progress.offset and _may_be_copy(path, packed, progress, standing)
    ]
    first = content.read(0, PRINT_BYTES) if kin else b""
    best, best_rank = Verdict(Kinship.STRANGER), (-1, 0)
    for progress, standing in kin:
        if len(first) >= progress.head.length and not progress.head.begins(first):
            continue
        kinship, verified = _compare(content, packed, progress, standing)
        rank = (verified, -_CERTAINTY.index(kinship))
        if kinship is not Kinship.STRANGER and rank > best_rank:
            best, best_rank = Verdict(kinship, progress), rank
    return best


def continuation(verdict: Verdict, newcomer: Progress, content: Content) -> Progress:
    """The place from which a copy is to be read on."""
    original = verdict.original
    assert original is not None
    taken = replace(newcomer, stream=original.stream, event_time=original.event_time)
    if verdict.kinship is Kinship.PREFIX:
        return at(content, taken, content.size())
    return replace(
        taken,
        offset=original.offset,
        head=original.head,
        tail=original.tail,
        rest=original.rest,
    )


def _compare(
    content: Content, packed: bool, original: Progress, standing: Standing
) -> tuple[Kinship, int]:
    """What the bytes say, and up to which offset they were compared."""
    if _matches(content, original.offset, original.tail):
        return _kinship(standing, packed, Kinship.COPY), original.offset
    known = (Mark(original.head.length, original.head), *original.earlier)
    marks = [mark for mark in known if mark.offset <= content.size()]
    if content.size() >= original.offset or not all(
        _matches(content, mark.offset, mark.tail) for mark in marks
    ):
        return Kinship.STRANGER, 0
    verified = marks[-1].offset if marks else 0
    if standing in (Standing.LIVE, Standing.DRAINED, Standing.ENDING):
        return _kinship(standing, False, Kinship.PREFIX), verified
    return (_kinship(standing, packed, Kinship.PREFIX) if marks else Kinship.STRANGER), verified


def _matches(content: Content, offset: int, last: Fingerprint) -> bool:
    return Fingerprint.of(content.read(offset - last.length, last.length)) == last


def _may_be_copy(path: str, packed: bool, original: Progress, standing: Standing) -> bool:
    """Whether the names fit; a plain copy is only ever made of a file that is then rewritten."""
    name, kin = path.rpartition("/")[2], family(original.path)
    if name == kin or family(path) != kin or path == original.path:
        return False
    return packed or standing is not Standing.GONE


def _kinship(standing: Standing, packed: bool, match: Kinship) -> Kinship:
    if standing in (Standing.REWRITTEN, Standing.GONE):
        return match
    if standing is Standing.ENDING:
        return Kinship.EARLY
    return match if packed and standing is Standing.DRAINED else Kinship.UNSURE
