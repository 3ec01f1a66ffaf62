"""Proving that no record of the audit is missing, changed, moved or made up.

Three things must agree: the records among themselves (each names the hash of the one before), the
head in the catalog, and the signed digests. What retention has dropped is a beginning that is
missing and old enough; digests say how old.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from logq.audit import chain, digest
from logq.audit.chain import ORIGIN, Head, Link
from logq.audit.digest import HOUR, Digest
from logq.audit.store import AUDIT, DIGESTS, RETENTION_DAYS, Signer, Store
from logq.audit.stored import Stored, Unreadable, differing, stored
from logq.audit.writer import Writer, day
from logq.errors import LogQError
from logq.units import format_time

DAY = 86_400_000
MOST_FINDINGS = 20
_MOST_AHEAD = 100_000
"""Records that may wait for one before them, until it counts as missing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written."""

    kind: str
    """``missing``, ``changed``, ``doubled``, ``unsigned`` or ``unreadable``."""
    sequence: int | None
    """The record it is about, if its number is known."""
    text: str


@dataclass(slots=True)
class Report:
    """What a check has found."""

    records: int = 0
    first: int | None = None
    last: int | None = None
    """Numbers of the oldest and newest record."""
    digests: int = 0
    signed: int = 0
    """The last record that a digest signs."""
    findings: list[Finding] = field(default_factory=list)
    more: bool = False
    """Whether there are findings that are not listed."""

    def add(self, kind: str, sequence: int | None, text: str) -> None:
        """Note a finding."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(kind, sequence, text))
        else:
            self.more = True


def verify(
    store: Store, signer: Signer, now: int, start: int | None = None, end: int | None = None
) -> Report:
    """Check the records between two times (epoch milliseconds, both inclusive; None: open)."""
    report = Report()
    newest = Writer(store, signer).head()
    digests = list(_digests(store, signer, report))
    wanted = {each.last: each for each in digests if each.last > 0}
    before: Link | None = None
    signed_to = max((each.last for each in digests), default=0)
    unsigned: Link | None = None
    for link in _in_order(_links(store, report, start, end)):
        report.records += 1
        if unsigned is None and link.sequence > signed_to:
            unsigned = link
        _follow(report, before, link)
        if before is None:
            report.first = link.sequence
            if start is None:
                _check_beginning(report, link, digests, now)
        if before is None or link.sequence > before.sequence:
            before = link
        signed = wanted.pop(link.sequence, None)
        if signed is not None and signed.head != link.hash:
            report.add(
                "changed", link.sequence,
                f"record {link.sequence:,} is not the one that digest {signed.number:,} signed",
            )  # fmt: skip
    report.last = before.sequence if before else None
    report.signed = signed_to
    if before is not None and unsigned is not None:
        _check_signed(report, unsigned, before)
    if end is None:
        _check_end(report, before, newest, start)
    return report


def _follow(report: Report, before: Link | None, link: Link) -> None:
    """Compare a record with the one before it."""
    number = link.sequence
    if before is None:
        if number == 1 and link.previous != ORIGIN:
            report.add("changed", 1, "record 1 does not begin a chain")
    elif number <= before.sequence:
        report.add("doubled", number, f"record {number:,} is there twice")
    elif number > before.sequence + 1:
        first, last = before.sequence + 1, number - 1
        report.add("missing", first, f"{_numbers(first, last)} missing, {_after(before)}")
    elif link.previous != before.hash:
        report.add(
            "changed", number,
            f"record {number:,} does not follow record {before.sequence:,}: "
            "one of them was written anew",
        )  # fmt: skip


def _check_beginning(report: Report, link: Link, digests: list[Digest], now: int) -> None:
    """A beginning may be missing if every record of it has expired."""
    lost = link.sequence - 1
    if lost < 1:
        return
    sealed = next((each for each in digests if each.last >= lost), None)
    expired = now - RETENTION_DAYS[AUDIT] * DAY
    if sealed is not None and _epoch(sealed.newest) <= expired + HOUR:
        return
    reason = "they have not expired" if sealed else "no digest says that they have expired"
    report.add("missing", 1, f"{_numbers(1, lost)} missing, and {reason}")


def _check_signed(report: Report, unsigned: Link, last: Link) -> None:
    """Whoever records in an hour first signs what was there before."""
    if last.time // HOUR - unsigned.time // HOUR >= 2:
        first = unsigned.sequence
        report.add("unsigned", first, f"no digest signs record {first:,} and those after it")


