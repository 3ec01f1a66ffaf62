"""What a query asks for, as all routes that run queries take it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from logq.units import parse_time, parse_zone

TIME = (
    "ISO 8601 (without a zone: in `tz`), `YYYY-MM-DD`, epoch seconds or milliseconds, `now`, "
    "`-1h`, `today` or `yesterday`"
)
Time = Annotated[str | int | None, Field(description=TIME)]


class Range(BaseModel):
    """A range of event times; both ends belong to it."""

    model_config = ConfigDict(extra="forbid")

    start: Time = None
    end: Time = None
    tz: str = Field(
        default="UTC", description="zone of times that name none: `UTC` or `Europe/Berlin`"
    )

    def bounds(self, now: int) -> tuple[int | None, int | None]:
        """Epoch milliseconds; raises InvalidValue."""
        zone = parse_zone(self.tz)
        return (
            None if self.start is None else parse_time(str(self.start), now, zone),
            None if self.end is None else parse_time(str(self.end), now, zone, end=True),
        )


class Asked(Range):
    """A query over log groups."""

    query: str = Field(description='the query, for example `filter level = "ERROR"`')
    groups: list[str] = Field(
        default=[], description="names, ARNs and patterns with `*`; or name them with SOURCE"
    )


class Wanted(Asked):
    """A query and how much of its answer is wanted."""

    filter: str | None = Field(
        default=None, description="a filter pattern that events must match before the query"
    )
    limit: int | None = Field(
        default=None, ge=1, le=1_000_000_000, description="most rows; without it the query decides"
    )
    strict: bool | None = Field(
        default=None,
        description="refuse what CloudWatch refuses; without it the setting `compat` decides",
    )
    pointers: bool = Field(
        default=False, description="rows that are events have `@ptr`, for `/records` and `/context`"
    )
