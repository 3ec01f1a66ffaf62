"""The state of an alarm from the points in its evaluation range, missing ones too.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum


class State(StrEnum):
    """What an alarm says."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Slot(StrEnum):
    """What lies in one period of the evaluation range."""

    OK = "ok"
    BREACH = "breach"
    MISSING = "missing"


class Missing(StrEnum):
    """How periods without a point are treated, in CloudWatch's words."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


SPARSE_BREACH: State | None = None
"""What becomes of an alarm whose only points breach but are too few and too young: it is retained.

CloudWatch promises only that it does not go to ALARM now. An all-clear on a breach would be wrong.
"""


def evaluate(slots: Sequence[Slot], n: int, m: int, missing: Missing) -> State | None:
    """The state after M of N; None to retain the one before. ``slots`` has the newest last."""
    real = [(age, slot) for age, slot in enumerate(reversed(slots), 1) if slot != Slot.MISSING]
    if len(real) >= n:  # enough points: how missing ones are treated does not matter
        breaches = sum(slot == Slot.BREACH for _, slot in real[:n])
        return State.ALARM if breaches >= m else State.OK
    breaches = sum(slot == Slot.BREACH for _, slot in real)
    if missing == Missing.BREACHING:
        return State.ALARM if breaches + n - len(real) >= m else State.OK
    if missing == Missing.NOT_BREACHING:
        return State.ALARM if breaches >= m else State.OK
    if not real:
        return State.INSUFFICIENT_DATA if missing == Missing.MISSING else None
    if breaches >= m:
        return State.ALARM
    if breaches < len(real):
        return State.OK
    if real[-1][0] >= m:  # the oldest breach could be the first of M: do not wait for the others
        return State.ALARM if missing == Missing.MISSING else None
    return SPARSE_BREACH


def fewest_samples(stat: str) -> int:
    """How many samples a percentile needs to say something; 0 for any other statistic.

    10 / (1 - p) from the median upwards, 10 / p below it.
    """
    digits = stat.removeprefix("p")
    if not stat.startswith("p") or not digits.replace(".", "", 1).isdigit():
        return 0
    share = Decimal(digits) / 100
    tail = 1 - share if share >= Decimal("0.5") else share
    return int((10 / tail).to_integral_value("ROUND_HALF_UP")) if tail else 0
