"""The log events that stand behind an alarm, for whoever is told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from logq.alarms.definition import Alarm, LogWatch, MetricWatch
from logq.alarms.log_alarm import Ask
from logq.alarms.ticking import Lines
from logq.model import Definition
from logq.notification import LogLine

if TYPE_CHECKING:
    from logq.query.reading import Reader


class Definitions(Protocol):
    """Where metric filters are kept."""

    def list(self, kind: str) -> Sequence[Definition]: ...


def evidence(ask: Ask, reader: Callable[[], Reader], definitions: Definitions) -> Lines:
    """Finds the newest events that a log alarm counts, or that count into an alarm's metrics."""

    def lines(alarm: Alarm, start: int, end: int, most: int) -> Sequence[LogLine]:
        if isinstance(alarm.watch, LogWatch):
            return _of_query(ask, alarm, alarm.watch, start, end, most)
        if isinstance(alarm.watch, MetricWatch):
            return _of_filters(reader, definitions, alarm, alarm.watch, start, end, most)
        return ()

    return lines


def _of_query(
    ask: Ask, alarm: Alarm, watch: LogWatch, start: int, end: int, most: int
) -> Sequence[LogLine]:
    head = f"{watch.query.strip()}\n| " if watch.query.strip() else ""
    text = (
        f"{head}fields @timestamp, @log, @logStream, @message | sort @timestamp desc | limit {most}"
    )
    found = ask(alarm, text, start, end - 1, most)
    place = {name: index for index, name in enumerate(found.columns)}
    columns = [place[name] for name in ("@timestamp", "@log", "@logStream", "@message")]
    return [LogLine(*(row[column] for column in columns)) for row in found.rows]


def _of_filters(
    reader: Callable[[], Reader],
    definitions: Definitions,
    alarm: Alarm,
    watch: MetricWatch,
    start: int,
    end: int,
    most: int,
) -> Sequence[LogLine]:
    from logq.query.pattern_search import search
    from logq.query.reading import Wanted

    watched = {
        (query.stat.metric.namespace, query.stat.metric.name)
        for query in watch.queries
        if query.stat is not None
    }
    lines: list[LogLine] = []
    for each in definitions.list("metric_filter"):
        if (each.body["namespace"], each.body["metric"]) not in watched:
            continue
        if each.group is None or not alarm.rights.read(each.group):
            continue
        wanted = Wanted((each.group,), start, end - 1, None, (), search(each.body["pattern"]))
        page = reader().page(wanted, descending=True, events=most)
        lines += [LogLine(e.time, e.group, e.stream, e.message) for e in page.events]
    return sorted(lines, key=lambda line: -line.time)[:most]
