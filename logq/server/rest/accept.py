"""Which of the forms of an answer a client wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from logq.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class Form:
    """One media type of an answer."""

    media_type: str
    output: str
    """The name of the renderer that writes it."""
    summary: str
    file: str | None = None
    """The name that a browser saves it under."""


NDJSON = Form("application/x-ndjson", "ndjson", "one JSON object a line")
FRAMES = Form(
    "application/vnd.logq.frames+ndjson",
    "values",
    "for programs that draw: an object with the columns, a JSON array a row, an object at the end",
)
FORMS: Mapping[str, Form] = {
    form.media_type: form
    for form in (
        NDJSON,
        Form("application/json", "json", "one array of objects"),
        Form("text/csv", "csv", "a header and a line a row; formulas are disarmed", "answer.csv"),
        Form("application/vnd.apache.arrow.stream", "arrow", "an Arrow stream", "answer.arrows"),
        FRAMES,
    )
}
"""By media type; the first is what a client gets that does not care."""


def chosen(accept: str) -> Form:
    """The form that suits an ``Accept`` header best; raises InvalidValue if none does."""
    best, best_quality = None, 0.0
    wishes = [_wish(part) for part in accept.split(",") if part.strip()] or [("*/*", 1.0)]
    for form in FORMS.values():
        for pattern in (form.media_type, form.media_type.partition("/")[0] + "/*", "*/*"):
            found = [quality for name, quality in wishes if name == pattern]
            if found:
                if found[0] > best_quality:
                    best, best_quality = form, found[0]
                break
    if best is None:
        raise InvalidValue(
            f"an answer cannot be sent as {accept[:200]!r}", hint=f"accept {' or '.join(FORMS)}"
        )
    return best


def _wish(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                quality = float(parameter[2:])
            except ValueError:
                quality = 0.0
    return name.lower(), quality