def _check_end(report: Report, last: Link | None, newest: Head, start: int | None) -> None:
    """The newest record must be the head that the catalog knows, and not older than a digest."""
    known = last.sequence if last else 0
    reached = max(newest.sequence, report.signed)
    if start is not None and (last is None or newest.time < start):
        return
    if known < reached:
        report.add("missing", known + 1, f"{_numbers(known + 1, reached)} missing at the end")
    elif last is not None and newest.sequence == known and newest.hash != last.hash:
        report.add("changed", known, f"record {known:,} is not the one that was written last")
    elif last is not None and newest.sequence < known:
        report.add(
            "changed", newest.sequence + 1,
            f"record {newest.sequence + 1:,} and those after it were not written by LogQ",
        )  # fmt: skip


def _links(store: Store, report: Report, start: int | None, end: int | None) -> Iterator[Link]:
    """The records whose texts are what was written; findings for the others."""
    snapshot = store.snapshot(AUDIT)
    for warning in snapshot.warnings:
        report.add("unreadable", None, warning)
    for event in stored(snapshot, start, end):
        if isinstance(event, Unreadable):
            piece = event.piece
            report.add(
                "unreadable", None,
                f"segment {piece.name} with {piece.rows:,} records between "
                f"{format_time(piece.start)} and {format_time(piece.end)} UTC cannot be read: "
                f"{event.reason}",
            )  # fmt: skip
            continue
        link = chain.read(event.text)
        if link is None:
            where = f"{format_time(event.time)} UTC in the log stream {event.stream}"
            report.add("changed", None, f"the record of {where} is not what was written")
        else:
            _check_place(report, link, event)
            yield link


def _check_place(report: Report, link: Link, event: Stored) -> None:
    """What queries see beside the text must say the same."""
    number = link.sequence
    if event.time != link.time or event.stream != day(link.time):
        report.add("changed", number, f"the time or log stream of record {number:,} was changed")
    elif (path := differing(event)) is not None:
        report.add("changed", number, f"the field {path} of record {number:,} was changed")


def _in_order(links: Iterator[Link]) -> Iterator[Link]:
    """By number; nearly in order already, since times rise with numbers."""
    waiting: dict[int, list[Link]] = {}
    following: int | None = None
    for link in links:
        waiting.setdefault(link.sequence, []).append(link)
        if following is None and len(waiting) < 1000:
            continue
        if following is None or len(waiting) > _MOST_AHEAD:
            following = min(waiting)
        while following in waiting:
            yield from waiting.pop(following)
            following += 1
    for number in sorted(waiting):
        yield from waiting[number]


def _digests(store: Store, signer: Signer, report: Report) -> Iterator[Digest]:
    """The digests that are signed, in order; findings for the others."""
    snapshot = store.snapshot(DIGESTS)
    for warning in snapshot.warnings:
        report.add("unreadable", None, warning)
    found: list[Digest] = []
    for event in stored(snapshot):
        read = digest.read(event.text) if isinstance(event, Stored) else None
        if read is None:
            report.add("changed", None, "a digest is not what was written")
        else:
            found.append(read)
    found.sort(key=lambda each: each.number)
    report.digests = len(found)
    known = Writer(store, signer).last_digest()
    if found and known.number > found[-1].number:
        report.add("missing", None, f"digest {found[-1].number + 1:,} is missing")
    elif not found and known.number:
        report.add("missing", None, "all digests are missing")
    before: Digest | None = None
    for each in found:
        if before is not None and each.number != before.number + 1:
            report.add("missing", None, f"digest {before.number + 1:,} is missing")
        elif before is not None and each.previous_hash != before.hash:
            report.add("changed", None, f"digest {each.number:,} does not follow the one before")
        before = each
        fault = _fault(each, signer)
        if fault is not None:
            report.add("unsigned", None, f"digest {each.number:,} {fault}")
        else:
            yield each


def _fault(each: Digest, signer: Signer) -> str | None:
    try:
        if each.key != signer.fingerprint:
            return "was signed with another master key"
        return None if digest.is_signed(each, signer) else "is not signed by LogQ"
    except LogQError as error:
        return f"cannot be checked: {error.message}"


def _epoch(text: str) -> int:
    """Epoch milliseconds; far in the future for what is no time."""
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, TypeError, OverflowError):
        return 1 << 62


def _numbers(first: int, last: int) -> str:
    return f"record {first:,} is" if first == last else f"records {first:,} to {last:,} are"


def _after(before: Link) -> str:
    return f"after {format_time(before.time)} UTC"
