"""The audit as one object: record calls, make them durable, sign every hour.

Management writes and refusals are stored before ``record`` returns. Reads wait up to a second
for company; ``close`` stores what waits.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from logq.arns import Place
from logq.audit.call import Access, Call
from logq.audit.denials import Denials
from logq.audit.digest import HOUR
from logq.audit.record import Record, of_call, of_service
from logq.audit.rules import Care, Rules, care
from logq.audit.store import Signer, Store
from logq.audit.writer import Writer
from logq.errors import LogQError

WAIT = 1.0
"""Seconds that a record of a read may wait."""
MOST_WAITING = 5_000
"""Records of reads that may wait; the next is stored before its answer goes out."""
_TICK = 60.0


class Audit:
    """Where calls are recorded; safe under several threads and processes."""

    def __init__(
        self,
        store: Store,
        signer: Signer,
        clock: Callable[[], int],
        place: Place,
        rules: Rules | None = None,
        notify: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.writer = Writer(store, signer)
        self._clock = clock
        self._place = place
        self._rules = rules or Rules()
        self.notify = notify
        """Where digests and faults are told."""
        self._denials = Denials()
        self._reads = 0
        self._waiting: list[Record] = []
        self._state = threading.Lock()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._checked_hour: int | None = None

    def record(self, call: Call) -> None:
        """Record a call as the rules want; raises StorageError if it had to be durable."""
        with self._state:
            how = care(call, self._rules, self._reads)
            self._reads += call.access is Access.MANAGEMENT_READ
            if how is Care.NONE:
                return
            if how is Care.DENIED:
                self._tell_left_out(call.at)
                if not self._denials.admit(call.source_ip, call.at):
                    self._start()
                    return
            self._waiting.append(of_call(call, self._place, str(uuid.uuid4())))
            if how is Care.SOON and len(self._waiting) < MOST_WAITING:
                self._start()
                return
        self.flush()

    def service(self, name: str, details: Mapping[str, Any]) -> None:
        """Record durably what LogQ did by itself, such as deleting expired events."""
        now = self._clock()
        with self._state:
            self._waiting.append(of_service(name, self._place, str(uuid.uuid4()), now, details))
        self.flush()

    def flush(self) -> None:
        """Store every record that waits; raises StorageError, and then they go on waiting."""
        with self._writing:
            self._sign()
            with self._state:
                taken, self._waiting = self._waiting, []
            if not taken:
                return
            try:
                self.writer.write(taken, self._clock())
            except BaseException:
                with self._state:
                    self._waiting[:0] = taken
                raise

    def start(self) -> None:
        """Store and sign in the background also when nothing is recorded, as a server needs."""
        with self._state:
            self._start()

    def tick(self) -> None:
        """Store what waits, count what was left out, sign what is due; never raises."""
        with self._state:
            self._tell_left_out(self._clock())
        try:
            self.flush()
        except LogQError as error:
            self.notify(f"the audit cannot be written: {error.message}")

    def close(self) -> None:
        """Store what waits and stop; raises StorageError."""
        with self._state:
            self._stop.set()
            thread = self._thread
            self._tell_left_out(self._clock(), all=True)
        self._wake.set()
        if thread is not None:
            thread.join()
        with self._state:
            waiting = bool(self._waiting)
        if waiting:
            self.flush()

    def _tell_left_out(self, now: int, *, all: bool = False) -> None:
        for address, count in self._denials.left_out(now, all=all).items():
            details = {"sourceIPAddress": address, "count": count}
            self._waiting.append(
                of_service("RefusalsNotRecorded", self._place, str(uuid.uuid4()), now, details)
            )

    def _sign(self) -> None:
        """Sign what is due; what cannot be signed is still chained, and signed later."""
        hour = self._clock() // HOUR
        if self._checked_hour == hour:
            return
        self._checked_hour = hour
        try:
            text = self.writer.sign(self._clock())
        except LogQError as error:
            self.notify(f"the audit cannot be signed: {error}")
            return
        if text is not None:
            self.notify(f"audit digest {text}")

    def _start(self) -> None:
        if self._thread is None and not self._stop.is_set():
            self._thread = threading.Thread(target=self._run, name="logq-audit", daemon=True)
            self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(_TICK)
            self._wake.clear()
            if self._stop.wait(WAIT):
                return
            self.tick()
            with self._state:
                if self._waiting or self._denials.waiting:
                    self._wake.set()
