"""The policies of a data directory: the built-in ones, and those that people define."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from logq.access import document
from logq.access.builtin import BUILTIN, builtin, document_of, is_builtin
from logq.access.policy import Policy
from logq.access.store import Definitions
from logq.errors import AlreadyExists, Conflict, InvalidValue, LogQError, NotFound

KIND = "policy"
_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}")


@dataclass(frozen=True, slots=True)
class Written:
    """A policy as it was written down."""

    name: str
    document: Any
    """JSON."""
    builtin: bool = False
    updated: int | None = None
    """Epoch milliseconds; None for a built-in one."""


class Policies:
    """Put, get, list and delete policies."""

    def __init__(
        self, definitions: Definitions, changed: Callable[[], None] = lambda: None
    ) -> None:
        self._definitions = definitions
        self._changed = changed

    def put(self, name: str, text: str) -> Written:
        """Make or replace a policy; raises InvalidPolicy, InvalidValue or AlreadyExists."""
        if is_builtin(name):
            raise AlreadyExists(f"{name} is built in", hint="choose another name")
        if not _NAME.fullmatch(name):
            raise InvalidValue(
                f"{name!r} is not a policy name",
                hint="use 1 to 128 of the characters a-z A-Z 0-9 _ + = , . @ -",
            )
        document.read(name, text)
        kept = self._definitions.put(KIND, name, {"document": json.loads(text)})
        self._changed()
        return Written(name, kept.body["document"], False, kept.updated)

    def get(self, name: str) -> Written:
        """A policy by name; raises NotFound."""
        if is_builtin(name):
            return Written(name, document_of(name), True)
        found = self._definitions.get(KIND, name)
        if found is None:
            raise NotFound(f"there is no policy {name!r}", hint="'logq policies list' lists them")
        return Written(name, found.body["document"], False, found.updated)

    def list(self) -> tuple[Written, ...]:
        """The built-in policies, then those that people defined in order of their names."""
        return (
            *(Written(name, body, True) for name, (_, body) in BUILTIN.items()),
            *(
                Written(each.name, each.body["document"], False, each.updated)
                for each in self._definitions.list(KIND)
            ),
        )

    def delete(self, name: str, attached: Iterable[str] = ()) -> None:
        """Delete a policy; raises NotFound, InvalidValue, or Conflict if ``attached`` names it."""
        if is_builtin(name):
            raise InvalidValue(f"{name} is built in and cannot be deleted")
        if name in attached:
            raise Conflict(
                f"the policy {name!r} is attached to a key",
                hint="revoke the key first; 'logq keys list' shows which policies a key has",
            )
        if not self._definitions.delete(KIND, name):
            raise NotFound(f"there is no policy {name!r}", hint="'logq policies list' lists them")
        self._changed()

    def policy(self, name: str) -> Policy:
        """A policy ready for decisions; raises NotFound or InvalidPolicy."""
        if is_builtin(name):
            return builtin(name)
        return document.parse(name, self.get(name).document)

    def held(self, names: Iterable[str]) -> tuple[Policy, ...]:
        """The policies of a key; none at all if one of them cannot be had.

        What is missing may have been a denial, so the rest must not stand without it.
        """
        try:
            return tuple(self.policy(name) for name in names)
        except LogQError:
            return ()
