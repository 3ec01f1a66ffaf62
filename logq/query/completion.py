"""What may be written next in a query: one answer for the shell and the console.

``complete`` is pure: the language comes from the grammar and the registries, and what the logs
hold comes in as ``Known``. It takes any text, also one that is at fault before the cursor.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from logq.errors import LogQError
from logq.query.command import commands
from logq.query.function import Function, find, functions
from logq.query.literals import quote, quote_name
from logq.query.place import Place, place_of
from logq.query.system_fields import LOG, SYSTEM_FIELDS
from logq.query.terminal_words import COMMANDS, KEYWORDS

MOST = 200
PERIODS = ("1m", "5m", "15m", "1h", "1d")
_COUNTS = ("10", "20", "100", "1000")
_TIMES = ("-15m", "-1h", "-1d", "now")
_SIGNS = {
    "EQUALS": (("=", "is equal to"),),
    "COMPARISON": (
        ("!=", "is not equal to"),
        (">", "is greater than"),
        (">=", "is at least"),
        ("<", "is less than"),
        ("<=", "is at most"),
    ),
    "_MATCHES": (("=~", "matches the regular expression"),),
    "_BAR": (("|", "next command"),),
    "_COMMA": ((",", "and another one"),),
    "_LPAR": (("(", ""),),
    "_RPAR": ((")", ""),),
    "_LBRACKET": (("[", ""),),
    "_RBRACKET": (("]", ""),),
    "PLUS": (("+", "plus"),),
    "MINUS": (("-", "minus"),),
    "STAR": (("*", "times, or every event"),),
    "SLASH": (("/", "divided by"),),
    "PERCENT": (("%", "modulo"),),
    "CARET": (("^", "to the power of"),),
    "_BANG": (("!", "not"),),
    "_COLON": ((":", ""),),
}
_FIRST = ("_AS", "_BY", "ASC", "DESC")
_CALLED = ("LOG_GROUPS", "DATA_SOURCE", "LOG_GROUP_TAGS")
_OTHER_NAMES = {"_FILTER": ("where",), "_SORT": ("order",)}
_TRUTHS = {"TRUE": "true", "FALSE": "false", "NULL": "null"}


class Kind(StrEnum):
    """What a completion is."""

    COMMAND = "command"
    FUNCTION = "function"
    AGGREGATE = "aggregate"
    FIELD = "field"
    VALUE = "value"
    GROUP = "group"
    KEYWORD = "keyword"
    PERIOD = "period"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Completion:
    """Something that may stand at the cursor."""

    label: str
    kind: Kind
    insert: str
    """What takes the place of the characters from ``Completions.start`` to ``end``."""
    detail: str = ""
    """In a few characters: a signature, a type and share, a number of events."""
    help: str = ""
    """A sentence."""


@dataclass(frozen=True, slots=True)
class Completions:
    """The list for one place of a query, best first."""

    start: int
    end: int
    """What is replaced: offsets of characters, half open."""
    items: tuple[Completion, ...]


@dataclass(frozen=True, slots=True)
class KnownField:
    """A discovered field."""

    path: str
    types: tuple[str, ...] = ()
    percent: float | None = None
    """Of the events that have it."""


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A value that a field has in the logs."""

    value: str | int | float | bool
    events: int
    """Of those that were looked at."""


