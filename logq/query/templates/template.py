"""A template as people read it: a pattern with named values, a regular expression, a severity."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from logq.query.templates.tokens import PHRASE, TEXT, UNKNOWN, VALUE, kind_of

NEVER_EMPTY, MAY_BE_EMPTY, ANYTHING = range(3)
"""How wide the values of a chunk are."""
_WIDTHS = (r"\S+", r"\S*", ".*?")

REGEX_MEMORY = 1 << 26
"""Bytes that RE2 may use for one regular expression."""

_MARKS = re.compile(f"([{VALUE}{PHRASE}])")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$/]")
_NAMED = re.compile("[A-Za-z]+[0-9]{1,2}")
_SEVERITIES = {
    "Fatal": re.compile("fatal|panic|emerg", re.IGNORECASE),
    "Error": re.compile("error|exception|severe|critical", re.IGNORECASE),
    "Warning": re.compile("warn", re.IGNORECASE),
    "Debug": re.compile(r"\b(?:debug|trace)\b", re.IGNORECASE),
}
STATUS_CODES = frozenset(
    {"200", "201", "202", "204", "206", "301", "302", "303", "304", "307", "308"}
    | {"400", "401", "402", "403", "404", "405", "406", "408", "409", "410", "411", "412", "413"}
    | {"414", "415", "416", "417", "422", "423", "425", "426", "428", "429", "431", "451", "499"}
    | {"500", "501", "502", "503", "504", "505", "507", "508", "511"}
)
"""What HTTP servers answer with."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a template."""

    text: str
    time: int | None
    """Epoch milliseconds."""
    side: int
    """0 for the query's own time, 1 for the one that it is compared with."""
    weight: float
    """How many lines it stands for."""


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a pattern: text that stays, or a value."""

    text: str
    kind: str = ""
    """What its values are; empty for text that stays."""
    number: int = 0
    """Which of the pattern's values it is, from 1."""
    counts: tuple[Mapping[str, float], Mapping[str, float]] = ({}, {})
    """By side: about how often each value was seen."""

    @property
    def name(self) -> str:
        """``Number-2``."""
        return f"{self.kind}-{self.number}"

    @property
    def values(self) -> set[str]:
        """All values that were seen."""
        return {value for side in self.counts for value in side if value}

    @property
    def is_status(self) -> bool:
        """Whether its values are HTTP status codes."""
        return bool(self.values) and self.values <= STATUS_CODES


@dataclass(frozen=True, slots=True)
class Template:
    """What lines of one kind look like."""

    id: str
    text: str
    """Values are written ``<Name-n>``."""
    regex: str
    """RE2; matches every line of the template, and catches its values by name."""
    severity: str
    tokens: tuple[Token, ...]


def describe(chunks: Sequence[str], widths: Sequence[int], samples: Sequence[Sample]) -> Template:
    """The template of these chunks, its values named after what they are in the samples."""
    parts = list(_parts(chunks, widths))
    seen = _values(parts, samples)
    tokens: list[Token] = []
    shown, regex, number, mark = "", "(?s)^", 0, -1
    for literal, width in parts:
        if width is None:
            shown, regex = shown + literal, regex + _escaped(literal)
            tokens.append(Token(literal))
            continue
        mark += 1
        values = sorted({v for side in seen[mark] for v in side if v})
        kind = kind_of(values)
        if kind == UNKNOWN and width == ANYTHING:
            kind = TEXT
        if len(values) == 1 and width == NEVER_EMPTY and _NAMED.fullmatch(values[0]):
            shown, regex = shown + values[0], regex + _WIDTHS[width]
            tokens.append(Token(values[0]))
            continue
        number += 1
        token = Token("<*>", kind, number, seen[mark])
        tokens.append(token)
        shown += f"<{token.name}>"
        regex += f"(?P<{kind}{number}>{_WIDTHS[width]})"
    digest = hashlib.sha256("\x1f".join(chunks).encode("utf-8", "surrogatepass")).hexdigest()
    return Template(digest[:32], shown, regex + "$", severity(shown), tuple(tokens))


def severity(pattern: str) -> str:
    """How bad it is, by the words of the pattern."""
    return next((name for name, words in _SEVERITIES.items() if words.search(pattern)), "Info")


def _parts(chunks: Sequence[str], widths: Sequence[int]) -> Iterator[tuple[str, int | None]]:
    """Texts that stay, joined, and the widths of the values between them."""
    literal = ""
    for chunk, width in zip(chunks, widths, strict=True):
        for part in _MARKS.split(chunk):
            if part in (VALUE, PHRASE):
                if literal:
                    yield literal, None
                literal = ""
                yield "", width
            else:
                literal += part
    if literal:
        yield literal, None


def _escaped(literal: str) -> str:
    escaped = _SPECIAL.sub(lambda found: "\\" + found[0], literal)
    return re.sub(" +", r"\\s+", escaped)


Counts = tuple[dict[str, float], dict[str, float]]


def _values(parts: Sequence[tuple[str, int | None]], samples: Sequence[Sample]) -> list[Counts]:
    """By value of the template and by side: about how many lines have each text there."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = REGEX_MEMORY
    marks = sum(width is not None for _, width in parts)
    found: list[Counts] = [(defaultdict(float), defaultdict(float)) for _ in range(marks)]
    catching = "".join(
        _escaped(literal) if width is None else f"({_WIDTHS[width]})" for literal, width in parts
    )
    pattern = re2.compile(f"(?s)^{catching}$", options)
    for sample in samples:
        match = pattern.match(sample.text) if marks else None
        for counts, value in zip(found, match.groups() if match else (), strict=False):
            counts[sample.side][value] += sample.weight
    return found


def width(template: str, chunk: str, own: int) -> int:
    """How wide the values of a template's chunk must be for a line's chunk that is so wide."""
    if template == chunk:
        return own
    fillings = {NEVER_EMPTY: ("a",), MAY_BE_EMPTY: ("a", ""), ANYTHING: ("a b", "")}[own]
    texts = [chunk.replace(VALUE, filling) for filling in fillings]
    pieces = [re.escape(piece) for piece in template.split(VALUE)]
    for size in (NEVER_EMPTY, MAY_BE_EMPTY):
        pattern = re.compile(_WIDTHS[size].join(pieces), re.DOTALL | re.ASCII)
        if all(pattern.fullmatch(text) for text in texts):
            return size
    return ANYTHING


def own_widths(chunks: Sequence[str]) -> tuple[int, ...]:
    """The widths of a line's own values."""
    return tuple(ANYTHING if PHRASE in chunk else NEVER_EMPTY for chunk in chunks)
