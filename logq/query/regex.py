"""Regular expressions as queries write them, made ready for RE2 and looked into.

Insights writes named groups as ``(?<name>...)``; RE2 in DuckDB takes ``(?P<name>...)`` only.
RE2 has no look-around and no back-references: these are refused with words of our own.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from logq.errors import InvalidRegex

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?<?P?.|\(", re.DOTALL)
_LOOK = re.compile(r"\(\?(<?[=!])")
_BACKREFERENCE = re.compile(r"\\(?:[1-9]|k<|k\{|g<)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A checked regular expression."""

    re2: str
    """As RE2 takes it."""
    groups: tuple[str | None, ...]
    """Names of the capturing groups in order, None for unnamed ones."""
    optional: frozenset[int]
    """Numbers (from 1) of the groups that may take no part in a match."""
    may_be_empty: bool
    """Whether the empty text can match."""
    literals: tuple[str, ...]
    """Texts that every match contains."""


@lru_cache(maxsize=256)
def compile_pattern(source: str) -> Pattern:
    """Check and analyse a pattern; raises InvalidRegex."""
    pattern = _rewrite(source)
    groups = _check(pattern, source)
    tree = _parse(pattern)
    if tree is None:
        every = frozenset(range(1, len(groups) + 1))
        return Pattern(pattern, groups, every, True, ())
    return Pattern(
        pattern,
        groups,
        frozenset(_optional_groups(tree, False)),
        tree.getwidth()[0] == 0,
        tuple(dict.fromkeys(t for t in _literals(tree) if t)),
    )


def _rewrite(source: str) -> str:
    """Named groups in RE2's spelling; refuses what RE2 cannot do."""
    out, position = [], 0
    for match in _TOKEN.finditer(source):
        token = match[0]
        out.append(source[position : match.start()])
        position = match.end()
        if token.startswith("\\") and _BACKREFERENCE.match(source, match.start()):
            raise InvalidRegex(
                "back-references are not supported by RE2",
                hint="capture the text with 'parse' and compare the fields",
            )
        if _LOOK.match(source, match.start()):
            raise InvalidRegex(
                "look-ahead and look-behind are not supported by RE2",
                hint="use two filters: one for what must match, one 'not like' for what must not",
            )
        if token.startswith("(?<") and not token.startswith("(?<P"):
            token = "(?P<" + token[3:]
        out.append(token)
    out.append(source[position:])
    return "".join(out)


def _check(pattern: str, source: str) -> tuple[str | None, ...]:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "it is not a regular expression"
        reason = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise InvalidRegex(
            f"/{source}/ is not a regular expression: {reason}",
            hint="escape special characters with a backslash: \\( \\[ \\. \\* \\+ \\?",
        ) from None
    names: list[str | None] = [None] * compiled.groups
    for name, index in compiled.groupindex.items():
        names[index - 1] = name
    return tuple(names)


def _parse(pattern: str) -> Any:
    """Python's parse of the pattern, or None where its syntax differs from RE2's.

    ``re._parser`` is not a public module; without it queries are slower, never wrong.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return importlib.import_module("re._parser").parse(pattern)
    except (ImportError, AttributeError, re.error, RecursionError, OverflowError, Warning):
        return None


def _name(op: Any) -> str:
    return str(op)


def _children(op: str, argument: Any) -> Iterable[tuple[Any, bool]]:
    """Sub-patterns of a node, and whether a match may do without them."""
    if op == "SUBPATTERN":
        yield argument[3], False
    elif op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        yield argument[2], argument[0] == 0
    elif op == "BRANCH":
        for branch in argument[1]:
            yield branch, True
    elif op == "ATOMIC_GROUP":
        yield argument, False


def _optional_groups(tree: Any, optional: bool) -> Iterable[int]:
    for op, argument in tree:
        if optional and _name(op) == "SUBPATTERN" and argument[0] is not None:
            yield argument[0]
        for child, may_miss in _children(_name(op), argument):
            yield from _optional_groups(child, optional or may_miss)


def _literals(tree: Any) -> Iterable[str]:
    """Runs of characters that every match contains; none under case-insensitive flags."""
    if tree.state.flags & re.IGNORECASE:
        return
    run = ""
    for op, argument in tree:
        name = _name(op)
        if name == "LITERAL":
            run += chr(argument)
            continue
        yield run
        run = ""
        if name == "SUBPATTERN" and not argument[1] & re.IGNORECASE:
            yield from _literals(argument[3])
        elif name in ("MAX_REPEAT", "MIN_REPEAT") and argument[0] > 0:
            yield from _literals(argument[2])
    yield run


def longest(literals: Iterable[str]) -> tuple[str, ...]:
    """The literal worth testing before the pattern: the longest, if it is long enough."""
    best = max(literals, key=len, default="")
    return (best,) if len(best) >= 3 else ()
