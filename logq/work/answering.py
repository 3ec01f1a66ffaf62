"""From the result of a query to what renderers write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from logq import renderer
from logq.query.result import Result


def answer_of(result: Result, first: Callable[[], None] = lambda: None) -> renderer.Answer:
    """What a renderer needs of a result; ``first`` is called when its first rows are there."""

    def batches() -> Iterator[Sequence[renderer.Row]]:
        for batch in renderer.batches(result.rows()):
            first()
            yield batch
        first()

    return renderer.Answer(result.columns, batches(), result.arrow, shape_of(result))


def shape_of(result: Result) -> renderer.Shape:
    """What the query says about drawing its answer."""
    bucket = next((column for column in result.columns if column.bucket is not None), None)
    keys = result.shape.keys
    return renderer.Shape(
        time_column=bucket.name if bucket else None,
        bucket_ms=bucket.bucket if bucket else None,
        keys=keys,
        additive=result.shape.additive,
        numeric_order=len(keys) == 1 and keys[0].lower().startswith("histogram"),
    )
