"""Searching for metrics by words of their names.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
``{Namespace,Dimension} words`` names, in braces, the namespace and exactly the dimensions that a
metric has. Words are found in any part of its name, quoted words are whole parts, and
``Designator=word`` looks at one part: ``MetricName``, ``Namespace`` or a dimension.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from logq.errors import InvalidPattern
from logq.metric import Metric

MOST_CHARACTERS = 1024
MOST_NESTED = 32

Test = Callable[[Metric], bool]

_TOKEN = re.compile(
    r'\s*(?:(?P<sign>[(){},=])|"(?P<quoted>(?:\\.|[^"\\])*)"|(?P<word>[^\s(){},="]+))'
)
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+|[A-Z]+")


def parts(text: str) -> tuple[str, ...]:
    """The words of a name, in small letters: cut where letters rise, at digits and signs."""
    return tuple(match.lower() for match in _PART.findall(text))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def search(text: str) -> Test:
    """Whether a metric is one of those that are looked for; raises InvalidPattern."""
    if len(text) > MOST_CHARACTERS:
        raise InvalidPattern(f"a search has at most {MOST_CHARACTERS:,} characters")
    reader = _Reader(list(_tokens(text)))
    tests = []
    if reader.take("{"):
        tests.append(_schema(reader))
    if reader.more:
        tests.append(reader.any_of(0))
    if reader.more:
        raise InvalidPattern(f"{reader.next.text!r} cannot stand there in a search")
    if not tests:
        raise InvalidPattern("the search is empty", hint="such as '{Namespace,Dimension} word'")
    return lambda metric: all(test(metric) for test in tests)


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidPattern("a quote of the search is not closed")
        kind = str(match.lastgroup)
        found = match[kind]
        yield _Token(kind, re.sub(r"\\(.)", r"\1", found) if kind == "quoted" else found)
        at = match.end()


class _Reader:
    """The tokens of a search, from left to right."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def more(self) -> bool:
        return self._at < len(self._tokens)

    @property
    def next(self) -> _Token:
        return self._tokens[self._at] if self.more else _Token("end", "")

    def take(self, *texts: str) -> bool:
        """Whether the next token is a sign or word, which is left behind then."""
        token = self.next
        if token.kind == "quoted" or token.text not in texts or not token.text:
            return False
        self._at += 1
        return True

    def name(self) -> _Token:
        """The word or quoted text that has to come."""
        token = self.next
        if token.kind not in ("word", "quoted"):
            what = f"before {token.text!r}" if self.more else "at its end"
            raise InvalidPattern(f"the search lacks a word {what}")
        self._at += 1
        return token

    def any_of(self, depth: int) -> Test:
        tests = [self._all_of(depth)]
        while self.take("OR"):
            tests.append(self._all_of(depth))
        return lambda metric: any(test(metric) for test in tests)

    def _all_of(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self.more and (self.next.kind == "quoted" or self.next.text not in (")", "OR")):
            self.take("AND")
            tests.append(self._one(depth))
        return lambda metric: all(test(metric) for test in tests)

    def _one(self, depth: int) -> Test:
        if depth > MOST_NESTED:
            raise InvalidPattern("the search is nested too deeply")
        if self.take("NOT"):
            test = self._one(depth + 1)
            return lambda metric: not test(metric)
        if self.take("("):
            test = self.any_of(depth + 1)
            if not self.take(")"):
                raise InvalidPattern("a bracket of the search is not closed")
            return test
        token = self.name()
        if self.take("="):
            return self._designated(token.text, depth)
        return _found(token, lambda metric: _texts(metric))

    def _designated(self, designator: str, depth: int) -> Test:
        texts = _part_of(designator)
        if not self.take("("):
            return _found(self.name(), texts)
        tests = [_found(self.name(), texts)]
        while not self.take(")"):
            self.take("OR")
            tests.append(_found(self.name(), texts))
        return lambda metric: any(test(metric) for test in tests)


def _schema(reader: _Reader) -> Test:
    namespace = reader.name().text
    wanted = []
    while reader.take(","):
        wanted.append(reader.name().text)
    if not reader.take("}"):
        raise InvalidPattern("the braces of the search are not closed")
    names = sorted(wanted)
    return lambda metric: (
        metric.namespace == namespace and sorted(name for name, _ in metric.dimensions) == names
    )


def _found(token: _Token, texts: Callable[[Metric], Iterator[str]]) -> Test:
    if token.kind == "quoted":
        return lambda metric: token.text in texts(metric)
    wanted = parts(token.text)
    if not wanted:
        return lambda metric: any(token.text in text for text in texts(metric))
    return lambda metric: any(_holds(parts(text), wanted) for text in texts(metric))


def _holds(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether words stand beside each other among others."""
    size = len(wanted)
    return any(words[at : at + size] == wanted for at in range(len(words) - size + 1))


def _texts(metric: Metric) -> Iterator[str]:
    yield metric.namespace
    yield metric.name
    for pair in metric.dimensions:
        yield from pair


def _part_of(designator: str) -> Callable[[Metric], Iterator[str]]:
    if designator == "MetricName":
        return lambda metric: iter((metric.name,))
    if designator == "Namespace":
        return lambda metric: iter((metric.namespace,))
    return lambda metric: (value for name, value in metric.dimensions if name == designator)
