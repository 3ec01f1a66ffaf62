"""Random sentences of the grammar itself: whatever it derives, and the same with damage."""

from __future__ import annotations

import random
from collections import defaultdict
from functools import cache
from typing import Any

from lark.grammar import Terminal

from logq.query.function import functions
from logq.query.grammar import parser
from logq.query.terminal_words import COMMANDS, KEYWORDS, SIGNS
from tests.query.query_maker import FIELDS, SYSTEM, WORDS

DEPTH = 14
SAMPLES: dict[str, tuple[str, ...]] = {
    "FIELD": (*FIELDS, *SYSTEM, "absent", "p", "q", "r", "`a b`", "i", "s", "n", "@ptr", "l.0.z"),
    "SEGMENT": (".x", ".0", ".`a b`"),
    "STRING": (
        *('"a"', "'1'", '""', '"*"', '"* a *"', '"%Y-%m"', '"yyyy"', '"Europe/Berlin"', '"UTC"'),
        *('"a.b[0]"', '"10.0.0.0/8"', r'"\u0000"', '"\U0001f600"', '"app"', '"[0-9]+"', '"/a/b"'),
        *('"("', r'"\d"', '"%{WORD:w}"'),
    ),
    "REGEX": ("/a/", r"/(?<x>\d+)/", r"/(\w)(b)?/", "/(?i)A|/", "/[/", "/(?=a)/", "/(?<y>)/"),
    "INT": ("0", "1", "2", "7", "100", "99999999999999999999", "4294967296"),
    "DECIMAL": ("0.5", ".1", "1e3", "1e-7", "1e400", "2.50"),
    "DURATION": ("1s", "5m", "1h", "1d", "1w", "1mo", "1q", "2y", "10 minutes", "9999y", "0s"),
    "SIZE": ("10MB", "1KiB", "0.5kb"),
    "BAREWORD": ("app", "/a/b-c", "nothing"),
    "TIME": ("-1h", "now", "0", "5", "-99999999d", "1767607200"),
    "TABLE": ("levels", "nets", "nothing"),
    "WILDCARD": ("a*", "*", "o.*", "*x*"),
    "LIKE_NAMES": ("o.*", "*a", "*b*"),
    "SAVED": ("$S", "$nothing", "$`a b`"),
    "START_OPTION": ("start=",),
    "EQUALS": ("=", "=="),
    "COMPARISON": ("!=", "<", "<=", ">", ">="),
    "TRUE": ("true",),
    "FALSE": ("false",),
    "NULL": ("null",),
    "_COMMA": (",",),
}
GARBAGE = (
    *('"', "'", "`", "/", "\\", "|", "||", "(", ")", "[", "]", "{", "}", ",", ".", "..", "#", "$"),
    *(
        "*",
        "=",
        "=~",
        "!",
        "!=",
        "<",
        "-",
        "--",
        "+",
        "^",
        "%",
        "@",
        "@@@",
        ";",
        ":",
        "?",
        "&",
        "~",
    ),
    *("by", "as", "not", "null", "and", "stats", "\0", "\n", "\t", "ä", "\U0001f600", "\ufeff"),
    *("1", "0x1", "1e", "5m", "{{x}}", "$x(", "9" * 400, "(" * 30, "x" * 300, *WORDS),
)


@cache
def _rules() -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = defaultdict(list)
    for rule in parser().rules:
        found[rule.origin.name].append(list(rule.expansion))
    return found


@cache
def _heights() -> dict[str, int]:
    """How deep the flattest tree of each rule is."""
    heights: dict[str, int] = {}
    changed = True
    while changed:
        changed = False
        for name, expansions in _rules().items():
            for expansion in expansions:
                inner = [0 if _ends(s) else heights.get(s.name, 10**6) for s in expansion]
                height = 1 + max(inner, default=0)
                if height < heights.get(name, 10**6):
                    heights[name], changed = height, True
    return heights


def _ends(symbol: Any) -> bool:
    return isinstance(symbol, Terminal)


class Sentences:
    """Sentences of the grammar from a seed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._names = [name for f in functions() for name in (f.name, *f.aliases)]

    def query(self) -> str:
        """What the grammar derives, joined by blanks; most are well-formed, few make sense."""
        text = ""
        for token in self._derive("start", DEPTH + self._chance.randrange(12)):
            glued = token[:1] in ".([" or text.endswith((".", "("))
            text += token if glued and self._chance.random() < 0.8 else f" {token}"
        return text.strip()

    def damaged(self, text: str) -> str:
        """A query with a few characters or words lost, doubled, moved or made up."""
        for _ in range(self._chance.randrange(1, 4)):
            at = self._chance.randrange(len(text) + 1)
            to = min(len(text), at + self._chance.randrange(1, 12))
            match self._chance.randrange(5):
                case 0:
                    text = text[:at] + text[to:]
                case 1:
                    text = text[:at] + self._chance.choice(GARBAGE) + text[at:]
                case 2:
                    text = text[:to] + text[at:]
                case 3:
                    text = text[at:] + text[:at]
                case _:
                    text = text[:at] + self._chance.choice(GARBAGE) + text[to:]
        return text[:9_000]

    def _derive(self, name: str, depth: int) -> list[str]:
        expansions = _rules()[name]
        heights = _heights()

        def height(expansion: list[Any]) -> int:
            return max((0 if _ends(s) else heights[s.name] for s in expansion), default=0)

        fitting = [each for each in expansions if height(each) <= depth]
        fitting = fitting or [min(expansions, key=height)]
        chosen = self._chance.choice(fitting)
        # Rules that grow by themselves would make most sentences as long as they may be.
        grows = [e for e in fitting if not any(not _ends(s) and s.name == name for s in e)]
        if grows and self._chance.random() < 0.6:
            chosen = self._chance.choice(grows)
        found: list[str] = []
        for symbol in chosen:
            if _ends(symbol):
                found.append(self._terminal(symbol.name))
            else:
                found += self._derive(symbol.name, depth - 1)
        return found

    def _terminal(self, name: str) -> str:
        if name == "FUNCTION":
            return self._chance.choice(self._names)
        if name in SAMPLES:
            return self._chance.choice(SAMPLES[name])
        if name in COMMANDS:
            return COMMANDS[name]
        if name in KEYWORDS:
            return self._chance.choice(KEYWORDS[name].split(", "))
        return SIGNS[name]
