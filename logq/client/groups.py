"""Log groups of a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from logq.client.server import Server, segment
from logq.model import LogGroup, LogStream

if TYPE_CHECKING:
    from types import EllipsisType


class Groups:
    """Make, find, change and delete log groups."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def create(
        self,
        name: str,
        retention_days: int | None = None,
        format: str = "auto",
        tags: Mapping[str, str] | None = None,
    ) -> LogGroup:
        """Make a log group; raises AlreadyExists or InvalidValue."""
        body = {"retention_days": retention_days, "format": format, "tags": dict(tags or {})}
        return LogGroup(**self._server.call("PUT", _path(name), json=body))

    def get(self, name: str) -> LogGroup:
        """A log group by its exact name; raises UnknownLogGroup."""
        return LogGroup(**self._server.call("GET", _path(name)))

    def list(self, pattern: str = "*") -> tuple[LogGroup, ...]:
        """The log groups whose names fit a pattern with ``*``, in name order."""
        found = self._server.call("GET", "/groups", params={"pattern": pattern})
        return tuple(LogGroup(**group) for group in found["groups"])

    def set(
        self,
        name: str,
        *,
        retention_days: int | EllipsisType | None = ...,
        format: str | None = None,
        tags: Mapping[str, str] | None = None,
        embedded_metrics: bool | None = None,
    ) -> LogGroup:
        """Change what is given; ``tags`` replace all that were there."""
        change: dict[str, Any] = {}
        if retention_days is not ...:
            change["retention_days"] = retention_days
        if format is not None:
            change["format"] = format
        if tags is not None:
            gone = dict.fromkeys(self.get(name).tags.keys() - tags.keys())
            change["tags"] = {**gone, **tags}
        if embedded_metrics is not None:
            change["embedded_metrics"] = embedded_metrics
        return LogGroup(**self._server.call("PATCH", _path(name), json=change))

    def delete(self, name: str) -> None:
        """Delete a log group with everything in it; raises UnknownLogGroup."""
        self._server.call("DELETE", _path(name))

    def create_stream(self, name: str, stream: str) -> None:
        """Make a log stream; raises UnknownLogGroup, AlreadyExists or InvalidValue."""
        self._server.call("PUT", f"{_path(name)}/streams/{segment(stream)}")

    def delete_stream(self, name: str, stream: str) -> None:
        """Delete a log stream and its events; raises UnknownLogStream or Protected."""
        self._server.call("DELETE", f"{_path(name)}/streams/{segment(stream)}")

    def streams(self, name: str) -> tuple[LogStream, ...]:
        """The streams of a log group, in name order."""
        streams: list[LogStream] = []
        more = True
        while more:
            after = {"after": streams[-1].name} if streams else {}
            found = self._server.call("GET", _path(name) + "/streams", params=after)
            streams += [LogStream(**stream) for stream in found["streams"]]
            more = found["more"]
        return tuple(streams)


def _path(name: str) -> str:
    return f"/groups/{segment(name)}"
