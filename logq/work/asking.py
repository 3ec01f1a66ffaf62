"""Log alarms ask their queries in worker processes, like everybody else."""

from __future__ import annotations

import orjson

from logq.alarms.definition import Alarm
from logq.alarms.log_alarm import Answered, Ask
from logq.work.job import Job, Pool
from logq.work.jobs.query import VALUES

OWNER = "alarms"
"""The caller whose limits count."""


def asking(pool: Pool) -> Ask:
    """Runs the queries of log alarms in a pool, with the rights that their writers had."""

    def ask(alarm: Alarm, text: str, start: int, end: int, limit: int) -> Answered:
        readable, usable = alarm.rights.groups, alarm.rights.definitions
        params = {
            "text": text,
            "groups": list(alarm.groups),
            "readable": None if readable is None else list(readable),
            "usable": None if usable is None else {k: list(v) for k, v in usable.items()},
            "start": start,
            "end": end,
            "limit": limit,
            "output": VALUES,
            "matched": False,
        }
        answer = pool.start(Job("query", params), OWNER)
        header = answer.header
        rows = [orjson.loads(line) for line in b"".join(answer.chunks()).splitlines()]
        columns = tuple(column["name"] for column in header["columns"])
        return Answered(columns, rows, frozenset(header["shape"]["keys"]))

    return ask
