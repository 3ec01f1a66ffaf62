"""Functions of IP addresses. Anything that is no valid address is in no network."""

from __future__ import annotations

import ipaddress

from logq.errors import WrongArguments
from logq.query.build import Sql, all_of, any_of, eq, fn, not_null, number, operate, text
from logq.query.function import Example, function
from logq.query.sql import definite
from logq.query.value import Type

_BOOL = Type.BOOLEAN


@function(
    "isValidIp",
    "text",
    _BOOL,
    Example('isValidIp("10.0.0.1")', True),
    Example('isValidIp("x")', False),
)
def is_valid_ip(address: Sql) -> Sql:
    """Whether the text is an IPv4 or IPv6 address."""
    return any_of(not_null(fn("ipv4_number", address)), not_null(fn("ipv6_hex", address.copy())))


@function("isValidIpV4", "text", _BOOL, Example('isValidIpV4("256.0.0.1")', False))
def is_valid_ipv4(address: Sql) -> Sql:
    """Whether the text is an IPv4 address."""
    return not_null(fn("ipv4_number", address))


@function("isValidIpV6", "text", _BOOL, Example('isValidIpV6("2001:db8::1")', True))
def is_valid_ipv6(address: Sql) -> Sql:
    """Whether the text is an IPv6 address."""
    return not_null(fn("ipv6_hex", address))


@function(
    "isIpInSubnet",
    "text constant",
    _BOOL,
    Example('isIpInSubnet("192.0.2.7", "192.0.2.0/24")', True),
    Example('isIpInSubnet("2001:db8::7", "2001:db8::/32")', True),
)
def is_ip_in_subnet(address: Sql, cidr: object) -> Sql:
    """Whether the address lies in a network of its family."""
    return _inside(address, _network(cidr, None))


@function(
    "isIpv4InSubnet",
    "text constant",
    _BOOL,
    Example('isIpv4InSubnet("10.1.2.3", "10.0.0.0/8")', True),
)
def is_ipv4_in_subnet(address: Sql, cidr: object) -> Sql:
    """Whether the IPv4 address lies in the network."""
    return _inside(address, _network(cidr, 4))


@function(
    "isIpv6InSubnet",
    "text constant",
    _BOOL,
    Example('isIpv6InSubnet("fe80::1", "fe80::/10")', True),
)
def is_ipv6_in_subnet(address: Sql, cidr: object) -> Sql:
    """Whether the IPv6 address lies in the network."""
    return _inside(address, _network(cidr, 6))


def _network(cidr: object, version: int | None) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network(str(cidr), strict=False)
    except ValueError:
        raise WrongArguments(
            f"'{cidr}' is not a network", hint='write for example "192.0.2.0/24"'
        ) from None
    if version is not None and network.version != version:
        raise WrongArguments(f"'{cidr}' is not an IPv{version} network")
    return network


def _inside(address: Sql, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Sql:
    if isinstance(network, ipaddress.IPv4Network):
        first, last = int(network.network_address), int(network.broadcast_address)
        value = fn("ipv4_number", address)
        return definite(
            all_of(operate(">=", value, number(first)), operate("<=", value.copy(), number(last)))
        )
    value = fn("ipv6_hex", address)
    first_hex = f"{int(network.network_address):032x}"
    last_hex = f"{int(network.broadcast_address):032x}"
    if first_hex == last_hex:
        return definite(eq(value, text(first_hex)))
    return definite(
        all_of(operate(">=", value, text(first_hex)), operate("<=", value.copy(), text(last_hex)))
    )
