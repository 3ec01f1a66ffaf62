"""Functions of text. Positions are characters counted from 0."""

from __future__ import annotations

import re

from logq.errors import WrongArguments
from logq.query.build import Sql, case, cast, fn, not_null, number, operate, text
from logq.query.function import Example, function
from logq.query.regex import compile_pattern
from logq.query.value import Type

_TEXT = Type.TEXT
_BLANK = " \t\n\r\f\v"


def _flag(condition: Sql) -> Sql:
    """1 for true, 0 for false and for missing."""
    return case((condition, number(1)), otherwise=number(0))


@function("concat", "text text?*", _TEXT, Example('concat("a", 1, absent, "b")', "a1b"))
def concat(a: Sql, *more: Sql) -> Sql:
    """The texts put together; missing ones count as empty."""
    return fn("concat", a, *more)


def _trim(name: str, value: Sql, chars: Sql | None) -> Sql:
    return fn(name, value, text(_BLANK) if chars is None else chars)


@function(
    "trim",
    "text text?",
    _TEXT,
    Example('trim("  a b ")', "a b"),
    Example('trim("xxaxx", "x")', "a"),
)
def trim(value: Sql, chars: Sql | None) -> Sql:
    """The text without white space, or without these characters, at both ends."""
    return _trim("trim", value, chars)


@function("ltrim", "text text?", _TEXT, Example('ltrim("xyZxyfooxyZ", "xyZ")', "fooxyZ"))
def ltrim(value: Sql, chars: Sql | None) -> Sql:
    """The text without white space, or without these characters, at its start."""
    return _trim("ltrim", value, chars)


@function("rtrim", "text text?", _TEXT, Example('rtrim("fooxyZ", "xyZ")', "foo"))
def rtrim(value: Sql, chars: Sql | None) -> Sql:
    """The text without white space, or without these characters, at its end."""
    return _trim("rtrim", value, chars)


@function("strlen", "text", Type.INTEGER, Example('strlen("abc")', 3), Example('strlen("äöü")', 3))
def strlen(value: Sql) -> Sql:
    """The number of characters."""
    return fn("length", value)


@function("toupper", "text", _TEXT, Example('toupper("get")', "GET"))
def toupper(value: Sql) -> Sql:
    """The text in capital letters."""
    return fn("upper", value)


@function("tolower", "text", _TEXT, Example('tolower("GET")', "get"))
def tolower(value: Sql) -> Sql:
    """The text in small letters."""
    return fn("lower", value)


@function(
    "substr",
    "text number number?",
    _TEXT,
    Example('substr("xyZfooxyZ", 3, 3)', "foo"),
    Example('substr("abc", 5)', ""),
)
def substr(value: Sql, start: Sql, length: Sql | None) -> Sql:
    """The part from a position on, of this length or to the end."""
    first = operate("+", _position(start), number(1))
    if length is None:
        return fn("substring", value, first)
    return fn("substring", value, first, _position(length))


def _position(value: Sql) -> Sql:
    """A whole number from 0 up; NULL stays NULL, which greatest alone would ignore."""
    bounded = fn("greatest", fn("least", cast(value, "DOUBLE"), number(2_000_000_000)), number(0))
    return case((not_null(value.copy()), cast(fn("trunc", bounded), "BIGINT")))


@function("replace", "text text text", _TEXT, Example('replace("a-b-c", "-", "+")', "a+b+c"))
def replace(value: Sql, find: Sql, with_: Sql) -> Sql:
    """The text with every occurrence of one text replaced by another."""
    return fn("replace", value, find, with_)


_REFERENCE = re.compile(r"\$(?:(\d)|\{(\w+)\})|\\(\d)|\\\\")


@function(
    "regexReplace",
    "text constant constant",
    _TEXT,
    Example('regexReplace("id=17 id=4", "[0-9]+", "N")', "id=N id=N"),
    Example('regexReplace("ann smith", "(?<a>[a-z]+) ([a-z]+)", "$2 ${a}")', "smith ann"),
)
def regex_replace(value: Sql, regex: object, with_: object) -> Sql:
    """The text with every match of a regular expression replaced; $1 or ${name} is a group."""
    pattern = compile_pattern(str(regex))
    rewrite, position = "", 0
    for match in _REFERENCE.finditer(str(with_)):
        rewrite += str(with_)[position : match.start()].replace("\\", "\\\\")
        position = match.end()
        rewrite += "\\\\" if match[0] == "\\\\" else f"\\{_group(match, pattern.groups)}"
    rewrite += str(with_)[position:].replace("\\", "\\\\")
    return fn("regexp_replace", value, text(pattern.re2), text(rewrite), text("g"))


def _group(match: re.Match[str], groups: tuple[str | None, ...]) -> int:
    """The number of the group that a reference such as ``$1`` or ``${name}`` means."""
    name = match[1] or match[2] or match[3]
    if not name.isdigit() and name in groups:
        name = str(groups.index(name) + 1)
    if not name.isdigit() or int(name) > min(len(groups), 9):
        raise WrongArguments(
            f"the regular expression has no group {name}",
            hint=f"it has {len(groups)}; $0 is the whole match, \\\\ a backslash",
        )
    return int(name)


@function(
    "messageSize",
    "text",
    Type.INTEGER,
    Example('messageSize("abc")', 3),
    Example('messageSize("ä")', 2),
)
def message_size(value: Sql) -> Sql:
    """The length in bytes as UTF-8."""
    return fn("strlen", value)


@function(
    "strcontains",
    "text text any?",
    Type.INTEGER,
    Example('strcontains("timeout", "out")', 1),
    Example('strcontains("Timeout", "time")', 0),
    Example('strcontains("Timeout", "time", true)', 1),
    Example('strcontains(absent, "x")', 0),
)
def strcontains(value: Sql, find: Sql, ignore_case: object | None) -> Sql:
    """1 if the text contains the other, else 0; a third argument true ignores case."""
    if getattr(ignore_case, "constant", None):
        value, find = fn("lower", value), fn("lower", find)
    return _flag(fn("contains", value, find))


@function("startsWith", "text text", Type.INTEGER, Example('startsWith("/api/x", "/api")', 1))
def starts_with(value: Sql, prefix: Sql) -> Sql:
    """1 if the text begins with the other, else 0."""
    return _flag(fn("starts_with", value, prefix))


@function("endsWith", "text text", Type.INTEGER, Example('endsWith("app.log", ".log")', 1))
def ends_with(value: Sql, suffix: Sql) -> Sql:
    """1 if the text ends with the other, else 0."""
    return _flag(fn("ends_with", value, suffix))
