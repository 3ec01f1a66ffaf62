"""Keys, policies and the proof of the audit, for administrators."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.access.keys import Form, Key
from logq.actions.audit import verify_audit
from logq.actions.keys import create_key, list_keys, revoke_key
from logq.actions.policies import (
    delete_policy,
    get_policy,
    list_policies,
    put_policy,
    test_policy,
)
from logq.server.rest.asked import Range
from logq.server.rest.fields import End, Start, Zone
from logq.server.service import Service

KeyId = Annotated[str, Path(description="the id of a key", max_length=200)]
Name = Annotated[str, Path(description="the name of a policy", max_length=200)]


class KnownKey(BaseModel):
    """A key without its secret; times in epoch milliseconds."""

    id: str
    name: str = Field(description="whose it is")
    form: Form
    policies: tuple[str, ...]
    boundary: str | None
    created: int
    expires: int | None
    revoked: int | None
    used: int | None = Field(description="when it was last used, to the minute")
    state: str = Field(description="active, expired or revoked")


class Keys(BaseModel):
    """Keys, oldest first."""

    keys: list[KnownKey]


class WantedKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="whose it is", max_length=200)
    policies: list[str] = Field(description="names of policies", max_length=50)
    form: Form = Field(default=Form.TOKEN, description="access keys sign, tokens are sent")
    boundary: str | None = Field(default=None, description="a policy that limits the others")
    days: int | None = Field(default=None, ge=1, le=36_500, description="how long it is valid")


class MadeKey(BaseModel):
    """A key just made."""

    key: KnownKey
    secret: str = Field(description="shown now and never again")


class Verdict(BaseModel):
    """Whether a key may do something."""

    allowed: bool
    reason: str = Field(description="which rule of which policy says so")


class KnownPolicy(BaseModel):
    """A policy as it was written."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    document: dict[str, Any] = Field(description="as IAM writes it")
    builtin: bool
    updated: int | None = Field(description="epoch milliseconds; null for a built-in one")


class Policies(BaseModel):
    """Policies, built-in ones first."""

    policies: list[KnownPolicy]


class AuditFinding(BaseModel):
    """Something that is not as it was written."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    sequence: int | None
    text: str


class AuditReport(BaseModel):
    """What a check of the audit has found."""

    model_config = ConfigDict(from_attributes=True)

    records: int
    first: int | None = Field(description="the number of the oldest record")
    last: int | None
    digests: int
    signed: int = Field(description="the last record that a digest signs")
    findings: list[AuditFinding]
    more: bool = Field(description="whether there are findings that are not listed")


def router(service: Service) -> APIRouter:
    """The routes ``/keys``, ``/policies`` and ``/audit/verify``."""
    routes = APIRouter(tags=["access"])

    def shown(key: Key) -> KnownKey:
        return KnownKey(
            id=key.id,
            name=key.name,
            form=key.form,
            policies=key.policies,
            boundary=key.boundary,
            created=key.created,
            expires=key.expires,
            revoked=key.revoked,
            used=key.used,
            state=key.state(service.logq.clock()),
        )

    @routes.get("/keys", summary="List keys")
    def keys(request: Request) -> Keys:
        """The keys that the caller may see, also revoked ones."""
        return Keys(keys=[shown(key) for key in list_keys(service.context(request))])

    @routes.post("/keys", status_code=201, summary="Make a key")
    def make(request: Request, wanted: WantedKey) -> MadeKey:
        """Make a key; its secret is in this answer and nowhere else."""
        made = create_key(
            service.context(request),
            wanted.name,
            wanted.policies,
            wanted.form,
            boundary=wanted.boundary,
            days=wanted.days,
        )
        return MadeKey(key=shown(made.key), secret=made.secret)

    @routes.delete("/keys/{key_id}", summary="Revoke a key")
    def revoke(request: Request, key_id: KeyId) -> KnownKey:
        """Make a key invalid for ever."""
        return shown(revoke_key(service.context(request), key_id))

    @routes.get("/keys/{key_id}/test", summary="Test what a key may do")
    def test(
        request: Request,
        key_id: KeyId,
        action: Annotated[str, Query(description="for example `logs:StartQuery`")],
        resource: Annotated[str, Query(description="an ARN or the name of a log group")],
    ) -> Verdict:
        """What the key's policies say to an action on a resource, and which rule says it."""
        found = test_policy(service.context(request), key_id, action, resource)
        return Verdict(allowed=found.allowed, reason=found.reason)

    @routes.get("/policies", summary="List policies")
    def policies(request: Request) -> Policies:
        """The policies that the caller may see."""
        found = list_policies(service.context(request))
        return Policies(policies=[KnownPolicy.model_validate(each) for each in found])

    @routes.get("/policies/{name}", summary="Show a policy")
    def show(request: Request, name: Name) -> KnownPolicy:
        """One policy."""
        return KnownPolicy.model_validate(get_policy(service.context(request), name))

    @routes.put("/policies/{name}", summary="Put a policy")
    def put(request: Request, name: Name, document: dict[str, Any]) -> KnownPolicy:
        """Make or replace a policy; the body is its document."""
        text = json.dumps(document)
        return KnownPolicy.model_validate(put_policy(service.context(request), name, text))

    @routes.delete("/policies/{name}", status_code=204, summary="Delete a policy")
    def delete(request: Request, name: Name) -> None:
        """Delete a policy that no key has."""
        delete_policy(service.context(request), name)

    @routes.get("/audit/verify", summary="Prove the audit")
    def verify(
        request: Request,
        start: Start = None,
        end: End = None,
        tz: Zone = "UTC",
    ) -> AuditReport:
        """Prove that no record of the audit between two times is missing or changed."""
        within = Range(start=start, end=end, tz=tz).bounds(service.logq.clock())
        return AuditReport.model_validate(verify_audit(service.context(request), *within))

    return routes
