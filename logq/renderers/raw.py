"""The messages and nothing else."""

from __future__ import annotations

from logq.errors import InvalidValue
from logq.model import MESSAGE
from logq.renderer import Answer, Options, renderer
from logq.terminal import Screen, lines, paint_levels
from logq.values import cell_writer


@renderer("raw", "the messages only, exactly as they came")
def render(answer: Answer, screen: Screen, options: Options) -> int:
    """Write one message a line; raises InvalidValue if the answer has no messages."""
    position = _position(answer)
    write = cell_writer(answer.columns[position].type, options.zone)
    count = 0
    for batch in answer.batches:
        texts = (write(row[position]) for row in batch if row[position] is not None)
        if screen.terminal:
            texts = (paint_levels(screen, lines(text)) for text in texts)
        screen.write("".join(f"{text}\n" for text in texts))
        screen.flush()
        count += len(batch)
    return count


def _position(answer: Answer) -> int:
    if MESSAGE in answer.names:
        return answer.names.index(MESSAGE)
    if len(answer.columns) == 1:
        return 0
    raise InvalidValue(
        "raw writes messages, and this answer has no @message",
        hint="add @message to 'fields', or choose another format with -o",
    )
