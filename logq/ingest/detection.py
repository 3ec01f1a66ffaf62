"""Which format a source has, decided on its first lines and reconsidered when it proves wrong."""

from __future__ import annotations

from collections.abc import Sequence

from logq.ingest.format import FALLBACK, HEAD, Format, detect

_ENOUGH = 20
"""So many lines of one block outweigh what was decided before."""


class Detection:
    """The format of one source, as far as its lines tell.

    Until ``HEAD`` lines were seen, every block may change the decision. Later a block changes it
    only if less than half of its first lines look like the format and at least ``_ENOUGH`` of them
    agree on another; lines that do not fit stay events with the fields that they have.
    """

    def __init__(self) -> None:
        self._heads: list[str] = []
        self._format: Format | None = None

    def decide(self, lines: Sequence[str]) -> Format:
        """The format to read a block with whose first lines are ``lines``."""
        heads = [line for line in lines[:HEAD] if line.strip()]
        if self._format is None or len(self._heads) < HEAD:
            self._heads += heads[: HEAD - len(self._heads)]
            self._format = detect(self._heads)
        elif self._unfit(heads):
            other = detect(heads)
            if other.name not in (FALLBACK, self._format.name):
                self._format = other
        return self._format

    def _unfit(self, heads: Sequence[str]) -> bool:
        assert self._format is not None
        if len(heads) < _ENOUGH:
            return False
        if self._format.name == FALLBACK:
            return True
        return sum(map(self._format.recognises, heads)) * 2 < len(heads)
