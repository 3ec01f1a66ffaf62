"""The job ``explain``: what a query becomes and would read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from logq.work.job import job
from logq.work.readable import readable_queries

if TYPE_CHECKING:
    from logq.app import LogQ
    from logq.work.worker import Out


@job("explain")
def explain(
    logq: LogQ,
    out: Out,
    *,
    text: str,
    groups: Sequence[str] = (),
    readable: Sequence[str] | None = None,
    usable: Mapping[str, Sequence[str]] | None = None,
    start: int | None = None,
    end: int | None = None,
    analyze: bool = False,
) -> dict[str, Any]:
    """The header has ``explanation``; ``readable`` as in the job ``query``."""
    explanation = readable_queries(logq, readable, usable).explain(
        text, groups=groups, start=start, end=end, analyze=analyze
    )
    # Where the data is on the server's disk concerns nobody who asks from elsewhere.
    where = f"{logq.data.absolute()}/"
    out.header({"explanation": str(explanation).replace(where, "")})
    return {}
