"""Syslog over the network, as a part of a running server."""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from logq.actions.context import Context, Origin
from logq.actions.events import accept_events
from logq.arns import Place
from logq.server.service import Service
from logq.server.syslog.listeners import Listeners, listening
from logq.server.syslog.options import SyslogOptions, read_options
from logq.server.syslog.reading import Received, events
from logq.server.syslog.spool import Counters, Spool, Store

__all__ = ["SyslogOptions", "read_options", "running"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes in the name of all senders of syslog: may write to one log group only."""

    place: Place
    group: str
    name: str = "syslog"
    kind: str = "service"
    key_id: str | None = None

    def allows(
        self, action: str, resource: str, conditions: Mapping[str, str] | None = None
    ) -> bool:
        """Whether an action is needed to store what came."""
        arn = self.place.log_group(self.group)
        if action == "logs:CreateLogGroup":
            return resource == arn
        return action == "logs:PutLogEvents" and resource.startswith(f"{arn}:log-stream:")


@asynccontextmanager
async def running(service: Service, options: SyslogOptions) -> AsyncIterator[Listeners]:
    """Listeners that store into the log group of the options, until the block ends."""
    if not options.wanted:
        yield Listeners()
        return
    counters = Counters()
    _figures(service, counters)
    spool = Spool(storing(service, options.group), counters)
    async with listening(options, spool, limit=service.logq.settings.max_event_bytes) as found:
        for kind in ("tcp", "udp", "tls"):
            address = getattr(found, kind)
            if address is not None:
                fields = {kind: str(address), "group": options.group}
                _LOG.info("syslog over %s on %s", kind.upper(), address, extra={"fields": fields})
        yield found
    dropped = counters.dropped.total()
    level = logging.WARNING if dropped else logging.INFO
    _LOG.log(
        level,
        "syslog: %d messages received, %d stored, %d dropped",
        counters.received,
        counters.stored,
        dropped,
        extra={"fields": {"dropped": dict(counters.dropped), "cut": counters.cut}},
    )


def _figures(service: Service, counters: Counters) -> None:
    for name, help, read in (
        ("received", "Syslog messages that came in.", lambda: counters.received),
        ("stored", "Syslog messages made durable.", lambda: counters.stored),
        ("dropped", "Syslog messages that are lost.", counters.dropped.total),
        ("cut", "Syslog messages that were too long and lost their end.", lambda: counters.cut),
        ("connections", "Open connections of syslog.", lambda: counters.connections),
        ("refused", "Connections of syslog that were too many.", lambda: counters.refused),
    ):
        service.figures.gauge(f"logq_syslog_{name}", help, read)


def storing(service: Service, group: str) -> Store:
    """How messages become durable events of a log group."""
    caller = Sender(service.logq.place, group)

    def store(received: Sequence[Received]) -> None:
        origin = Origin(str(uuid.uuid4()), received[0].sender)
        context = Context(service.logq, caller, origin, service.pool, service.recorder)
        for incoming in events(received):
            accept_events(context, group, incoming, create=True)

    return store
