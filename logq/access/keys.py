"""Access keys and bearer tokens: made, listed, revoked, and proven.

An access key signs requests (SigV4). Its secret is derived from the master key and its id, so it
is stored nowhere. A bearer token is sent along; only its SHA-256 is stored. Both are shown once.
A key that is revoked stays as a record, which is how a data directory remembers that it was
closed once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from logq.access.master import MasterKey
from logq.access.policies import Policies
from logq.access.store import Definitions
from logq.errors import Conflict, InvalidValue, NotFound
from logq.model import Definition

KIND, USED = "key", "key_use"
DAY = 86_400_000
TOKEN_DAYS, MOST_DAYS = 90, 3653
"""How long a token is valid if nobody says, and how long it may be."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LOWER = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TOKEN = re.compile(r"lq_([a-z0-9]{12})_([A-Za-z0-9]{43})")
_NAME = re.compile(r"[A-Za-z0-9_+=,.@/-]{1,64}")


class Form(StrEnum):
    """How a key proves who asks."""

    ACCESS_KEY = "access-key"
    TOKEN = "token"


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; never its secret."""

    id: str
    name: str
    """Whose it is; ``aws:username`` in policies."""
    form: Form
    policies: tuple[str, ...]
    boundary: str | None
    created: int
    expires: int | None = None
    revoked: int | None = None
    used: int | None = None
    """When it was last used, to the minute. All times in epoch milliseconds."""
    sha256: str | None = field(default=None, repr=False)
    """Of a token."""
    master: str | None = field(default=None, repr=False)
    """The fingerprint of the master key that an access key's secret comes from."""

    def state(self, now: int) -> str:
        """``active``, ``expired`` or ``revoked``."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and now >= self.expires else "active"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made, with what is shown once."""

    key: Key
    secret: str = field(repr=False)
    """The secret access key, or the whole token."""


class Keys:
    """The keys of a data directory."""

    def __init__(
        self,
        definitions: Definitions,
        policies: Policies,
        clock: Callable[[], int],
        master: MasterKey,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._definitions = definitions
        self._policies = policies
        self._clock = clock
        self._master = master
        self._changed = changed

    def create(
        self,
        name: str,
        policies: Sequence[str],
        form: Form = Form.ACCESS_KEY,
        *,
        boundary: str | None = None,
        days: int | None = None,
    ) -> NewKey:
        """Make a key; a token without ``days`` is valid for 90.

        Raises InvalidValue, and NotFound or InvalidPolicy for a policy.
        """
        if not _NAME.fullmatch(name):
            raise InvalidValue(
                f"{name!r} is not a name for a key",
                hint="use 1 to 64 of the characters a-z A-Z 0-9 _ + = , . @ / -",
            )
        for policy in (*policies, *((boundary,) if boundary is not None else ())):
            self._policies.policy(policy)
        if not policies:
            raise InvalidValue(
                "a key without a policy may do nothing", hint="attach one, for example LogQReadOnly"
            )
        if days is None and form is Form.TOKEN:
            days = TOKEN_DAYS
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise InvalidValue(f"a key cannot be valid for {days} days", hint=f"1 to {MOST_DAYS}")
        body: dict[str, Any] = {
            "name": name,
            "form": form,
            "policies": list(dict.fromkeys(policies)),
            "boundary": boundary,
            "expires": None if days is None else self._clock() + days * DAY,
        }
        if form is Form.TOKEN:
            number = _random(_LOWER, 12)
            secret = f"lq_{number}_{_base62(secrets.token_bytes(32))}"
            body["sha256"] = _digest(secret)
        else:
            number = "LQIA" + _random(_BASE32, 16)
            secret = self.secret(number)
            body["master"] = self._master.fingerprint
        made = self._definitions.put(KIND, number, body, expected=0)
        self._changed()
        return NewKey(_key(made, None), secret)

    def list(self) -> tuple[Key, ...]:
        """All keys in order of creation, also revoked ones."""
        used = {each.name: int(each.body["at"]) for each in self._definitions.list(USED)}
        found = (_key(each, used.get(each.name)) for each in self._definitions.list(KIND))
        return tuple(sorted(found, key=lambda key: (key.created, key.id)))

    def get(self, number: str) -> Key:
        """A key by its id; raises NotFound."""
        found = self._definitions.get(KIND, number)
        if found is None:
            raise NotFound(f"there is no key {number!r}", hint="'logq keys list' lists them")
        used = self._definitions.get(USED, number)
        return _key(found, int(used.body["at"]) if used else None)

    def revoke(self, number: str) -> Key:
        """Make a key invalid for ever; raises NotFound, or InvalidValue if it is already."""
        for _ in range(10):
            found = self._definitions.get(KIND, number)
            if found is None:
                raise NotFound(f"there is no key {number!r}", hint="'logq keys list' lists them")
            if found.body.get("revoked") is not None:
                raise InvalidValue(f"the key {number} is revoked already")
            body = {**found.body, "revoked": self._clock()}
            try:
                self._definitions.put(KIND, number, body, expected=found.version)
            except Conflict:
                continue
            self._changed()
            return self.get(number)
        raise Conflict(f"the key {number} is being changed by others", hint="try again")

    def ever(self) -> bool:
        """Whether any key has ever been made here."""
        return bool(self._definitions.list(KIND))

    def attached(self) -> frozenset[str]:
        """The policies that keys have which are not revoked."""
        live = [key for key in self.list() if key.revoked is None]
        return frozenset(
            name for key in live for name in (*key.policies, key.boundary) if name is not None
        )

    def secret(self, number: str) -> str:
        """The secret of an access key."""
        return _base62(self._master.derive("access key", number))

    def derived_here(self, key: Key) -> bool:
        """Whether an access key's secret comes from the master key that is in force."""
        return key.master == self._master.fingerprint

    def note_use(self, number: str) -> None:
        """Remember that a key was used now."""
        self._definitions.put(USED, number, {"at": self._clock()})


def token_id(token: str) -> str | None:
    """The id in a bearer token; None if it does not look like one."""
    match = _TOKEN.fullmatch(token)
    return match[1] if match else None


def is_token(key: Key, token: str) -> bool:
    """Whether this is the token of this key; takes as long for a wrong one."""
    return hmac.compare_digest(key.sha256 or "", _digest(token))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _base62(data: bytes) -> str:
    """Letters and digits only, so that nothing must be quoted anywhere; 43 for 32 bytes."""
    number, text = int.from_bytes(data, "big"), ""
    for _ in range(-(-len(data) * 8000 // 5954)):
        number, rest = divmod(number, 62)
        text = _ALPHABET[rest] + text
    return text


def _key(found: Definition, used: int | None) -> Key:
    body = found.body
    return Key(
        found.name,
        body["name"],
        Form(body["form"]),
        tuple(body["policies"]),
        body.get("boundary"),
        found.created,
        body.get("expires"),
        body.get("revoked"),
        used,
        body.get("sha256"),
        body.get("master"),
    )
