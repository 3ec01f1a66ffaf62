"""Conditions of a policy's statement: operators over what is known of a request.

The rules are those of the IAM user guide, "IAM JSON policy elements: Condition": operators and
keys are ANDed, values ORed; a key that a request does not have makes an operator false and a
negated one true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import IPv6Address, ip_address, ip_network
from operator import eq, ge, gt, le, lt
from typing import Any

from logq.access.wildcard import matches

Known = Mapping[str, str | Sequence[str]]
"""What is known of a request, by condition key; a key may have several values."""


@dataclass(frozen=True, slots=True)
class Operator:
    """How one value of a policy is compared with one of a request."""

    name: str
    read: Callable[[str], Any]
    """Reads a value of the policy; raises ValueError."""
    given: Callable[[str], Any]
    """Reads a value of the request; raises ValueError."""
    test: Callable[[Any, Any], bool]
    """Of the value of the request and that of the policy."""
    negated: bool = False


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
    if not number.is_finite():
        raise ValueError(text)
    return number


def _date(text: str) -> Decimal:
    """Epoch seconds of ISO 8601 or epoch seconds."""
    try:
        return _number(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Decimal(str(aware.timestamp()))


def _bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _address(text: str) -> Any:
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _network(text: str) -> Any:
    return ip_network(text, strict=False)


def _inside(address: Any, network: Any) -> bool:
    return address.version == network.version and address in network


def _arn(text: str) -> tuple[str, ...]:
    parts = tuple(text.split(":", 5))
    if len(parts) != 6 or parts[0] != "arn":
        raise ValueError(text)
    return parts


def _arn_fits(given: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return all(matches(w, g) for g, w in zip(given, wanted, strict=True))


def _like(given: str, wanted: str) -> bool:
    return matches(wanted, given)


def _both(
    name: str,
    read: Callable[[str], Any],
    given: Callable[[str], Any],
    test: Callable[[Any, Any], bool],
    *,
    opposite: str,
) -> tuple[Operator, Operator]:
    return (
        Operator(name, read, given, test),
        Operator(opposite, read, given, test, negated=True),
    )


NULL = Operator("Null", _bool, str, eq)
"""Whether a request does not have the key: the only operator that asks for nothing else."""

OPERATORS: Mapping[str, Operator] = {
    operator.name.lower(): operator
    for operator in (
        *_both("StringEquals", str, str, eq, opposite="StringNotEquals"),
        *_both(
            "StringEqualsIgnoreCase", str.lower, str.lower, eq,
            opposite="StringNotEqualsIgnoreCase",
        ),
        *_both("StringLike", str, str, _like, opposite="StringNotLike"),
        *_both("NumericEquals", _number, _number, eq, opposite="NumericNotEquals"),
        Operator("NumericLessThan", _number, _number, lt),
        Operator("NumericLessThanEquals", _number, _number, le),
        Operator("NumericGreaterThan", _number, _number, gt),
        Operator("NumericGreaterThanEquals", _number, _number, ge),
        *_both("DateEquals", _date, _date, eq, opposite="DateNotEquals"),
        Operator("DateLessThan", _date, _date, lt),
        Operator("DateLessThanEquals", _date, _date, le),
        Operator("DateGreaterThan", _date, _date, gt),
        Operator("DateGreaterThanEquals", _date, _date, ge),
        Operator("Bool", _bool, _bool, eq),
        *_both("IpAddress", _network, _address, _inside, opposite="NotIpAddress"),
        *_both("ArnEquals", _arn, _arn, _arn_fits, opposite="ArnNotEquals"),
        *_both("ArnLike", _arn, _arn, _arn_fits, opposite="ArnNotLike"),
        NULL,
    )
}  # fmt: skip
"""Every operator by its name in lower case."""

ANY, ALL = "ForAnyValue", "ForAllValues"


@dataclass(frozen=True, slots=True)
class Condition:
    """One key compared with some values."""

    operator: Operator
    key: str
    """In lower case, as keys are compared."""
    wanted: tuple[Any, ...]
    """As ``operator.read`` made them."""
    if_exists: bool = False
    quantifier: str | None = None
    """``ANY``, ``ALL`` or None."""

    def holds(self, known: Known) -> bool:
        """Whether it is true of a request; the keys of ``known`` are in lower case."""
        value = known.get(self.key)
        given = (value,) if isinstance(value, str) else tuple(value or ())
        if self.operator is NULL:
            return any(wanted is (not given) for wanted in self.wanted)
        if not given:
            if self.quantifier is not None and not self.if_exists:
                return self.quantifier == ALL
            return self.if_exists or self.operator.negated
        fits = [self._fits(each) for each in given]
        if self.quantifier == ANY:
            return any(fit is not self.operator.negated for fit in fits)
        if self.quantifier == ALL:
            return all(fit is not self.operator.negated for fit in fits)
        return any(fits) is not self.operator.negated

    def _fits(self, text: str) -> bool:
        try:
            value = self.operator.given(text)
        except ValueError:
            return False
        return any(self.operator.test(value, wanted) for wanted in self.wanted)
