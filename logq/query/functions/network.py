"""Functions of IP addresses. Anything that is no valid address is in no network."""

from __future__ import annotations

import ipaddress

from sqlglot import exp

from logq.errors import WrongArguments
from logq.query.build import (
    Sql,
    all_of,
    any_of,
    column,
    fn,
    negate,
    not_null,
    number,
    operate,
    text,
)
from logq.query.environment import Environment
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
    return _valid(address)


def _valid(address: Sql) -> Sql:
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


@function(
    "ipv4ToNumber",
    "text",
    Type.INTEGER,
    Example('ipv4ToNumber("10.0.0.1")', 167772161),
    Example('ipv4ToNumber("x")', None),
)
def ipv4_to_number(address: Sql) -> Sql:
    """The IPv4 address as a whole number."""
    return fn("ipv4_number", address)


_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
_RESERVED = (
    # Special purpose by the IANA registries: this network, shared, loopback, link-local, protocol
    # assignments, documentation, relays, benchmarks, multicast, future use; for IPv6 also
    # unspecified, mapped IPv4, discard and translation.
    *("0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("224.0.0.0/4", "240.0.0.0/4"),
    *("::/127", "::ffff:0:0/96", "64:ff9b:1::/48", "100::/64", "2001:db8::/32", "3fff::/20"),
    *("fe80::/10", "ff00::/8"),
)


@function(
    "isPrivateIP",
    "text",
    _BOOL,
    Example('isPrivateIP("192.168.1.7")', True),
    Example('isPrivateIP("fd00::1")', True),
    Example('isPrivateIP("8.8.8.8")', False),
    context=True,
)
def is_private_ip(env: Environment, address: Sql) -> Sql:
    """Whether the address belongs to a private network."""
    return _in_any(env, address, _PRIVATE)


@function(
    "isReservedIP",
    "text",
    _BOOL,
    Example('isReservedIP("127.0.0.1")', True),
    Example('isReservedIP("10.0.0.1")', False),
    context=True,
)
def is_reserved_ip(env: Environment, address: Sql) -> Sql:
    """Whether the address has a special purpose, such as loopback or documentation."""
    return _in_any(env, address, _RESERVED)


@function(
    "isPublicIP",
    "text",
    _BOOL,
    Example('isPublicIP("8.8.8.8")', True),
    Example('isPublicIP("10.0.0.1")', False),
    Example('isPublicIP("x")', False),
    context=True,
)
def is_public_ip(env: Environment, address: Sql) -> Sql:
    """Whether the address is valid and neither private nor reserved."""
    return all_of(_valid(address.copy()), negate(_in_any(env, address, (*_PRIVATE, *_RESERVED))))


def _in_any(env: Environment, address: Sql, cidrs: tuple[str, ...]) -> Sql:
    """Whether an address lies in one of the networks; it is read once for each family."""
    networks = [ipaddress.ip_network(cidr) for cidr in cidrs]
    found = []
    for version, name in ((4, "ipv4_number"), (6, "ipv6_hex")):
        place = env.fresh("address")
        inside = any_of(*(_between(column(place), n) for n in networks if n.version == version))
        test = exp.Lambda(this=inside, expressions=[exp.to_identifier(place, quoted=True)])
        read = exp.Array(expressions=[fn(name, address.copy())])
        found.append(definite(fn("list_extract", fn("list_transform", read, test), number(1))))
    return any_of(*found)


def _between(value: Sql, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Sql:
    """Whether the number, or the 32 digits, of an address lie in the network."""
    first, last = int(network.network_address), int(network.broadcast_address)
    if isinstance(network, ipaddress.IPv4Network):
        bounds = number(first), number(last)
    else:
        bounds = text(f"{first:032x}"), text(f"{last:032x}")
    return all_of(operate(">=", value, bounds[0]), operate("<=", value.copy(), bounds[1]))


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
    read = "ipv4_number" if isinstance(network, ipaddress.IPv4Network) else "ipv6_hex"
    return definite(_between(fn(read, address), network))
