"""A chart in the terminal: lines over time, bars, or a single value."""

from __future__ import annotations

from datetime import tzinfo

from logq.drawing.bars import bar_chart, single_value
from logq.drawing.plot import line_chart
from logq.drawing.series import bars, histogram, roles, time_series
from logq.errors import InvalidValue
from logq.model import TIMESTAMP
from logq.renderer import Answer, Options, Row, renderer
from logq.terminal import DIM, Screen, cell
from logq.values import cell_writer


@renderer("chart", "lines over time, bars or a single value, drawn in the terminal", live=False)
def render(answer: Answer, screen: Screen, options: Options) -> int:
    """Draw all rows; raises InvalidValue if nothing in them can be drawn."""
    rows = [row for batch in answer.batches for row in batch]
    lines = draw(answer, rows, options.zone, screen)
    screen.write("".join(f"{line}\n" for line in lines))
    screen.flush()
    return len(rows)


def draw(answer: Answer, rows: list[Row], zone: tzinfo, screen: Screen) -> list[str]:
    """The lines of the chart that suits the answer."""
    if not rows:
        return [screen.paint("(no rows)", DIM)]
    shape = answer.shape
    names = [cell(name) for name in answer.names]
    types = [column.type for column in answer.columns]
    writers = [cell_writer(type, zone) for type in types]
    texts = [lambda value, write=write: cell(write(value)) for write in writers]
    if len(rows) == 1 and len(names) == 1:
        value = rows[0][0]
        return single_value(names[0], "" if value is None else texts[0](value), screen)
    if TIMESTAMP in answer.names and not shape.keys and shape.time_column is None:
        at = answer.names.index(TIMESTAMP)
        moments = [row[at] for row in rows if row[at] is not None]
        if types[at] == "timestamp" and moments:
            counted, length = histogram(moments)
            return line_chart([counted], length, zone, screen)
    found = roles(answer.names, types, rows, shape.time_column, shape.keys)
    if not found.values:
        raise InvalidValue(
            "there is nothing to draw: no column of this answer is a number",
            hint="count or measure something, for example: stats count(*) by bin(5m)",
        )
    if found.time is not None:
        lines, left_out = time_series(rows, found, names, texts, shape.additive)
        if lines:
            note = _note(left_out, "series", screen)
            return line_chart(lines, shape.bucket_ms, zone, screen) + note
    drawn, left_out = bars(rows, found, names, texts, shape.numeric_order)
    return bar_chart(drawn, screen) + _note(left_out, "bars", screen)


def _note(left_out: int, what: str, screen: Screen) -> list[str]:
    return [screen.paint(f"({left_out:,} more {what} not drawn)", DIM)] if left_out else []
