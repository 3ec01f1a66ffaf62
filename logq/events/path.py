"""JSON paths as rules use them: ``$.detail.state``, ``$.resources[0]``, ``$.detail.list[*].id``."""

from __future__ import annotations

import re
from typing import Any

from logq.errors import InvalidValue

MISSING: Any = object()
"""What a path finds that leads nowhere."""

_STEP = re.compile(r"""\.([^.\[\]'"\s]+)|\[(\d+|\*)\]|\['([^']*)'\]|\["([^"]*)"\]""")


class JsonPath:
    """A compiled path."""

    def __init__(self, text: str) -> None:
        """Raises InvalidValue."""
        self.text = text
        self._steps: list[str | int | None] = []
        """A name, a place in an array, or None for all its elements."""
        at = 1 if text.startswith("$") else -1
        while 0 <= at < len(text):
            step = _STEP.match(text, at)
            if step is None:
                break
            dotted, place, *quoted = step.groups()
            if place is None:
                self._steps.append(next(one for one in (dotted, *quoted) if one is not None))
            else:
                self._steps.append(None if place == "*" else int(place))
            at = step.end()
        if at != len(text):
            raise InvalidValue(
                f"{text!r} is no JSON path", hint="like $.detail.state or $.resources[0]"
            )

    def find(self, value: Any) -> Any:
        """What is there, or MISSING."""
        for at, step in enumerate(self._steps):
            if isinstance(step, str):
                value = value.get(step, MISSING) if isinstance(value, dict) else MISSING
            elif not isinstance(value, list):
                return MISSING
            elif step is None:
                rest = JsonPath("$")
                rest._steps = self._steps[at + 1 :]
                found = (rest.find(element) for element in value)
                return [one for one in found if one is not MISSING]
            else:
                value = value[step] if step < len(value) else MISSING
            if value is MISSING:
                return MISSING
        return value
