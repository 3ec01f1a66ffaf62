"""Masks by name: what must not be stored, recognised with RE2."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from logq.errors import InvalidValue
from logq.ingest.text import Mask

_CARD = r"\b\d(?:[ -]?\d){12,18}\b"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"


@dataclass(frozen=True, slots=True)
class CardMask(Mask):
    """Numbers of 13 to 19 digits whose check digit is that of a payment card."""

    def apply(self, texts: pa.Array) -> pa.Array:
        """The texts with every card number replaced."""
        suspects = pc.match_substring_regex(texts, self.pattern).fill_null(False)
        if not pc.any(suspects).as_py():
            return texts
        masked = [
            _FIND_CARD.sub(self._replace, text) for text in texts.filter(suspects).to_pylist()
        ]
        return pc.replace_with_mask(texts, suspects, pa.array(masked, texts.type))

    def _replace(self, match: re.Match[str]) -> str:
        return self.replacement if is_card(match[0]) else match[0]


_FIND_CARD = re.compile(_CARD, re.ASCII)

MASKS: Mapping[str, Mask] = {
    "email": Mask(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", "<email>"),
    "card": CardMask(_CARD, "<card>"),
    "ipv4": Mask(rf"\b(?:{_OCTET}\.){{3}}{_OCTET}\b", "<ipv4>"),
    "jwt": Mask(r"\beyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", "<jwt>"),
    "aws_key": Mask(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b", "<aws_key>"),
}
"""The masks that can be named in a configuration."""


def mask_named(name: str) -> Mask:
    """The built-in mask of a name; raises InvalidValue with a did-you-mean."""
    if name in MASKS:
        return MASKS[name]
    close = difflib.get_close_matches(name.lower(), MASKS, n=1)
    raise InvalidValue(
        f"there is no mask {name!r}",
        hint=f"did you mean {close[0]!r}?" if close else f"known masks: {', '.join(MASKS)}",
    )


def is_card(text: str) -> bool:
    """Whether the digits of ``text`` end in the right check digit (Luhn)."""
    digits = [int(c) for c in reversed(text) if c.isdigit()]
    doubled = [2 * d - 9 if d > 4 else 2 * d for d in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
