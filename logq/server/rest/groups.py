"""Log groups and their streams."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.actions.context import Context
from logq.actions.groups import (
    create_log_group,
    delete_log_group,
    delete_retention_policy,
    describe_log_groups,
    put_deletion_protection,
    put_retention_policy,
    set_embedded_metrics,
    set_format,
    show_log_group,
)
from logq.actions.streams import create_log_stream, delete_log_stream, describe_log_streams
from logq.actions.tags import tag_log_group, untag_log_group
from logq.ingest.format import format_named
from logq.model import LogGroup, LogStream
from logq.server.rest.route import SegmentRoute
from logq.server.service import Service

Group = Annotated[str, Path(description="the name of a log group, with `/` as `%2F`")]

Stream = Annotated[str, Path(description="the name of a log stream, with `/` as `%2F`")]


class Groups(BaseModel):
    """Log groups in name order."""

    groups: list[LogGroup]


class Streams(BaseModel):
    """Log streams in name order."""

    streams: list[LogStream]
    more: bool = Field(description="whether others follow; ask again with the last one as `after`")


class NewGroup(BaseModel):
    """What a log group begins with."""

    model_config = ConfigDict(extra="forbid")

    retention_days: int | None = Field(
        default=None, description="events expire then; null keeps them"
    )
    format: str = Field(default="auto", description="as `logq help formats`")
    tags: dict[str, str] = {}


class GroupChange(BaseModel):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    retention_days: int | None = Field(default=None, description="null keeps events for ever")
    format: str = Field(default="", description="as `logq help formats`")
    tags: dict[str, str | None] = Field(default={}, description="null takes a tag off, others stay")
    protected: bool = Field(default=False, description="whether the log group may not be deleted")
    embedded_metrics: bool = Field(
        default=False, description="whether events may name metrics in the embedded metric format"
    )


def router(service: Service) -> APIRouter:
    """The routes below ``/groups``."""
    routes = APIRouter(prefix="/groups", tags=["groups"], route_class=SegmentRoute)

    @routes.get("", summary="List log groups")
    def list_groups(
        request: Request,
        pattern: Annotated[str, Query(description="only these; `*` stands for any text")] = "*",
    ) -> Groups:
        """The log groups that the caller may see."""
        return Groups(groups=list(describe_log_groups(service.context(request), pattern)))

    @routes.get("/{group}", summary="Show a log group")
    def show(request: Request, group: Group) -> LogGroup:
        """One log group."""
        return show_log_group(service.context(request), group)

    @routes.put("/{group}", status_code=201, summary="Create a log group")
    def create(request: Request, group: Group, new: NewGroup | None = None) -> LogGroup:
        """Make a log group; one that is there already is not changed."""
        new = new or NewGroup()
        return create_log_group(
            service.context(request),
            group,
            retention_days=new.retention_days,
            format=_format(new.format),
            tags=new.tags,
        )

    @routes.patch("/{group}", summary="Change a log group")
    def change(request: Request, group: Group, change: GroupChange) -> LogGroup:
        """Change what is given; each part asks for its own permission."""
        context = service.context(request)
        found = show_log_group(context, group)
        _change(context, group, change)
        return show_log_group(context, group) if change.model_fields_set else found

    @routes.delete("/{group}", status_code=204, summary="Delete a log group")
    def delete(request: Request, group: Group) -> None:
        """Delete a log group with every event in it."""
        delete_log_group(service.context(request), group)

    @routes.get("/{group}/streams", summary="List the streams of a log group")
    def streams(
        request: Request,
        group: Group,
        prefix: Annotated[str, Query(description="only streams whose names begin so")] = "",
        after: Annotated[str, Query(description="only streams after this one")] = "",
        limit: Annotated[int, Query(ge=1, le=10_000, description="at most so many")] = 1_000,
    ) -> Streams:
        """Streams with the times of their first and last event (epoch milliseconds)."""
        found = describe_log_streams(service.context(request), group, prefix)
        found = tuple(stream for stream in found if not after or stream.name > after)
        return Streams(streams=list(found[:limit]), more=len(found) > limit)

    @routes.put("/{group}/streams/{stream}", status_code=204, summary="Create a log stream")
    def create_stream(request: Request, group: Group, stream: Stream) -> None:
        """Make an empty log stream; events make theirs themselves."""
        create_log_stream(service.context(request), group, stream)

    @routes.delete("/{group}/streams/{stream}", status_code=204, summary="Delete a log stream")
    def delete_stream(request: Request, group: Group, stream: Stream) -> None:
        """Delete a log stream with every event in it."""
        delete_log_stream(service.context(request), group, stream)

    return routes


def _format(name: str) -> str:
    """The name, if there is such a format; raises InvalidValue."""
    if name != "auto":
        format_named(name)
    return name


def _change(context: Context, group: str, change: GroupChange) -> None:
    given: dict[str, Any] = change.model_dump(exclude_unset=True)
    if "format" in given:
        set_format(context, group, _format(change.format))
    if "retention_days" in given:
        if change.retention_days is None:
            delete_retention_policy(context, group)
        else:
            put_retention_policy(context, group, change.retention_days)
    if "protected" in given:
        put_deletion_protection(context, group, change.protected)
    if "embedded_metrics" in given:
        set_embedded_metrics(context, group, change.embedded_metrics)
    if added := {key: value for key, value in change.tags.items() if value is not None}:
        tag_log_group(context, group, added)
    if removed := [key for key, value in change.tags.items() if value is None]:
        untag_log_group(context, group, removed)
