"""Trying an alarm on what is stored."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from logq.actions.alarms import get_alarm
from logq.actions.backtest import backtest_alarm
from logq.errors import InvalidValue
from logq.server.rest.alarm_documents import AlarmDocument
from logq.server.rest.asked import Range
from logq.server.service import Service

_MONTH_MS = 30 * 86_400_000


class Trial(Range):
    """An alarm, by its definition or by its name, and what to try it on."""

    name: str = Field(default="trial", min_length=1, max_length=255)
    definition: AlarmDocument | None = Field(
        default=None, description="without it, that of the alarm with the name"
    )
    groups: list[Annotated[str, Field(max_length=1_024)]] = Field(
        default=[], max_length=50, description="count the metric from events of these log groups"
    )
    pattern: str | None = Field(
        default=None, max_length=1_024, description="through this filter pattern"
    )
    value: str = Field(default="1", max_length=100, description="`1`, or a reference `$.latency`")


class Step(BaseModel):
    """A change of state that would have been."""

    time: int = Field(description="epoch milliseconds")
    before: str
    after: str
    reason: str


class Outcome(BaseModel):
    """What the alarm would have done."""

    start: int
    end: int
    pages: int = Field(description="how often it would have gone off")
    alarm_ms: int = Field(description="how long it would have been in ALARM")
    steps: list[Step]
    points: list[tuple[int, float | None]] = Field(
        description="start of each period, epoch milliseconds, and the value in it"
    )


def router(service: Service) -> APIRouter:
    """The route of backtests."""
    routes = APIRouter(tags=["alarms"])

    @routes.post("/alarms/backtest", summary="Try an alarm on stored data")
    def backtest(request: Request, trial: Trial) -> Outcome:
        """Every change of state that an alarm would have made; without a start, in 30 days."""
        context = service.context(request)
        now = context.logq.clock()
        start, end = trial.bounds(now)
        if trial.definition is not None:
            alarm = trial.definition.alarm(trial.name, context.place)
        else:
            alarm = get_alarm(context, trial.name).alarm
        until = now if end is None else end
        since = until - _MONTH_MS if start is None else start
        if min(since, until) < 0:
            raise InvalidValue("a backtest does not go back beyond 1970")
        found = backtest_alarm(
            context,
            alarm,
            start=since,
            end=until,
            groups=trial.groups,
            pattern=trial.pattern,
            value=trial.value,
        )
        return Outcome.model_validate(found)

    return routes
