r"""The regular expressions of filter patterns: a small alphabet without groups, run by RE2.

Characters that may not be written directly are written ``\xhh``. ``{,n}`` means ``{0,n}``.
"""

from __future__ import annotations

import re

from logq.errors import InvalidPattern, InvalidRegex, Span
from logq.query.patterns.nodes import Regex
from logq.query.regex import compile_pattern

_PART = re.compile(r"\\x[0-9A-Fa-f]{2}|\\[\s\S]?|\{,(?=[0-9]+\})|[\s\S]")
_ALLOWED = re.compile(r"[A-Za-z0-9 :_#=@/;,^$?\[\]{}|*+.-]")
_ESCAPED = re.compile(r"\\(?:x[0-7][0-9A-Fa-f]|[dDsSwW]|[:_#=@/;,^$?\[\]{}|\\*+. -])")
_MEMORY = 4 << 20
"""Half of what DuckDB lets an expression take, so that it refuses none of ours."""


def read_regex(source: str, span: Span) -> Regex:
    """The expression between the percent signs at ``span``; raises InvalidPattern."""
    if not source:
        raise InvalidPattern(
            "there is nothing between the percent signs",
            hint='write an expression: %ERR[0-9]+%; a percent sign itself is "%"',
            span=span,
        )
    import re2

    parts = []
    for match in _PART.finditer(source):
        _check(match[0], span.start + 1 + match.start())
        parts.append("{0," if match[0] == "{," else match[0])
    pattern = "".join(parts)
    try:
        _compile(pattern)
        literals = compile_pattern(pattern).literals
    except (re2.error, InvalidRegex) as error:
        reason = error.args[0] if error.args else "it is no regular expression"
        reason = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise InvalidPattern(
            f"%{source}% cannot be used: {reason}",
            hint="a backslash makes an operator an ordinary character: \\. \\* \\[",
            span=span,
        ) from None
    return Regex(pattern, literals, span)


def _compile(pattern: str) -> None:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    re2.compile(pattern, options)


def _check(part: str, place: int) -> None:
    if part == "{," or _ALLOWED.fullmatch(part) or _ESCAPED.fullmatch(part):
        return
    character = part[-1] if len(part) == 2 else part
    span = Span(place, place + len(part))
    if character in "()":
        raise InvalidPattern(
            "groups with ( ) are not allowed in a regular expression",
            hint=f"write '\\x{ord(character):02x}' for the character {character} itself",
            span=span,
        )
    if len(part) > 1 or part == "\\":
        raise InvalidPattern(
            f"{part!r} means nothing in a regular expression".replace("\\\\", "\\"),
            hint=r"the classes are \d \D \s \S \w \W; \xhh up to \x7f is a character by its code",
            span=span,
        )
    if character.isascii():
        raise InvalidPattern(
            f"{character!r} is not allowed in a regular expression",
            hint=f"write '\\x{ord(character):02x}'",
            span=span,
        )
    raise InvalidPattern(
        f"{character!r} is not allowed in a regular expression: only ASCII is",
        hint='look for it as a quoted term: "..."',
        span=span,
    )
