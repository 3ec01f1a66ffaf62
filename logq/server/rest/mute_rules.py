"""Mute rules: when which alarms tell nobody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.actions import mute_rules
from logq.alarms.mute import MuteRule
from logq.errors import NotFound
from logq.server.rest.route import SegmentRoute
from logq.server.service import Service

Name = Annotated[str, Path(description="the name of a mute rule", max_length=255)]
Moment = Annotated[int, Field(ge=0, le=253_402_300_799_000)]


class MuteDocument(BaseModel):
    """When which alarms are muted: those named, those by prefix and those with all tags."""

    model_config = ConfigDict(extra="forbid")

    expression: str = Field(
        max_length=256, description="`cron(0 2 * * SUN)` or `at(2026-01-31T10:00)`"
    )
    duration: str = Field(max_length=50, description="ISO 8601: `PT4H`, `P2DT12H`")
    zone: str = Field(default="UTC", max_length=50)
    names: list[str] = Field(default=[], max_length=100)
    prefix: str | None = Field(default=None, max_length=255, description="empty for all alarms")
    tags: dict[str, str] = Field(default={}, max_length=50)
    start: Moment | None = Field(default=None, description="epoch milliseconds")
    expire: Moment | None = Field(default=None, description="epoch milliseconds")
    description: str = Field(default="", max_length=1_024)


class ShownMuteRule(MuteDocument):
    """A mute rule."""

    name: str
    status: str = Field(description="`SCHEDULED`, `ACTIVE` or `EXPIRED`")
    updated: int


class MuteRules(BaseModel):
    """Mute rules by name."""

    mute_rules: list[ShownMuteRule]


def shown_rule(rule: MuteRule, now: int) -> ShownMuteRule:
    """A mute rule as the API shows it."""
    return ShownMuteRule(
        name=rule.name,
        expression=rule.expression,
        duration=rule.duration,
        zone=rule.zone,
        names=list(rule.names),
        prefix=rule.prefix,
        tags=dict(rule.tags),
        start=rule.start,
        expire=rule.expire,
        description=rule.description,
        status=rule.status(now),
        updated=rule.updated,
    )


def router(service: Service) -> APIRouter:
    """The routes below ``/mute-rules``."""
    routes = APIRouter(prefix="/mute-rules", tags=["alarms"], route_class=SegmentRoute)

    @routes.get("", summary="List mute rules")
    def list_rules(
        request: Request,
        alarm: Annotated[str | None, Query(description="only those about this alarm")] = None,
    ) -> MuteRules:
        """The mute rules that the caller may see."""
        context = service.context(request)
        now = context.logq.clock()
        found = mute_rules.list_mute_rules(context, alarm)
        return MuteRules(mute_rules=[shown_rule(each, now) for each in found])

    @routes.get("/{name}", summary="Show a mute rule")
    def show(request: Request, name: Name) -> ShownMuteRule:
        """A mute rule."""
        context = service.context(request)
        return shown_rule(mute_rules.get_mute_rule(context, name), context.logq.clock())

    @routes.put("/{name}", summary="Put a mute rule")
    def put(request: Request, name: Name, document: MuteDocument) -> ShownMuteRule:
        """Make or replace a mute rule."""
        context = service.context(request)
        rule = MuteRule(
            name,
            document.expression,
            document.duration,
            document.zone,
            tuple(document.names),
            document.prefix,
            document.tags,
            document.start,
            document.expire,
            document.description,
        )
        return shown_rule(mute_rules.put_mute_rule(context, rule), context.logq.clock())

    @routes.delete("/{name}", status_code=204, summary="Delete a mute rule")
    def delete(request: Request, name: Name) -> None:
        """Delete a mute rule; what it kept back and still holds is told then."""
        if not mute_rules.delete_mute_rule(service.context(request), name):
            raise NotFound(f"there is no mute rule {name!r}")

    return routes
