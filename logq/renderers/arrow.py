"""An Arrow IPC stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logq.errors import InvalidValue
from logq.renderer import Answer, Options, renderer
from logq.terminal import Screen

if TYPE_CHECKING:
    import pyarrow as pa


@renderer("arrow", "an Arrow IPC stream for other programs", binary=True, live=False)
def render(answer: Answer, screen: Screen, options: Options) -> int:
    """Write the stream to standard output."""
    import pyarrow as pa

    rows = reader(answer)
    count = 0
    with pa.ipc.new_stream(screen.stream, rows.schema) as writer:
        for batch in rows:
            writer.write_batch(batch)
            count += batch.num_rows
    screen.flush()
    return count


def reader(answer: Answer) -> pa.RecordBatchReader:
    """The answer as record batches; raises InvalidValue if there is no such form of it."""
    if answer.arrow is None:
        raise InvalidValue(
            "this answer has no Arrow form", hint="choose another format with -o, for example json"
        )
    return answer.arrow()
