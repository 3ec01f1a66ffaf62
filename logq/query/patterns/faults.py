"""What is wrong with a text that is no filter pattern, where, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lark import Token
from lark.exceptions import UnexpectedInput

from logq.errors import InvalidPattern, Span

_RUN = re.compile(r"\S+")
_PART = re.compile(r'"(?:\\.|[^"\\])*"|[^\s,\])}&|]+')
"""A word between the signs of conditions and columns."""
_WORDS = {
    "==": ("'==' is no operator", "write '='"),
    "<>": ("'<>' is no operator", "write '!='"),
    "IN": ("there is no IN", "write ($.a = x || $.a = y)"),
    "EXISTS": ("there is no EXISTS", "write '= *' for any value; NOT EXISTS is there"),
    "AND": ("there is no AND", "write '&&'"),
    "OR": ("there is no OR", "write '||'"),
    "LIKE": ("there is no LIKE", "write '= \"*text*\"' or = %expression%"),
}
"""What people write from habit."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A text and where it leaves the grammar."""

    text: str
    place: int

    @property
    def kind(self) -> str:
        """The first sign of the pattern: ``{``, ``[``, or nothing for terms."""
        first = self.text.lstrip()[:1]
        return first if first in ("{", "[") else ""

    @property
    def rest(self) -> str:
        """From the fault on."""
        return self.text[self.place :]

    @property
    def before(self) -> str:
        """What was understood, without blanks at its end."""
        return self.text[: self.place].rstrip()

    @property
    def run(self) -> Span:
        """The word or sign that does not fit."""
        match = (_PART if self.kind else _RUN).match(self.text, self.place)
        return Span(self.place, match.end() if match else self.place + 1)


def explain(error: UnexpectedInput, text: str) -> InvalidPattern:
    """What is wrong, in the words of the person who wrote the pattern."""
    place = error.pos_in_stream
    if isinstance(getattr(error, "token", None), Token) and error.token.type == "$END":  # type: ignore[attr-defined]
        place = len(text)
    fault = Fault(text, len(text) if place is None else place)
    return next(found for rule in RULES if (found := rule(fault)) is not None)


def unquoted(text: str, start: int) -> InvalidPattern:
    """A term with signs that must be quoted; ``start`` is where it begins."""
    match = _RUN.match(text, start)
    span = Span(start, match.end() if match else start + 1)
    sign = text[start] if text[start] in "?-" and span.end > start + 1 else ""
    word = text[start + len(sign) : span.end]
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return InvalidPattern(
        "a term has letters, digits and _; with other characters it must be quoted",
        hint=f'write {sign}"{escaped}"',
        span=span,
    )


def _open_quote(fault: Fault) -> InvalidPattern | None:
    if not re.fullmatch(r'"(?:\\[\s\S]?|[^"\\])*', fault.rest):
        return None
    return InvalidPattern(
        "the quote is not closed", hint='write " at the end of the text', span=_end(fault)
    )


def _open_regex(fault: Fault) -> InvalidPattern | None:
    if not fault.rest.startswith("%") or "%" in fault.rest[1:]:
        return None
    return InvalidPattern(
        "the regular expression is not closed",
        hint="write % at its end; a percent sign inside is \\x25",
        span=_end(fault),
    )


def _end(fault: Fault) -> Span:
    return Span(fault.place, len(fault.text))


def _term(fault: Fault) -> InvalidPattern | None:
    if fault.kind:
        return None
    if fault.place >= len(fault.text):
        return InvalidPattern(
            f"a term is missing after {fault.before[-1:]!r}",
            hint='to look for the sign itself quote it: "?" or "-"',
            span=Span(max(0, len(fault.before) - 1), len(fault.before)),
        )
    start = fault.place
    while start and not fault.text[start - 1].isspace():
        start -= 1
    return unquoted(fault.text, start)


def _unfinished(fault: Fault) -> InvalidPattern | None:
    if fault.rest:
        return None
    closing = "}" if fault.kind == "{" else "]"
    return InvalidPattern(
        f"the pattern ends before its '{closing}'",
        hint=f"write {closing} at its end",
        span=Span(len(fault.text), len(fault.text)),
    )


