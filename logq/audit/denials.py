"""Refused calls, of which a flood from one address is counted and not written down."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

PER_SECOND = 10
"""Refused calls of one address that are recorded in a second."""
MOST = 1000
"""Addresses that are told apart in a second."""
OTHERS = "others"


class Denials:
    """Counts refused calls of this second; not safe under threads by itself."""

    def __init__(self) -> None:
        self._second = 0
        self._counts: dict[str, int] = {}

    def admit(self, address: str, now: int) -> bool:
        """Whether a refused call may be recorded; call ``left_out`` before."""
        name = network(address)
        if name not in self._counts and len(self._counts) >= MOST:
            name = OTHERS
        self._second = now // 1000
        self._counts[name] = self._counts.get(name, 0) + 1
        return self._counts[name] <= PER_SECOND

    def left_out(self, now: int, *, all: bool = False) -> dict[str, int]:
        """How many were not recorded by address, once their second is over."""
        if not all and now // 1000 == self._second:
            return {}
        over = {n: count - PER_SECOND for n, count in self._counts.items() if count > PER_SECOND}
        self._counts.clear()
        return over

    @property
    def waiting(self) -> bool:
        """Whether some were left out that nobody has been told of."""
        return any(count > PER_SECOND for count in self._counts.values())


def network(address: str) -> str:
    """Whom an address belongs to: in IPv6 a machine has a whole /64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address) and not parsed.ipv4_mapped:
        return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
