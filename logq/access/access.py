"""The access engine as one object: whose request is this, and what may it do?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from logq.access.caller import Caller, Kind
from logq.access.keys import Form, Key, Keys, is_token, token_id
from logq.access.master import MasterKey
from logq.access.policies import Policies
from logq.access.reason import Reason, refuse
from logq.access.sigv4 import Signatures, SignedRequest, read_claim
from logq.access.store import Definitions
from logq.errors import LogQError, NotFound, Unauthenticated

FRESH = 500
"""Milliseconds for which a key is believed without asking the catalog: so long may another
process's revocation go unnoticed."""
NOTED = 60_000
"""A key's last use is written at most once in so many milliseconds."""
_MOST_REMEMBERED = 4096
_MARK = """\
A key has been made for this data directory: a server answers nobody without one, also
after its catalog was lost and rebuilt without the keys. 'logq keys create' makes a new one.
"""


@dataclass(frozen=True, slots=True)
class _Known:
    """A key as it was found in the catalog, ready to ask with."""

    key: Key
    caller: Caller
    read: int


class Access:
    """Keys, policies and who is who; safe under several threads."""

    def __init__(
        self,
        definitions: Definitions,
        clock: Callable[[], int],
        master: MasterKey,
        *,
        unsigned_payload: bool = False,
        mark: Path | None = None,
    ) -> None:
        """``mark`` is a file that outlives the catalog and says that there has been a key."""
        self.policies = Policies(definitions, self.forget)
        self.keys = Keys(definitions, self.policies, clock, master, self._keys_changed)
        self._clock = clock
        self._mark = mark
        self._signatures = Signatures(unsigned_payload=unsigned_payload)
        self._remembered: dict[str, _Known] = {}
        self._noted: dict[str, int] = {}
        self._closed = False
        self._open_at: int | None = None

    def open_to_local(self) -> bool:
        """Whether no key has ever been made, so that the machine itself needs none."""
        now = self._clock()
        if not self._closed and not _is_fresh(self._open_at, now):
            marked = self._mark is not None and self._mark.exists()
            self._closed = marked or self.keys.ever()
            self._open_at = now
        return not self._closed

    def by_signature(self, request: SignedRequest) -> Caller:
        """Who signed a request; raises Unauthenticated."""
        claim = read_claim(request)
        known = self._known(claim.key_id, Form.ACCESS_KEY)
        if not self.keys.derived_here(known.key):
            raise refuse(
                Reason.UNKNOWN_KEY,
                "the security token included in the request is invalid",
                "the access key belongs to another master key; make a new one",
            )
        self._signatures.check(request, claim, self.keys.secret, self._clock())
        return self._used(known)

    def by_token(self, token: str) -> Caller:
        """Whose bearer token this is; raises Unauthenticated."""
        number = token_id(token)
        if number is None:
            raise _unknown()
        known = self._known(number, Form.TOKEN, token)
        return self._used(known)

    def caller(self, key_id: str) -> Caller:
        """A key's owner without proof, for what runs in its name; raises Unauthenticated."""
        found = self._read(key_id)
        return self._valid(found).caller

    def forget(self) -> None:
        """Ask the catalog again at the next request, as after a change here."""
        self._remembered.clear()
        self._open_at = None

    def _keys_changed(self) -> None:
        self.forget()
        if self._mark is not None and not self._mark.exists():
            self._mark.write_text(_MARK)

    def _known(self, number: str, form: Form, token: str | None = None) -> _Known:
        known = self._remembered.get(number)
        if known is None or not _is_fresh(known.read, self._clock()):
            known = self._read(number)
        if known.key.form is not form or (token is not None and not is_token(known.key, token)):
            raise _unknown()
        return self._valid(known)

    def _read(self, number: str) -> _Known:
        now = self._clock()
        try:
            key = self.keys.get(number)
        except NotFound:
            self._remembered.pop(number, None)
            raise _unknown() from None
        known = _Known(key, self._caller(key), now)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[number] = known
        return known

    def _caller(self, key: Key) -> Caller:
        held = self.policies.held(key.policies)
        boundary = None
        if key.boundary is not None:
            found = self.policies.held([key.boundary])
            held, boundary = (held, found[0]) if found else ((), None)
        kind: Kind = "token" if key.form is Form.TOKEN else "key"
        return Caller(key.name, kind, key.id, held, boundary)

    def _valid(self, known: _Known) -> _Known:
        state = known.key.state(self._clock())
        if state == "expired":
            raise refuse(
                Reason.EXPIRED_KEY,
                "the security token included in the request has expired",
                "make a new one with 'logq keys create'",
            )
        if state != "active":
            raise _unknown()
        return known

    def _used(self, known: _Known) -> Caller:
        now, number = self._clock(), known.key.id
        last = self._noted.get(number, known.key.used)
        if last is None or not 0 <= now - last < NOTED:
            self._noted[number] = now
            with suppress(LogQError):  # a full disk must not keep readers out
                self.keys.note_use(number)
        return known.caller


def _is_fresh(read: int | None, now: int) -> bool:
    return read is not None and 0 <= now - read < FRESH


def _unknown() -> Unauthenticated:
    return refuse(Reason.UNKNOWN_KEY, "the security token included in the request is invalid")
