"""``parse``: cut fields out of text with a glob or a regular expression."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from lark import Token, Tree
from sqlglot import exp

from logq import model
from logq.errors import QueryError, WrongArguments, located
from logq.query.build import NULL, Sql, alias, case, column, fn, ne, number, text
from logq.query.command import Command, command, unless
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.grok import expand
from logq.query.literals import string_value
from logq.query.nodes import Expr, Field, Literal, Regex
from logq.query.pairs import XML_PATH, cells, key_values, logfmt, syslog, xml
from logq.query.regex import Pattern, compile_pattern, longest
from logq.query.scope import Column
from logq.query.sql import evaluate
from logq.query.unnesting import unnested
from logq.query.value import Type, Value, to_text

_GLOB_PART = re.compile(r"\\\*|\\\\|\*")
_WHOLE = "whole"


@command("parse")
@dataclass(frozen=True)
class Parse(Command):
    """Search a field (default ``@message``) and make fields of what was found.

    In a glob every ``*`` takes the shortest text up to the next literal; a last one takes the
    rest. ``\\*`` is a literal star. A row that does not match stays, without the new fields.
    ``multi`` gives a row for each match; ``logfmt``, ``kv`` and ``syslog`` make a map.
    """

    syntax = (
        'parse [FIELD] "GLOB *" as NAME, ...   or   parse [FIELD] /REGEX (?<NAME>...)/ [multi]   '
        'or   parse FIELD grok "%{IP:NAME} ..."   or   parse [FIELD] logfmt|syslog as MAP   '
        'or   parse [FIELD] kv [sep "="] [pair ";"] as MAP   or   parse [FIELD] csv as NAME, ...   '
        'or   parse [FIELD] xml "/PATH" as NAME'
    )
    examples = (
        'parse @message "user=*, method:*" as user, method | stats count(*) by method',
        r"parse @message /took (?<ms>\d+) ms/ | stats avg(ms) by bin(5m)",
        r"parse @message /(?<ip>\d+\.\d+\.\d+\.\d+)/ multi | stats count(*) by ip",
        "parse @message logfmt as m | stats count(*) by m.level",
        'parse @message grok "%{IP:client} %{WORD:method} %{URIPATH:path}" | display client, path',
    )

    field: Expr | None = None
    pattern: Literal | Regex | None = None
    names: tuple[Field, ...] = ()
    multi: bool = False
    mode: str = "glob"
    path: str | None = None
    """For xml: where the value is."""
    separator: str = "="
    pair: str | None = None
    """For kv: what stands between pairs; None for white space."""

    @property
    def keeps_rows(self) -> bool:
        return not self.multi

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        target, spec = stage.children
        assert isinstance(spec, Tree)
        mode = str(spec.data)
        texts = [part for part in spec.children if isinstance(part, Token | None)]
        names = trees(spec, "names")
        values: dict[str, Any] = {
            "field": None if target is None else expr(target),
            "names": expr.names(names[0] if names else spec),
            "mode": mode,
        }
        match mode, texts:
            case "glob", [Token() as token, *_]:
                values["pattern"] = expr.glob(token)
            case "regex", [Token() as token, *_]:
                values["pattern"] = expr.pattern(token)
                values["multi"] = bool(tokens(spec, "MULTI"))
            case "grok", [Token() as token]:
                written = expr.pattern(token)
                with located(written):
                    regex = expand(str(getattr(written, "value", "")))
                values["pattern"] = Regex(regex, span=written.span)
            case "xml", [Token() as token, *_]:
                values["path"] = string_value(token)
            case "kv", [separator, pair, *_]:
                values["separator"] = string_value(separator) if separator else "="
                values["pair"] = string_value(pair) if pair else None
        return values

    def name_before(self, name: str) -> str | None:
        made = [field.name for field in self.names]
        if isinstance(self.pattern, Regex):
            with suppress(QueryError):  # told with its place when it is compiled
                made += [g for g in compile_pattern(self.pattern.pattern).groups if g is not None]
        return unless(name, made)

    def apply(self, step: Step) -> Step:
        subject = to_text(evaluate(self.field or Field((model.MESSAGE,)), step.env))
        if self.pattern is not None:
            pattern, names = self._pattern(self.pattern)
            if self.multi:
                return _every(step, self.name, subject, pattern, names)
            return _extract(step, self.name, subject, pattern, names)
        if self.mode == "csv":
            return self._cells(step, subject)
        (made,) = (name.name for name in self.names)
        if self.mode == "xml":
            value = Value(Type.TEXT, xml(subject, self._xml_path()))
        else:
            value = Value(Type.DYNAMIC, self._map(subject))
        return step.add(self.name, {made: value}).showing(made)

    def _map(self, subject: Sql) -> Sql:
        if self.mode == "logfmt":
            return logfmt(subject)
        if self.mode == "syslog":
            return syslog(subject)
        if not self.separator or self.pair == "":
            raise WrongArguments("a separator has at least one character", hint='write sep "="')
        return key_values(subject, self.separator, self.pair)

    def _xml_path(self) -> str:
        if self.path is None or not XML_PATH.fullmatch(self.path):
            raise WrongArguments(
                f"'{self.path}' is not a path that parse xml reads",
                hint='write child steps such as "/event/user[1]/@id" or "/event/text()"',
            )
        return self.path

    def _cells(self, step: Step, subject: Sql) -> Step:
        found = step.source.ident("cells")
        step = step.then(self.name, step.select().select(exp.Star(), alias(cells(subject), found)))
        values = {
            name.name: Value(Type.TEXT, fn("list_extract", column(found), number(place)))
            for place, name in enumerate(self.names, start=1)
        }
        return step.add(self.name, values).showing(*values)

    def _pattern(self, source: Literal | Regex) -> tuple[Pattern, tuple[str, ...]]:
        names = tuple(f.name for f in self.names)
        if isinstance(source, Literal):
            with located(source):
                return compile_pattern(glob_to_regex(str(source.value), len(names))), names
        with located(source):
            pattern = compile_pattern(source.pattern)
            if not pattern.groups:
                raise WrongArguments(
                    "the regular expression has no group, so it makes no field",
                    hint=r"name what you want: /took (?<ms>\d+) ms/",
                )
        unnamed = pattern.groups.count(None)
        if names and len(names) != unnamed:
            raise WrongArguments(
                f"{len(names)} names after as, but {unnamed} unnamed groups in the expression",
                hint="give one name for each group without a name, left to right",
            )
        if not names and not unnamed == 0 and unnamed == len(pattern.groups):
            raise WrongArguments(
                "the groups have no names",
                hint=r"write (?<name>...) or add 'as name' behind the expression",
            )
        given = iter(names)
        return pattern, tuple(g if g is not None else next(given, "") for g in pattern.groups)


def glob_to_regex(glob: str, names: int) -> str:
    """The regular expression of a glob with this many stars; raises WrongArguments."""
    parts: list[str] = []
    stars, position, last_star = 0, 0, -1
    for match in _GLOB_PART.finditer(glob):
        parts.append(re.escape(glob[position : match.start()]))
        position = match.end()
        if match[0] != "*":
            parts.append(re.escape(match[0][1]))
            continue
        if last_star == match.start():
            raise WrongArguments(
                "two stars side by side cannot be told apart",
                hint=r"put a literal between them, or write \* for a star in the text",
            )
        stars, last_star = stars + 1, match.end()
        parts.append("(.*)" if match.end() == len(glob) else "(.*?)")
    parts.append(re.escape(glob[position:]))
    if stars != names:
        raise WrongArguments(
            f"the pattern has {stars} star{'s' * (stars != 1)} but {names} "
            f"name{'s follow' if names != 1 else ' follows'}",
            hint="give one name for each star",
        )
    return "(?s)" + "".join(parts)


def _extract(step: Step, name: str, subject: Sql, pattern: Pattern, names: tuple[str, ...]) -> Step:
    """One step finds the match, the next names its groups."""
    match = step.source.ident("match")
    groups = [f"g{i}" for i in range(1, len(names) + 1)]
    found, matched = _find(subject, pattern, groups)
    select = step.select().select(exp.Star(), alias(found, match))
    step = step.then(name, select)
    select = step.select().select(exp.Star())
    scope = step.scope
    for index, (label, group) in enumerate(zip(names, groups, strict=True), start=1):
        if not label:
            continue
        value = fn("struct_extract", column(match), text(group))
        if index in pattern.optional:
            value = fn("nullif", value, text(""))
        if matched:
            hit = ne(fn("struct_extract", column(match), text(_WHOLE)), text(""))
            value = case((hit, value), otherwise=NULL.copy())
        definition = Column(step.source.ident(label), Type.TEXT)
        select = select.select(alias(value, definition.ident))
        scope = scope.define(label, definition)
    step = step.then(name, select)
    return replace(step, env=replace(step.env, scope=scope)).showing(*(n for n in names if n))


def _every(step: Step, name: str, subject: Sql, pattern: Pattern, names: tuple[str, ...]) -> Step:
    """One row for each match, in their order; a row without a match stays as it is."""
    tests = [fn("contains", subject.copy(), text(t)) for t in longest(pattern.literals)]
    lists: dict[str, Sql] = {}
    for index, label in enumerate(names, start=1):
        if label:
            found = fn("regexp_extract_all", subject.copy(), text(pattern.re2), number(index))
            lists[label] = case((tests[0].copy(), found)) if tests else found
    step, columns = unnested(step, name, lists, keep=True)
    values = {
        label: Value(
            Type.TEXT,
            fn("nullif", found, text("")) if names.index(label) + 1 in pattern.optional else found,
        )
        for label, found in columns.items()
    }
    return step.add(name, values).showing(*values)


def _find(subject: Sql, pattern: Pattern, groups: list[str]) -> tuple[Sql, bool]:
    """The groups of the first match as a struct, and whether it says itself if there was one.

    DuckDB gives empty texts where nothing matched. A pattern that cannot match the empty text
    shows a match by its whole text; only the others must be searched twice.
    """
    tests = [fn("contains", subject.copy(), text(t)) for t in longest(pattern.literals)]
    if not pattern.may_be_empty:
        wrapped = f"({pattern.re2})"
        names = exp.Array(expressions=[text(n) for n in (_WHOLE, *groups)])
        found = fn("regexp_extract", subject.copy(), text(wrapped), names)
        return (case((tests[0], found)) if tests else found), True
    names = exp.Array(expressions=[text(n) for n in groups])
    found = fn("regexp_extract", subject.copy(), text(pattern.re2), names)
    return case((fn("regexp_matches", subject, text(pattern.re2)), found)), False
