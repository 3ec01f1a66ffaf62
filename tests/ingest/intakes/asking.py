"""What tests ask of decoded requests."""

from __future__ import annotations

from logq.ingest.intake import Delivery


def streams(delivery: Delivery) -> list[str]:
    """The log stream of each event."""
    named = delivery.incoming.streams
    if isinstance(named, str):
        return [named] * len(delivery.items)
    names: list[str] = named.to_pylist()
    return names


def labels(delivery: Delivery) -> list[str | None]:
    """The labels of each event."""
    if delivery.incoming.labels is None:
        return [None] * len(delivery.items)
    texts: list[str | None] = delivery.incoming.labels.to_pylist()
    return texts
