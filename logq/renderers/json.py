"""One JSON array of objects."""

from __future__ import annotations

from logq.renderer import Answer, Options, renderer
from logq.renderers.ndjson import object_writer
from logq.terminal import Screen


@renderer("json", "one JSON array of objects; what is missing is absent")
def render(answer: Answer, screen: Screen, options: Options) -> int:
    """Write the array, one object a line; it is closed even if the reading is interrupted."""
    write = object_writer(answer.columns, options.zone)
    count = 0
    screen.stream.write(b"[")
    try:
        for batch in answer.batches:
            screen.stream.write(b"\n" if count == 0 else b",\n")
            screen.write_json(b",\n".join(map(write, batch)))
            screen.flush()
            count += len(batch)
    except KeyboardInterrupt:
        screen.stream.write(b"\n]\n")
        raise
    screen.stream.write(b"\n]\n" if count else b"]\n")
    screen.flush()
    return count
