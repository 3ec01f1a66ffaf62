"""``parse``: cut fields out of text with a glob or a regular expression."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sqlglot import exp

from logq import model
from logq.errors import NotAvailableYet, WrongArguments, located
from logq.query.build import NULL, Sql, alias, case, column, fn, ne, text
from logq.query.command import Command, command
from logq.query.compiler import Step
from logq.query.nodes import Expr, Field, Literal, Regex
from logq.query.regex import Pattern, compile_pattern, longest
from logq.query.scope import Column
from logq.query.sql import evaluate
from logq.query.value import Type, to_text

_GLOB_PART = re.compile(r"\\\*|\\\\|\*")
_WHOLE = "whole"


@command("parse")
@dataclass(frozen=True)
class Parse(Command):
    """Search a field (default ``@message``) and make fields of what was found.

    In a glob every ``*`` takes the shortest text up to the next literal; a last one takes the
    rest. ``\\*`` is a literal star. A row that does not match stays, without the new fields.
    """

    syntax = 'parse [FIELD] "GLOB *" as NAME, ...   or   parse [FIELD] /REGEX (?<NAME>...)/'
    examples = (
        'parse @message "user=*, method:*" as user, method | stats count(*) by method',
        r"parse @message /took (?<ms>\d+) ms/ | stats avg(ms) by bin(5m)",
    )

    field: Expr | None = None
    pattern: Literal | Regex | None = None
    names: tuple[Field, ...] = ()
    multi: bool = False
    mode: str = "glob"
    path: str | None = None

    def apply(self, step: Step) -> Step:
        if self.multi or self.pattern is None:
            wanted = "multi" if self.multi else self.mode
            raise NotAvailableYet(
                f"parse ... {wanted} is not available yet",
                hint="this version parses with a glob or a regular expression, one match a row",
            )
        pattern, names = self._pattern(self.pattern)
        subject = to_text(evaluate(self.field or Field((model.MESSAGE,)), step.env))
        return _extract(step, self.name, subject, pattern, names)

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
    labels = tuple(label for label in names if label)
    return replace(step, env=replace(step.env, scope=scope), extra=(*step.extra, *labels))


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
