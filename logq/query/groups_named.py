"""The log groups that the text of a query names, wherever in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lark.exceptions import UnexpectedInput

from logq.query.expressions import tokens, trees
from logq.query.grammar import parse_tree
from logq.query.literals import string_value
from logq.query.saved import PLACEHOLDER

_SOURCE = re.compile(
    r"""\bsource\s*("(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[\w/.:-][\w/.:#-]*)""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Named:
    """What stands behind SOURCE in a query and in the queries inside it."""

    groups: tuple[str, ...] = ()
    inner_functions: bool = False
    """Whether a query inside it chooses its log groups by a function."""


def groups_named(text: str) -> Named:
    """The log groups that a query names; none where it is at fault."""
    try:
        tree = parse_tree(text)
    except UnexpectedInput:
        return Named()
    sources = [each for each in tree.iter_subtrees() if each.data == "source_command"]
    inner = [each for each in sources if not any(each is child for child in tree.children)]
    return Named(
        _names(str(token) for each in sources for token in tokens(each)),
        any(trees(each, "source_function") for each in inner),
    )


def groups_in_saved(text: str) -> tuple[str, ...]:
    """The log groups that a saved query names, apart from those that its parameters give.

    What stands behind the word in a text that cannot be read counts, too.
    """
    for stand_in in ('"{{}}"', "1"):
        filled = PLACEHOLDER.sub(stand_in, text)
        found = groups_named(filled).groups
        if found or _can_be_read(filled):
            return tuple(name for name in found if "{{" not in name)
    return _names(match[1] for match in _SOURCE.finditer(text))


def _can_be_read(text: str) -> bool:
    try:
        parse_tree(text)
    except UnexpectedInput:
        return False
    return True


def _names(written: Iterable[str]) -> tuple[str, ...]:
    return tuple(string_value(name) if name[0] in "\"'" else name for name in written)
