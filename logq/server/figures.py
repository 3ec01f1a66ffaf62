"""What LogQ says of itself to Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from logq.model import Accepted

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Figures:
    """The counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "logq_http_requests",
            "Requests that were answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "logq_http_request_seconds",
            "Time until the answer of a request began.",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._events = Counter(
            "logq_events_accepted", "Events made durable.", registry=self.registry
        )
        self._bytes = Counter(
            "logq_bytes_accepted", "Bytes of messages made durable.", registry=self.registry
        )
        self._refused = Counter(
            "logq_requests_refused",
            "Requests refused for want of room.",
            ["limit"],
            registry=self.registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; ``route`` is its pattern, never its path."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def accepted(self, accepted: Accepted) -> None:
        """Events were stored."""
        self._events.inc(accepted.events)
        self._bytes.inc(accepted.bytes)

    def refused(self, limit: str) -> None:
        """A request met this setting's limit."""
        self._refused.labels(limit).inc()

    def gauge(self, name: str, help: str, read: Callable[[], float]) -> None:
        """A figure that is read when it is asked for."""
        self.registry.register(_Read(name, help, read))

    def text(self) -> bytes:
        """All figures in Prometheus' format."""
        return generate_latest(self.registry)


class _Read(Collector):
    def __init__(self, name: str, help: str, read: Callable[[], float]) -> None:
        self._name = name
        self._help = help
        self._read = read

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(self._name, self._help, value=self._read())
