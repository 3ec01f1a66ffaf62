"""Alarms, their states and their history."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.actions import alarm_states, alarms, mute_rules
from logq.alarms.history import Search
from logq.errors import InvalidValue, NotFound
from logq.server.rest.alarm_documents import AlarmDocument, ShownAlarm, shown
from logq.server.rest.asked import Range
from logq.server.rest.mute_rules import ShownMuteRule, shown_rule
from logq.server.rest.route import SegmentRoute
from logq.server.service import Service
from logq.units import parse_duration

Name = Annotated[str, Path(description="the name of an alarm", max_length=255)]
Type = Literal["metric", "log", "composite"]


class Alarms(BaseModel):
    """Alarms by name."""

    alarms: list[ShownAlarm]


class NewState(BaseModel):
    """A state for an alarm, until it is evaluated next."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
    reason: str = Field(default="set by hand", max_length=1_023)
    data: str | None = Field(default=None, max_length=4_000, description="a JSON object")


class Snooze(BaseModel):
    """How long an alarm is to be muted."""

    model_config = ConfigDict(extra="forbid")

    duration: str = Field(max_length=50, description="`30m`, `1h`, `2d`")


class HistoryItem(BaseModel):
    """Something that an alarm did."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    time: int = Field(description="epoch milliseconds")
    alarm: str
    alarm_type: str
    type: str
    summary: str
    data: str = Field(description="JSON")
    contributor: str | None
    attributes: dict[str, str] | None


class History(BaseModel):
    """What alarms did, newest first."""

    items: list[HistoryItem]
    next: str | None = Field(description="for `after`, if there is more")


class Contributor(BaseModel):
    """A series of an alarm that is in ALARM."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    attributes: dict[str, str]
    state: str
    reason: str
    value: float | None
    transitioned: int


class Contributors(BaseModel):
    """The series of an alarm that are in ALARM."""

    contributors: list[Contributor]


def router(service: Service) -> APIRouter:
    """The routes below ``/alarms``."""
    routes = APIRouter(prefix="/alarms", tags=["alarms"], route_class=SegmentRoute)

    @routes.get("", summary="List alarms")
    def list_alarms(
        request: Request,
        prefix: Annotated[str, Query(description="only those whose names begin so")] = "",
        type: Annotated[Type | None, Query(description="only those of this type")] = None,
        state: Annotated[
            Literal["OK", "ALARM", "INSUFFICIENT_DATA"] | None,
            Query(description="only those in this state"),
        ] = None,
    ) -> Alarms:
        """The alarms that the caller may see."""
        context = service.context(request)
        types = ["metric", "log", "composite"] if type is None else [type]
        found = alarms.describe_alarms(context, prefix=prefix, types=types, state=state)
        return Alarms(alarms=[shown(each, context.place) for each in found])

    @routes.get("/{name}", summary="Show an alarm")
    def show(request: Request, name: Name) -> ShownAlarm:
        """An alarm and its state."""
        context = service.context(request)
        return shown(alarms.get_alarm(context, name), context.place)

    @routes.put("/{name}", summary="Put an alarm")
    def put(request: Request, name: Name, document: AlarmDocument) -> ShownAlarm:
        """Make an alarm, or replace its definition; its state and tags stay then."""
        context = service.context(request)
        made = alarms.put_alarm(context, document.alarm(name, context.place))
        return shown(made, context.place)

    @routes.delete("/{name}", status_code=204, summary="Delete an alarm")
    def delete(request: Request, name: Name) -> None:
        """Delete an alarm; its history stays for 30 days."""
        if not alarms.delete_alarms(service.context(request), [name]):
            raise NotFound(f"there is no alarm {name!r}")

    @routes.post("/{name}/state", status_code=204, summary="Set the state of an alarm")
    def set_state(request: Request, name: Name, state: NewState) -> None:
        """Put an alarm into a state until its next evaluation; its actions run."""
        alarm_states.set_alarm_state(
            service.context(request), name, state.state, state.reason, data=state.data
        )

    @routes.post("/{name}/enable", status_code=204, summary="Enable the actions of an alarm")
    def enable(request: Request, name: Name) -> None:
        """Let an alarm tell its topics of every change from now on."""
        context = service.context(request)
        alarms.get_alarm(context, name)
        alarm_states.enable_alarm_actions(context, [name])

    @routes.post("/{name}/disable", status_code=204, summary="Disable the actions of an alarm")
    def disable(request: Request, name: Name) -> None:
        """Keep an alarm from telling anybody; it goes on changing."""
        context = service.context(request)
        alarms.get_alarm(context, name)
        alarm_states.disable_alarm_actions(context, [name])

    @routes.post("/{name}/mute", summary="Mute an alarm")
    def mute(request: Request, name: Name, snooze: Snooze) -> ShownMuteRule:
        """Mute one alarm from now on for some time."""
        context = service.context(request)
        rule = mute_rules.mute_alarm(context, name, parse_duration(snooze.duration))
        return shown_rule(rule, context.logq.clock())

    @routes.delete("/{name}/mute", status_code=204, summary="Unmute an alarm")
    def unmute(request: Request, name: Name) -> None:
        """Take back a mute; rules with other names stay."""
        if not mute_rules.unmute_alarm(service.context(request), name):
            raise NotFound(f"the alarm {name!r} is not muted by itself")

    @routes.get("/{name}/contributors", summary="Show the contributors of an alarm")
    def contributors(request: Request, name: Name) -> Contributors:
        """The series of an alarm that are in ALARM."""
        found = alarms.describe_alarm_contributors(service.context(request), name)
        return Contributors(contributors=[Contributor.model_validate(each) for each in found])

    @routes.get("/{name}/history", summary="Show the history of an alarm")
    def history(
        request: Request,
        name: Name,
        start: Annotated[str | None, Query(description="a time, as in queries")] = None,
        end: Annotated[str | None, Query(description="a time, as in queries")] = None,
        type: Annotated[str | None, Query(description="only items of this type")] = None,
        after: Annotated[str | None, Query(description="`next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=1_000, description="most items of a page")] = 100,
    ) -> History:
        """What an alarm did, newest first; also one that was deleted."""
        context = service.context(request)
        since, until = Range(start=start, end=end).bounds(context.logq.clock())
        wanted = Search(name, type, start=since, end=until, after=_place(after))
        found, last = alarms.describe_alarm_history(context, wanted, limit=limit)
        items = [HistoryItem.model_validate(each) for each in found]
        return History(items=items, next=f"{last.time}-{last.id}" if last else None)

    return routes


def _place(after: str | None) -> tuple[int, int] | None:
    """Time and id of the item behind which to go on."""
    if after is None:
        return None
    time, _, id = after.partition("-")
    if not (time.isdigit() and id.isdigit() and len(time) < 16 and len(id) < 16):
        raise InvalidValue(f"{after!r} is no place in a history", hint="pass what next was")
    return int(time), int(id)
