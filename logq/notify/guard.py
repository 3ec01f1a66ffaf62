"""Where LogQ may post to: no address that only this machine or its network should reach.

Whoever may make a subscription chooses where the server sends requests. So a host is looked up
once, every address it has must be a public one, and that very address is connected to. A setting
names the exceptions: a host or a network opens private addresses (chat servers live there), and
only an address named itself opens loopback, link-local and the like.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from logq.errors import InvalidConfig, InvalidValue

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup = Callable[[str, int], list[str]]
"""The addresses of a host, as text; raises OSError."""

_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_METADATA = frozenset({"fd00:ec2::254", "100.100.100.200", "192.0.0.192"})
"""Where clouds tell a machine its credentials, besides 169.254.169.254."""


class Refused(Exception):
    """An address that nothing may be sent to."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the setting opens."""

    hosts: frozenset[str] = frozenset()
    addresses: frozenset[IP] = frozenset()
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    @staticmethod
    def parse(text: str) -> Allowed:
        """Hosts, addresses and networks between commas; raises InvalidConfig."""
        hosts, addresses, networks = set[str](), set[IP](), []
        for word in filter(None, (part.strip() for part in text.split(","))):
            try:
                if "/" in word:
                    networks.append(ipaddress.ip_network(word))
                else:
                    addresses.add(ipaddress.ip_address(word.strip("[]")))
            except ValueError:
                if "/" in word or ":" in word:
                    raise InvalidConfig(
                        f"the setting notify_allow names {word!r}",
                        hint="it takes host names, addresses and networks like 10.0.0.0/8",
                    ) from None
                hosts.add(word.lower().rstrip("."))
        return Allowed(frozenset(hosts), frozenset(addresses), tuple(networks))

    def names(self, host: str, address: IP) -> bool:
        """Whether a host, or this address of it, is named."""
        return (
            host.lower().rstrip(".") in self.hosts
            or address in self.addresses
            or any(address in network for network in self.networks)
        )


@dataclass(frozen=True, slots=True)
class Destination:
    """A web address in its parts."""

    host: str
    port: int
    secure: bool
    target: str
    """Path and query, as they were written."""
    authority: str
    """What the Host header says."""


def destination(url: str) -> Destination:
    """The parts of a web address; raises InvalidValue."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if host is None or parts.scheme not in ("http", "https") or not url.isascii():
        raise InvalidValue("the address is no web address", hint="it looks like https://HOST/PATH")
    if any(c <= " " or c == "\x7f" for c in url) or "\\" in url:
        raise InvalidValue("the address holds spaces or control characters")
    if parts.username is not None:
        raise InvalidValue(
            "the address holds a user name or password", hint="services take a token in the path"
        )
    secure = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    name = f"[{host}]" if ":" in host else host
    default = 443 if secure else 80
    authority = name if port in (None, default) else f"{name}:{port}"
    return Destination(host, port or default, secure, target, authority)


def fault(address: IP) -> str:
    """What kind of address this is that is not public; empty for a public one."""
    inner = _inside(address)
    if inner is not None:
        return fault(inner)
    if str(address) in _METADATA:
        return "a metadata address"
    if address.is_loopback:
        return "a loopback address"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    if address.is_unspecified:
        return "no address"
    if any(address in network for network in _PRIVATE):
        return "a private address"
    return "" if address.is_global and not address.is_reserved else "a reserved address"


def _inside(address: IP) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.teredo is not None:
        return address.teredo[1]
    if int(address) >> 32 == 0 and int(address) > 0xFFFF:  # the old IPv4-compatible form
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def permit(host: str, addresses: list[str], allowed: Allowed) -> list[str]:
    """The same addresses if all of them may be connected to; raises Refused."""
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        kind = fault(address)
        if not kind or address in allowed.addresses:
            continue
        if kind == "a private address" and allowed.names(host, _inside(address) or address):
            continue
        raise Refused(f"{host} is {kind}, which the setting notify_allow does not name")
    return addresses


def check(place: Destination, addresses: list[str], allowed: Allowed) -> list[str]:
    """As ``permit``; and without TLS only to what is named. Raises Refused."""
    if not place.secure and not all(
        allowed.names(place.host, ipaddress.ip_address(text.partition("%")[0]))
        for text in addresses
    ):
        raise Refused(
            f"http://{place.host} is not encrypted; use https, or name it in notify_allow"
        )
    return permit(place.host, addresses, allowed)


def lookup(host: str, port: int) -> list[str]:
    """The addresses of a host now; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
