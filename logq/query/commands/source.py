"""``SOURCE``: name the log groups and the time range inside the query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lark import Token

from logq.errors import WrongArguments, located
from logq.query.command import Command, command
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node, span_of, tokens, trees
from logq.query.literals import string_value
from logq.query.nodes import Star
from logq.query.selection import DataSource, LogGroups, LogGroupTags, Selector, Tag

_OPTIONS = {
    "nameprefix": "prefixes",
    "accountidentifier": "accounts",
    "accountidentifiers": "accounts",
    "class": "classes",
    "loggroupclass": "classes",
}


@command("source")
@dataclass(frozen=True)
class Source(Command):
    """Read these log groups; stands first, and several may follow each other.

    ``logGroups(namePrefix: ['a'], accountIdentifiers: ['1'], class: ['STANDARD'])`` means all that
    fit, ``logGroups()`` all of class STANDARD; ``logGroupTags([{"key": "team", "values": ["a*",
    "!b"]}])`` those with such tags; ``dataSource(['amazon_vpc.flow'])`` those whose tag
    ``dataSource``, or else whose pinned format, is that. Several behind one SOURCE must all fit.
    """

    syntax = 'SOURCE "GROUP" | logGroups(...) | logGroupTags(...) [START=-1h] [END=now]'
    examples = (
        'SOURCE "/aws/lambda/orders" START=-3600s END=0s | fields @timestamp, @message',
        "SOURCE logGroups(namePrefix: ['shop/']) | stats count(*) by @log",
        'SOURCE logGroupTags([{"key": "team", "values": ["pay*"]}]) | fields @log, @message',
    )

    groups: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    functions: tuple[Selector, ...] = ()

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        """The values of a new one from its tree; raises QueryError."""
        times: dict[str, str] = {}
        for option in trees(stage, "time_option"):
            word, time = tokens(option)
            times["start" if word.type == "START_OPTION" else "end"] = str(time)
        names = [string_value(t) if t.type == "STRING" else str(t) for t in tokens(stage)]
        functions = tuple(map(_function, trees(stage, "source_function")))
        return {"groups": tuple(names), "functions": functions, **times}

    def apply(self, step: Step) -> Step:
        """Sources are read before the first step; here one comes too late."""
        raise WrongArguments(
            "SOURCE must be the first command", hint="move it to the start of the query"
        )


def _function(tree: Node) -> Selector:
    name, span = tokens(tree)[0], span_of(tree)
    if name.type == "DATA_SOURCE":
        return DataSource(_texts(trees(tree)[0]), span=span)
    if name.type == "LOG_GROUP_TAGS":
        return LogGroupTags(tuple(map(_tag, trees(tree, "tag"))), span=span)
    options: dict[str, Any] = {}
    for option in trees(tree, "source_filter"):
        key = tokens(option)[0]
        with located(Star(span=span_of(key))):
            if _OPTIONS[key.lower()] in options:
                raise WrongArguments(f"{key} is given twice", hint="name all values in one list")
        options[_OPTIONS[key.lower()]] = _texts(option.children[1])
    return LogGroups(**options, span=span)


def _tag(tree: Node) -> Tag:
    parts: dict[str, tuple[str, ...]] = {}
    with located(Star(span=span_of(tree))):
        for part in trees(tree, "tag_part"):
            parts[string_value(tokens(part)[0])] = _texts(part.children[1])
        if len(parts.get("key", ())) != 1 or parts.keys() - {"key", "values"}:
            raise WrongArguments(
                "a tag is a key and its values", hint='write {"key": "team", "values": ["a*"]}'
            )
    return Tag(parts["key"][0], parts.get("values", ()))


def _texts(part: Any) -> tuple[str, ...]:
    """The texts of a list, or of a text that stands alone."""
    if isinstance(part, Token):
        return (string_value(part),)
    texts = []
    for signed in trees(part):
        for token in signed.scan_values(lambda value: isinstance(value, Token)):
            with located(Star(span=span_of(token))):
                if token.type != "STRING":
                    raise WrongArguments(f"{token} is no text", hint="put it in quotes")
            texts.append(string_value(token))
    return tuple(texts)
