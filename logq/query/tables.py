"""Lookup tables: small tables of text that queries put beside events."""

from __future__ import annotations

import csv
import difflib
import io
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq.errors import WrongArguments
from logq.query.environment import Others
from logq.query.nodes import Field

if TYPE_CHECKING:
    import pyarrow as pa

KIND = "lookup_table"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A table as CSV gives it; an empty cell is a missing value."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]

    def index(self, column: Field) -> int:
        """The place of a column; raises WrongArguments."""
        if column.name in self.columns:
            return self.columns.index(column.name)
        close = difflib.get_close_matches(column.name, self.columns, n=1)
        raise WrongArguments(
            f"the table '{self.name}' has no column '{column.name}'",
            hint=f"did you mean '{close[0]}'?"
            if close
            else f"its columns are {', '.join(self.columns)}",
            span=column.span,
        )

    def arrow(self, names: Sequence[str]) -> pa.Table:
        """The rows with other names of columns."""
        import pyarrow as pa

        cells = list(zip(*self.rows, strict=True)) or [()] * len(self.columns)
        return pa.table([pa.array(c, pa.string()) for c in cells], names=list(names))


def find_table(others: Others, name: str) -> LookupTable:
    """A lookup table by its name; raises WrongArguments."""
    body = others.defined(KIND, name)
    if body is None:
        raise WrongArguments(
            f"there is no lookup table '{name}'",
            hint="'logq tables list' shows them, 'logq tables put NAME FILE.csv' makes one",
        )
    lines = csv.reader(io.StringIO(body["csv"].removeprefix("\ufeff"), newline=""))
    header, *rows = (line for line in lines if line)
    return LookupTable(name, tuple(header), tuple(tuple(c or None for c in row) for row in rows))


def networks(table: LookupTable, column: int) -> list[tuple[str, str, int]]:
    """The addresses that each network of a column alone covers: first, last (keys), its row.

    Of networks inside each other the narrowest has its addresses, of equal ones the first row.
    """
    found: dict[Network, int] = {}
    for number, row in enumerate(table.rows):
        network = network_of(row[column])
        if network is not None:
            found.setdefault(network, number)
    parts: list[tuple[str, str, int]] = []
    open_: list[tuple[int, int, int]] = []  # version, last address, row; the narrowest last
    position = 0

    def close(before: int | None) -> None:
        nonlocal position
        while open_ and (before is None or open_[-1][1] < before):
            version, last, row = open_.pop()
            if position <= last:
                parts.append((address_key(version, position), address_key(version, last), row))
            position = max(position, last + 1)

    ordered = sorted(found, key=lambda n: (n.version, int(n.network_address), n.prefixlen))
    version = 4
    for network in ordered:
        first, last = int(network.network_address), int(network.broadcast_address)
        if network.version != version:
            close(None)
            version, position = network.version, 0
        close(first)
        if open_ and position < first:
            around = open_[-1][2]
            parts.append((address_key(version, position), address_key(version, first - 1), around))
        open_.append((version, last, found[network]))
        position = first
    close(None)
    return parts


def network_of(text: str | None) -> Network | None:
    """The network that a text names, None if it names none."""
    try:
        return ipaddress.ip_network((text or "").strip(), strict=False)
    except ValueError:
        return None


def address_key(version: int, address: int) -> str:
    """Text in whose order the addresses of a version lie: its number and hexadecimal digits."""
    return f"{version}{address:0{8 if version == 4 else 32}x}"