def _no_values(field: str, begun: str) -> Sequence[KnownValue]:
    return ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the logs hold, as far as the caller wants it to be offered."""

    fields: Sequence[KnownField] = ()
    groups: Sequence[str] = ()
    values: Callable[[str, str], Sequence[KnownValue]] = field(default=_no_values)
    """The commonest values of a field that contain what was begun; asked only when needed."""


def complete(text: str, cursor: int, known: Known, most: int = MOST) -> Completions:
    """What may stand at the cursor (an offset in characters) of a query, best first."""
    place = place_of(text, cursor)
    found = _ranked(_candidates(place, known), place.piece)
    return Completions(place.start, place.end, tuple(found)[:most])


def _ranked(candidates: Iterable[Completion], piece: str) -> list[Completion]:
    """Those that fit what was begun: its beginning before its middle, else in their order."""
    wanted = piece.casefold()
    found: list[tuple[int, int, Completion]] = []
    seen: set[tuple[str, Kind]] = set()
    for number, candidate in enumerate(candidates):
        label = candidate.label.casefold()
        at = label.find(wanted)
        if at < 0 or (candidate.label, candidate.kind) in seen:
            continue
        seen.add((candidate.label, candidate.kind))
        begins = at == 0 or not label[:at].strip("@")
        inside = 1 if not begins and not label[at - 1].isalnum() else 2
        found.append((0 if begins else inside, number, candidate))
    return [candidate for *_, candidate in sorted(found, key=lambda entry: entry[:2])]


def _candidates(place: Place, known: Known) -> Iterator[Completion]:
    if place.quote == "`":
        if "FIELD" in place.accepts and not place.names_something:
            yield from _fields(place, known)
        return
    if place.quote:
        yield from _texts(place, known)
        return
    if place.names_something:
        return
    if "_FIELDS" in place.accepts:
        yield from _commands(place)
    if place.command == "_SOURCE":
        yield from _groups(place, known)
    period = _wants_period(place)
    if period:
        yield from (Completion(each, Kind.PERIOD, each) for each in PERIODS)
    if place.compared is not None and "STRING" in place.accepts:
        yield from _values(place, known)
    if "FIELD" in place.accepts and not period:
        yield from _operands(place, known)
    yield from _words(place)
    if place.command in ("_LIMIT", "_HEAD", "_TAIL") and "INT" in place.accepts:
        yield from (Completion(count, Kind.VALUE, count) for count in _COUNTS)
    if not place.piece:
        yield from _signs(place)


def _commands(place: Place) -> Iterator[Completion]:
    registered = commands()
    for terminal, label in COMMANDS.items():
        command = registered.get(label.lower())
        if command is not None and terminal in place.accepts:
            for name in (label, *_OTHER_NAMES.get(terminal, ())):
                help = _sentence(command.__doc__)
                yield Completion(name, Kind.COMMAND, f"{name} ", command.syntax, help)


def _operands(place: Place, known: Known) -> Iterator[Completion]:
    """Fields and functions in the order in which they are likely here."""
    takes_calls = "FUNCTION" in place.accepts
    in_stats = takes_calls and place.command == "_STATS"
    if in_stats and not place.had("_BY") and not any(_is_aggregate(n) for n, _ in place.calls):
        yield from _functions(aggregate=True)
    elif in_stats and place.had("_BY") and not place.calls:
        yield from (each for each in _functions(aggregate=False) if each.label == "bin")
    yield from _fields(place, known)
    if takes_calls:
        yield from _functions(aggregate=False)


def _fields(place: Place, known: Known) -> Iterator[Completion]:
    made = {name: str(column.type) for name, column in place.scope.columns.items()}
    for name in (*place.aliases, *made):
        yield _field(name, made.get(name, ""), "made by this query")
    if place.scope.source is None:
        return
    found = {each.path: each for each in known.fields}
    system = [name for name in SYSTEM_FIELDS if name not in found]
    usual = [each for each in known.fields if each.path not in SYSTEM_FIELDS]
    for each in sorted(usual, key=lambda each: (-(each.percent or 0), each.path.casefold())):
        share = "" if each.percent is None else f", {each.percent:g} %"
        yield _field(each.path, f"{' or '.join(each.types)}{share}")
    for name in (*system, *(name for name in SYSTEM_FIELDS if name in found)):
        yield _field(name, str(SYSTEM_FIELDS[name].type), SYSTEM_FIELDS[name].summary)


def _field(name: str, detail: str, help: str = "") -> Completion:
    return Completion(name, Kind.FIELD, quote_name(name), detail, help)


def _functions(*, aggregate: bool) -> Iterator[Completion]:
    kind = Kind.AGGREGATE if aggregate else Kind.FUNCTION
    for entry in sorted(functions(), key=lambda entry: entry.name.casefold()):
        if entry.aggregate is aggregate or (entry.key and not aggregate):
            for name in (entry.name, *entry.aliases):
                yield Completion(name, kind, _call(name, entry), entry.signature, entry.summary)


def _call(name: str, entry: Function) -> str:
    return f"{name}(" if entry.parameters else f"{name}()"


def _wants_period(place: Place) -> bool:
    if "DURATION" not in place.accepts:
        return False
    if not place.calls:
        return "FIELD" not in place.accepts
    name, number = place.calls[-1]
    entry = _function(name)
    return entry is not None and bool(entry.parameters) and entry.parameter(number).kind == "period"


def _is_aggregate(name: str) -> bool:
    entry = _function(name)
    return entry is not None and entry.aggregate


def _function(name: str) -> Function | None:
    try:
        return find(name)
    except LogQError:
        return None


def _values(place: Place, known: Known) -> Iterator[Completion]:
    """Values of the field that is compared here, as literals."""
    assert place.compared is not None
    for each in _known_values(place, known):
        value = each.value
        if isinstance(value, bool):
            label = insert = str(value).lower()
        elif isinstance(value, int | float):
            label = insert = repr(value)
        else:
            label, insert = value, quote(value)
        seen = f"{each.events:,} seen" if each.events else ""
        yield Completion(label, Kind.VALUE, insert, seen)


def _texts(place: Place, known: Known) -> Iterator[Completion]:
    """What may stand between quotes: a value of the field compared, or a log group."""
    if "STRING" not in place.accepts:
        return
    if place.command == "_SOURCE":
        yield from _groups(place, known)
    elif place.compared is not None:
        for each in _values(place, known):
            text = each.insert if each.insert.startswith('"') else quote(each.label)
            yield Completion(each.label, each.kind, text, each.detail)


def _known_values(place: Place, known: Known) -> Sequence[KnownValue]:
    name = place.compared or ""
    if place.scope.source is None or place.scope.has(name):
        return ()  # what the query itself made
    if name == LOG:
        return [KnownValue(group, 0) for group in known.groups]
    return known.values(name, place.piece)


def _groups(place: Place, known: Known) -> Iterator[Completion]:
    if {"STRING", "BAREWORD"} & place.accepts:
        for name in known.groups:
            yield Completion(name, Kind.GROUP, quote(name))


def _words(place: Place) -> Iterator[Completion]:
    """Words inside a command: ``by``, ``as``, ``desc``."""
    for terminal in (*_FIRST, *(each for each in KEYWORDS if each not in _FIRST)):
        if terminal in place.accepts:
            for word in KEYWORDS[terminal].split(", "):
                end = "" if word[-1] == "=" else "(" if terminal in _CALLED else " "
                yield Completion(word, Kind.KEYWORD, f"{word}{end}")
    for terminal, word in _TRUTHS.items():
        if terminal in place.accepts:
            yield Completion(word, Kind.VALUE, word)
    if "TIME" in place.accepts:
        yield from (Completion(time, Kind.VALUE, time) for time in _TIMES)


def _signs(place: Place) -> Iterator[Completion]:
    for terminal, signs in _SIGNS.items():
        if terminal in place.accepts:
            yield from (Completion(s, Kind.SIGN, s, help=help) for s, help in signs)


def _sentence(text: str | None) -> str:
    return " ".join(inspect.cleandoc(text or "").split("\n\n")[0].split())