def _behind(fault: Fault) -> InvalidPattern | None:
    if not fault.before.endswith("}" if fault.kind == "{" else "]"):
        return None
    return InvalidPattern(
        "the pattern ends before this", hint="one pattern is of one kind only", span=_end(fault)
    )


def _habit(fault: Fault) -> InvalidPattern | None:
    word = re.match(r"==|<>|[A-Za-z]+", fault.rest)
    found = _WORDS.get(word[0].upper()) if word else None
    if word is None or found is None:
        return None
    message, hint = found
    return InvalidPattern(message, hint=hint, span=Span(fault.place, fault.place + len(word[0])))


def _is_what(fault: Fault) -> InvalidPattern | None:
    if fault.kind != "{":
        return None
    if re.search(r"\sIS$", fault.before):
        hint = "write IS NULL, IS TRUE or IS FALSE"
        if fault.rest.startswith("NOT"):
            hint = "there is no IS NOT; write '= *' for any value that is not null"
        return InvalidPattern("IS takes NULL, TRUE or FALSE", hint=hint, span=fault.run)
    if re.match(r"(?i)is\b|not\b", fault.rest):
        return InvalidPattern(
            "words are written in capitals here",
            hint="write IS NULL, IS TRUE, IS FALSE or NOT EXISTS",
            span=fault.run,
        )
    return None


def _order(fault: Fault) -> InvalidPattern | None:
    if not re.search(r"[<>]=?$", fault.before):
        return None
    return InvalidPattern(
        "order is between numbers", hint="write a number without quotes: > 500", span=fault.run
    )


def _value(fault: Fault) -> InvalidPattern | None:
    if not fault.before.endswith("="):
        return None
    return InvalidPattern(
        "a value is expected",
        hint='write a word, a number, "text in quotes" or %expression%',
        span=fault.run,
    )


def _selector(fault: Fault) -> InvalidPattern | None:
    if fault.kind != "{":
        return None
    if fault.rest.startswith("$"):
        return InvalidPattern(
            "a selector names a field by its path",
            hint="write $.name, $.list[0], $.list[*] or $.['name with signs']",
            span=fault.run,
        )
    if re.search(r"(?:[({]|&&|\|\|)$", fault.before):
        return InvalidPattern(
            "a condition is expected",
            hint='write for example { $.level = "ERROR" }',
            span=fault.run,
        )
    if fault.rest.startswith(("]", "[", ".", "'")):
        return InvalidPattern(
            "a selector cannot go on like this",
            hint="write $.name, $.list[0], $.list[*] or $.['name with signs']",
            span=fault.run,
        )
    return None


def _parentheses(fault: Fault) -> InvalidPattern | None:
    if fault.kind != "[" or fault.rest[:1] not in ("(", ")"):
        return None
    return InvalidPattern(
        "there are no parentheses between columns",
        hint="&& binds tighter than ||",
        span=Span(fault.place, fault.place + 1),
    )


def _name(fault: Fault) -> InvalidPattern | None:
    if fault.kind != "[" or not re.search(r"(?:[,\[]|&&|\|\|)$", fault.before):
        return None
    return InvalidPattern(
        "the name of a column is expected",
        hint="names have letters, digits, - and _; the name comes before every comparison",
        span=fault.run,
    )


def _other(fault: Fault) -> InvalidPattern:
    if fault.kind == "{":
        hint = "conditions look like $.a = 1, and are joined by && and ||"
    else:
        hint = "columns look like name, name = value or ..., with commas between them"
    return InvalidPattern(f"{fault.rest[:1]!r} does not belong here", hint=hint, span=fault.run)


RULES: tuple[Callable[[Fault], InvalidPattern | None], ...] = (
    _open_quote,
    _open_regex,
    _term,
    _unfinished,
    _behind,
    _habit,
    _is_what,
    _order,
    _value,
    _selector,
    _parentheses,
    _name,
    _other,
)
"""The particular before the general; the last one always answers."""
