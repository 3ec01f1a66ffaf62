"""What is told of a pattern beside its text: values, samples, times, neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from logq.query.templates.counting import Pattern, missing_weight
from logq.query.templates.shapes import Buckets

MOST_VALUES = 10
"""The most values told of a token."""
SHOWN_SAMPLES = 5
MOST_RELATED = 5
COMPARED = 200
"""Only so many of the most frequent patterns are looked at for neighbours."""
NEAR = 0.5


def token_list(pattern: Pattern) -> list[dict[str, Any]]:
    """The parts of a pattern; of each value the most frequent texts, with about how often."""
    scale = missing_weight(pattern).get(0, 1.0)
    told: list[dict[str, Any]] = []
    for token in pattern.template.tokens:
        if not token.kind:
            told.append({"isDynamic": False, "tokenString": token.text})
            continue
        told.append(
            {
                "dynamicTokenPosition": token.number,
                "enumerations": frequent(token.counts[0], scale),
                "inferredTokenName": token.name,
                "isDynamic": True,
                "isErrorCode": token.is_status,
                "isNumeric": token.kind == "Number",
                "tokenString": token.text,
            }
        )
    return told


def frequent(counts: Mapping[str, float], scale: float) -> dict[str, int]:
    """The most frequent values and how many lines have them, by samples."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {value: max(1, round(count * scale)) for value, count in ranked[:MOST_VALUES]}


def sample_events(pattern: Pattern) -> list[dict[str, Any]]:
    """Some lines of a pattern: the newest of its samples."""
    texts = [(sample.time, sample.text) for sample in pattern.samples if sample.side == 0]
    newest = sorted(set(texts), key=lambda one: (-(one[0] or 0), one[1]))
    return [
        {"message": text} if time is None else {"timestamp": time, "message": text}
        for time, text in newest[:SHOWN_SAMPLES]
    ]


def visualization(pattern: Pattern, parts: Buckets | None) -> list[dict[str, int]]:
    """How many lines there are in each part of the time range, without empty parts."""
    if parts is None:
        return []
    return [
        {"timestamp": parts.start + number * parts.width, "count": count}
        for number, count in enumerate(pattern.buckets)
        if count
    ]


def related(patterns: Sequence[Pattern]) -> dict[str, list[str]]:
    """By pattern: the ids of those whose lines fall into the same parts of the time range."""
    found: dict[str, list[str]] = {pattern.template.id: [] for pattern in patterns}
    compared = [(one, _shares(one)) for one in patterns[:COMPARED]]
    for pattern, shares in compared:
        near = [
            (sum(map(min, shares, others)), other.template.id)
            for other, others in compared
            if other is not pattern
        ]
        ranked = sorted((one for one in near if one[0] >= NEAR), key=lambda one: (-one[0], one[1]))
        found[pattern.template.id] = [name for _, name in ranked[:MOST_RELATED]]
    return found


def _shares(pattern: Pattern) -> list[float]:
    total = sum(pattern.buckets) or 1
    return [count / total for count in pattern.buckets]
