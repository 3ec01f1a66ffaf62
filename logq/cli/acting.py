"""Keys, policies, tables and audit from the command line: here, or by a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from logq.access.keys import Key, NewKey
    from logq.access.policies import Written
    from logq.access.policy import Decision
    from logq.actions.context import Context
    from logq.actions.lookup_tables import LookupTable
    from logq.actions.saved_queries import SavedQuery
    from logq.app import LogQ
    from logq.audit.verify import Report
    from logq.cli.session import Session
    from logq.client.administration import Administration
    from logq.work.job import Job


@contextmanager
def administrating(run: Session, *, create: bool = False) -> Iterator[Here | Administration]:
    """Whoever carries out what an administrator asks for; each call is audited."""
    from logq.app import LogQ

    with run.open(create=create) as opened:
        if isinstance(opened, LogQ):
            yield Here(_context(opened))
        else:
            from logq.client.administration import Administration

            yield Administration(opened.server)


class Here:
    """Actions on a data directory; whoever can write to it may do everything."""

    def __init__(self, context: Context) -> None:
        self._context = context

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
        from logq.actions.keys import create_key

        return create_key(self._context, name, policies, form, boundary=boundary, days=days)

    def list_keys(self) -> tuple[Key, ...]:
        """The keys, oldest first."""
        from logq.actions.keys import list_keys

        return list_keys(self._context)

    def get_key(self, key_id: str) -> Key:
        """One key; raises NotFound."""
        return self._context.logq.access.keys.get(key_id)

    def revoke_key(self, key_id: str) -> Key:
        """Make a key invalid for ever; raises NotFound."""
        from logq.actions.keys import revoke_key

        return revoke_key(self._context, key_id)

    def put_policy(self, name: str, document: str) -> Written:
        """Make or replace a policy; raises InvalidPolicy."""
        from logq.actions.policies import put_policy

        return put_policy(self._context, name, document)

    def list_policies(self) -> tuple[Written, ...]:
        """The policies, built-in ones first."""
        from logq.actions.policies import list_policies

        return list_policies(self._context)

    def get_policy(self, name: str) -> Written:
        """One policy; raises NotFound."""
        from logq.actions.policies import get_policy

        return get_policy(self._context, name)

    def delete_policy(self, name: str) -> None:
        """Delete a policy that no key has."""
        from logq.actions.policies import delete_policy

        delete_policy(self._context, name)

    def test_policy(self, key_id: str, action: str, resource: str) -> Decision:
        """What a key may do and why; the resource is an ARN or the name of a log group."""
        from logq.actions.policies import test_policy

        return test_policy(self._context, key_id, action, resource)

    def put_table(self, name: str, csv: str) -> LookupTable:
        """Make or replace a lookup table; raises InvalidValue."""
        from logq.actions.lookup_tables import put_lookup_table

        return put_lookup_table(self._context, name, csv)

    def list_tables(self) -> tuple[LookupTable, ...]:
        """The lookup tables in name order."""
        from logq.actions.lookup_tables import list_lookup_tables

        return list_lookup_tables(self._context)

    def get_table(self, name: str) -> LookupTable:
        """One lookup table; raises NotFound."""
        from logq.actions.lookup_tables import get_lookup_table

        return get_lookup_table(self._context, name)

    def delete_table(self, name: str) -> None:
        """Delete a lookup table; raises NotFound."""
        from logq.actions.lookup_tables import delete_lookup_table

        delete_lookup_table(self._context, name)

    def save_query(
        self, name: str, text: str, groups: Sequence[str], parameters: Mapping[str, str | None]
    ) -> SavedQuery:
        """Save a query under a name, with its parameters and their defaults."""
        from logq.actions.saved_queries import QueryParameter, save_query

        named = [QueryParameter(each, default) for each, default in parameters.items()]
        return save_query(self._context, name, text, groups=groups, parameters=named, replace=True)

    def list_queries(self) -> tuple[SavedQuery, ...]:
        """The saved queries in name order."""
        from logq.actions.saved_queries import list_saved_queries

        return list_saved_queries(self._context)

    def get_query(self, name: str) -> SavedQuery:
        """One saved query; raises NotFound."""
        from logq.actions.saved_queries import get_saved_query

        return get_saved_query(self._context, name)

    def delete_query(self, name: str) -> None:
        """Delete a saved query; raises NotFound."""
        from logq.actions.saved_queries import delete_saved_query

        delete_saved_query(self._context, name=name)

    def verify_audit(self, start: int | None = None, end: int | None = None) -> Report:
        """Prove the audit between two times (epoch ms)."""
        from logq.actions.audit import verify_audit

        return verify_audit(self._context, start, end)


class _NoWorkers:
    """The command line runs its queries by itself."""

    def start(self, job: Job, owner: str) -> NoReturn:
        raise NotImplementedError(f"no worker for {job.kind}")


def _context(logq: LogQ) -> Context:
    import uuid

    from logq.access.caller import ADMINISTRATOR
    from logq.actions.context import Context, Origin
    from logq.cli import version
    from logq.cli.asking import user

    agent = f"logq/{version()} ({user()})"
    origin = Origin(str(uuid.uuid4()), "127.0.0.1", agent)
    return Context(logq, ADMINISTRATOR, origin, _NoWorkers(), logq.audit)
