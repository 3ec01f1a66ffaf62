"""Names against patterns of policies, in which ``*`` is any text and ``?`` one character."""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits; takes at most ``len(pattern) * len(text)`` steps."""
    if "?" not in pattern:
        head, star, rest = pattern.partition("*")
        if not star:
            return pattern == text
        if not rest:
            return text.startswith(head)
    at = here = 0
    star_at, star_here = -1, 0
    while here < len(text):
        sign = pattern[at] if at < len(pattern) else ""
        if sign == "*":  # takes nothing at first, and one more character at every dead end
            star_at, star_here = at, here
            at += 1
        elif sign and sign in ("?", text[here]):
            at, here = at + 1, here + 1
        elif star_at >= 0:
            star_here += 1
            at, here = star_at + 1, star_here
        else:
            return False
    return not pattern[at:].strip("*")
