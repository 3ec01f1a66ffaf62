"""Keys, policies and the proof of the audit of a server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logq.client.server import Server, segment
from logq.errors import NotFound

if TYPE_CHECKING:
    from logq.access.keys import Key, NewKey
    from logq.access.policies import Written
    from logq.access.policy import Decision
    from logq.audit.verify import Report


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of a saved query that is filled in when it runs."""

    name: str
    default: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved query of the server."""

    id: str
    name: str
    text: str
    groups: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    updated: int
    """Epoch milliseconds."""


@dataclass(frozen=True, slots=True)
class Table:
    """A lookup table of the server."""

    name: str
    csv: str
    """Empty in a list."""
    columns: tuple[str, ...]
    rows: int
    bytes: int
    updated: int
    """Epoch milliseconds."""


class Administration:
    """What an administrator does, done by a server; values are those of a data directory."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def create_key(
        self,
        name: str,
        policies: Sequence[str],
        form: str,
        *,
        boundary: str | None = None,
        days: int | None = None,
    ) -> NewKey:
        """Make a key; raises InvalidValue and NotFound."""
        from logq.access.keys import NewKey

        wanted: dict[str, Any] = {"name": name, "policies": list(policies), "form": form}
        given = {"boundary": boundary, "days": days}
        wanted |= {name: value for name, value in given.items() if value is not None}
        made = self._server.call("POST", "/keys", json=wanted)
        return NewKey(_key(made["key"]), made["secret"])

    def list_keys(self) -> tuple[Key, ...]:
        """The keys, oldest first."""
        return tuple(_key(one) for one in self._server.call("GET", "/keys")["keys"])

    def get_key(self, key_id: str) -> Key:
        """One key; raises NotFound."""
        found = [key for key in self.list_keys() if key.id == key_id]
        if not found:
            raise NotFound(f"there is no key {key_id!r}", hint="'logq keys list' lists them")
        return found[0]

    def revoke_key(self, key_id: str) -> Key:
        """Make a key invalid for ever; raises NotFound."""
        return _key(self._server.call("DELETE", f"/keys/{segment(key_id)}"))

    def put_policy(self, name: str, document: str) -> Written:
        """Make or replace a policy; raises InvalidPolicy."""
        from logq.access.document import read

        read(name, document)  # tells line and column, which the server does not see
        return _written(self._server.call("PUT", _policy(name), json=json.loads(document)))

    def list_policies(self) -> tuple[Written, ...]:
        """The policies, built-in ones first."""
        return tuple(_written(one) for one in self._server.call("GET", "/policies")["policies"])

    def get_policy(self, name: str) -> Written:
        """One policy; raises NotFound."""
        return _written(self._server.call("GET", _policy(name)))

    def delete_policy(self, name: str) -> None:
        """Delete a policy that no key has."""
        self._server.call("DELETE", _policy(name))

    def test_policy(self, key_id: str, action: str, resource: str) -> Decision:
        """What a key may do and why; the resource is an ARN or the name of a log group."""
        from logq.access.policy import Decision

        params = {"action": action, "resource": resource}
        return Decision(**self._server.call("GET", f"/keys/{segment(key_id)}/test", params=params))

    def put_table(self, name: str, csv: str) -> Table:
        """Make or replace a lookup table; raises InvalidValue."""
        return _table(self._server.call("PUT", _tables(name), json={"csv": csv}))

    def list_tables(self) -> tuple[Table, ...]:
        """The lookup tables in name order, without their rows."""
        return tuple(_table(one) for one in self._server.call("GET", "/tables")["tables"])

    def get_table(self, name: str) -> Table:
        """One lookup table; raises NotFound."""
        return _table(self._server.call("GET", _tables(name)))

    def delete_table(self, name: str) -> None:
        """Delete a lookup table; raises NotFound."""
        self._server.call("DELETE", _tables(name))

    def save_query(
        self, name: str, text: str, groups: Sequence[str], parameters: Mapping[str, str | None]
    ) -> Saved:
        """Save a query under a name, with its parameters and their defaults."""
        named = [{"name": each, "default": default} for each, default in parameters.items()]
        wanted = {"query": text, "groups": list(groups), "parameters": named}
        return _saved(self._server.call("PUT", f"/saved-queries/{segment(name)}", json=wanted))

    def list_queries(self) -> tuple[Saved, ...]:
        """The saved queries in name order."""
        return tuple(_saved(one) for one in self._server.call("GET", "/saved-queries")["queries"])

    def get_query(self, name: str) -> Saved:
        """One saved query; raises NotFound."""
        return _saved(self._server.call("GET", f"/saved-queries/{segment(name)}"))

    def delete_query(self, name: str) -> None:
        """Delete a saved query; raises NotFound."""
        self._server.call("DELETE", f"/saved-queries/{segment(name)}")

    def verify_audit(self, start: int | None = None, end: int | None = None) -> Report:
        """Prove the audit between two times (epoch ms)."""
        from logq.audit.verify import Finding, Report

        times = {"start": start, "end": end}
        params = {name: str(time) for name, time in times.items() if time is not None}
        found = self._server.call("GET", "/audit/verify", params=params, patient=True)
        findings = [Finding(**one) for one in found.pop("findings")]
        return Report(**found, findings=findings)


def _saved(found: dict[str, Any]) -> Saved:
    parameters = tuple(Parameter(**one) for one in found["parameters"])
    return Saved(**{**found, "groups": tuple(found["groups"]), "parameters": parameters})


def _table(found: dict[str, Any]) -> Table:
    known = {"csv": found.get("csv", "")}
    kept = ("name", "rows", "bytes", "updated")
    return Table(**known, columns=tuple(found["columns"]), **{name: found[name] for name in kept})


def _tables(name: str) -> str:
    return f"/tables/{segment(name)}"


def _policy(name: str) -> str:
    return f"/policies/{segment(name)}"


def _key(found: dict[str, Any]) -> Key:
    from logq.access.keys import Form, Key

    known = {name: value for name, value in found.items() if name != "state"}
    return Key(**{**known, "form": Form(found["form"]), "policies": tuple(found["policies"])})


def _written(found: dict[str, Any]) -> Written:
    from logq.access.policies import Written

    return Written(**found)
