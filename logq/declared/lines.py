"""The lines of TOML, which its reader does not tell."""

from __future__ import annotations

import re
from collections import Counter

_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_NAME = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*\.?""")


def toml_lines(text: str) -> dict[tuple[str | int, ...], int]:
    """The lines of tables and keys; what stands inside of a longer text may be taken for one."""
    found: dict[tuple[str | int, ...], int] = {}
    seen: Counter[tuple[str | int, ...]] = Counter()
    here: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            here = _placed(_parts(header[2]), seen)
            if header[1] == "[[":
                seen[here] += 1
                here = (*here, seen[here] - 1)
            found.setdefault(here, number)
        elif key := _KEY.match(line):
            found.setdefault((*here, *_parts(key[1])), number)
    return found


def _parts(text: str) -> tuple[str, ...]:
    return tuple(next(one for one in groups if one or one == "") for groups in _split(text))


def _split(text: str) -> list[tuple[str | None, ...]]:
    return [match.groups() for match in _PART.finditer(text)]


def _placed(parts: tuple[str, ...], seen: Counter[tuple[str | int, ...]]) -> tuple[str | int, ...]:
    """A table inside of an array of tables belongs to the last one of it."""
    here: tuple[str | int, ...] = ()
    for at, part in enumerate(parts):
        here = (*here, part)
        if here in seen and at < len(parts) - 1:
            here = (*here, seen[here] - 1)
    return here
