"""Glob patterns over the file system: what they match now, and which directories to watch.

``*`` and ``?`` stay inside one name, ``**`` crosses directories, ``[abc]`` is a choice. A name
that begins with a dot is matched only by a pattern that begins with one. Symlinks are followed,
but never in a circle.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

_WILD = re.compile(r"[*?\[]")
_PACKED = re.compile(r"\.(?:gz|bz2|xz|zst)$")
_NUMBER = re.compile(r"(?:[-._]\d+)+$")
_DATE = re.compile(r"[-._]?\d{4}-?\d\d(?:-?\d\d)?(?:[-_T.]\d+)*(?=[-._]|$)")


def expand(pattern: str) -> Iterator[str]:
    """Every path that is not a directory and that an absolute pattern matches."""
    parts = pattern.strip("/").split("/")
    return _expand("/", parts, ())


def is_excluded(path: str, exclude: Iterable[str]) -> bool:
    """Whether a pattern matches the path, or its last name if the pattern has no slash."""
    name = path.rpartition("/")[2]
    return any(_regex(p).fullmatch(path if "/" in p else name) for p in exclude)


def matches(path: str, pattern: str) -> bool:
    """Whether ``expand(pattern)`` would name ``path`` if it were there."""
    return _regex(pattern).fullmatch(path) is not None


def base(pattern: str) -> tuple[str, bool]:
    """The directory below which everything lies, and whether that means all levels below."""
    parts = pattern.strip("/").split("/")
    fixed: list[str] = []
    for part in parts[:-1]:
        if _WILD.search(part):
            break
        fixed.append(part)
    return "/" + "/".join(fixed), len(fixed) < len(parts) - 1 or parts[-1] == "**"


@lru_cache(maxsize=4096)
def family(path: str) -> str:
    """The name of a log without what rotation adds: numbers and dates at its end, ``.gz``."""
    name = _PACKED.sub("", path.rpartition("/")[2])
    return _NUMBER.sub("", _DATE.sub("", name)) or name


def beside(path: str) -> list[str]:
    """Every path in the same directory."""
    directory = path.rpartition("/")[0]
    try:
        return sorted(map(str, Path(directory or "/").iterdir()))
    except OSError:
        return []


def _expand(directory: str, parts: list[str], above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    part, rest = parts[0], parts[1:]
    prefix = directory.rstrip("/") + "/"
    if part == "**":
        yield from _expand_deep(directory, rest or ["*"], above)
    elif not _WILD.search(part):
        path = prefix + part
        if rest:
            yield from _expand(path, rest, above)
        elif not Path(path).is_dir() and os.path.lexists(path):
            yield path
    else:
        regex = _regex(part)
        for entry in _entries(directory):
            if regex.fullmatch(entry.name) and _visible(entry.name, part):
                if rest and _is_directory(entry):
                    yield from _expand(entry.path, rest, above)
                elif not rest and not _is_directory(entry):
                    yield entry.path


def _expand_deep(
    directory: str, rest: list[str], above: tuple[tuple[int, int], ...]
) -> Iterator[str]:
    try:
        status = Path(directory).stat()
    except OSError:
        return
    here = (status.st_dev, status.st_ino)
    if here in above:
        return
    yield from _expand(directory, rest, above)
    for entry in _entries(directory):
        if _visible(entry.name, "**") and _is_directory(entry):
            yield from _expand_deep(entry.path, rest, (*above, here))


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _visible(name: str, part: str) -> bool:
    return not name.startswith(".") or part.startswith(".")


@lru_cache(maxsize=1024)
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_pieces(pattern)), re.DOTALL)


def _pieces(pattern: str) -> Iterator[str]:
    place = 0
    while place < len(pattern):
        rest = pattern[place:]
        if rest.startswith("**/"):
            yield r"(?:[^/]+/)*"
            place += 3
        elif rest.startswith("**"):
            yield r".*"
            place += 2
        elif rest[0] == "*":
            yield r"[^/]*"
            place += 1
        elif rest[0] == "?":
            yield r"[^/]"
            place += 1
        elif choice := re.match(r"\[([!^]?)(\]?[^\]]*)\]", rest):
            letters = choice[2].replace("\\", r"\\").replace("[", r"\[").replace("]", r"\]")
            yield f"[{'^' if choice[1] else ''}{letters}]"
            place += choice.end()
        else:
            yield re.escape(rest[0])
            place += 1
