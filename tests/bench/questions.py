"""The questions that both sides answer: a query of ours and the SQL of a person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isclose
from typing import Any

from tests.bench.corpus import GAVE_UP, PHRASE, RARE
from tests.bench.measuring import Goal

ANALYTICS = Goal("cpu", 1.3, 0.010)
RELATIONAL = Goal("cpu", 1.5, 0.020)
NEWEST = Goal("cpu", 0.5)
TEXT = Goal("cpu", 1.0)


@dataclass(frozen=True, slots=True)
class Question:
    """One question to both sides."""

    name: str
    query: str
    sql: str
    goal: Goal
    ordered: bool = False
    """Whether the rows have an order that both sides must keep."""

    def same(self, ours: list[list[Any]], reference: list[list[Any]]) -> bool:
        """Whether two answers are equal; sums of doubles depend on the order of adding."""
        if not self.ordered:
            ours, reference = sorted(ours, key=_exact), sorted(reference, key=_exact)
        return len(ours) == len(reference) and all(
            isclose(mine, theirs, rel_tol=1e-9) if isinstance(mine, float) else mine == theirs
            for left, right in zip(ours, reference, strict=True)
            for mine, theirs in zip(left, right, strict=True)
        )


def _exact(row: list[Any]) -> str:
    """What a row can be sorted by: its values that are no doubles."""
    return json.dumps([value for value in row if not isinstance(value, float)])


def questions_of_json(request_id: str, stream: str) -> tuple[Question, ...]:
    """Questions to the JSON events; ``request_id`` is of one event, ``stream`` of many."""
    return (
        Question("count", "stats count(*) as n", "select count(*) as n from events", ANALYTICS),
        Question(
            "count of a match",
            'filter level = "ERROR" | stats count(*) as n',
            "select count(*) as n from events where level = 'ERROR'",
            ANALYTICS,
        ),
        Question(
            "group by with bin",
            "stats count(*) as n, avg(duration_ms) as mean by bin(5m) as t, level",
            "select time_bucket(interval 5 minutes, ts) as t, level, count(*), avg(duration_ms) "
            "from events group by t, level",
            ANALYTICS,
        ),
        Question(
            "percentiles",
            "stats pct(duration_ms, 50) as p50, pct(duration_ms, 95) as p95, "
            "pct(duration_ms, 99) as p99 by http.route",
            'select "http.route", quantile_cont(duration_ms, 0.5), '
            "quantile_cont(duration_ms, 0.95), quantile_cont(duration_ms, 0.99) "
            'from events group by "http.route"',
            ANALYTICS,
        ),
        Question(
            "top 10 of a field",
            "stats count(*) as n by user.id | sort n desc, user.id | limit 10",
            'select "user.id", count(*) as n from events group by "user.id" '
            'order by n desc, "user.id" limit 10',
            ANALYTICS,
            ordered=True,
        ),
        Question(
            "top 10 events by a field",
            "fields @timestamp, service, http.route, duration_ms | sort duration_ms desc "
            "| limit 10",
            'select ts, service, "http.route", duration_ms from events '
            "order by duration_ms desc limit 10",
            ANALYTICS,
            ordered=True,
        ),
        Question(
            "distinct",
            "stats countDistinct(user.id) as users by service",
            'select service, count(distinct "user.id") as users from events group by service',
            ANALYTICS,
        ),
        Question(
            "numeric filter",
            "filter http.status >= 500 and duration_ms > 100 "
            "| stats count(*) as n, max(http.bytes) as largest",
            'select count(*), max("http.bytes") from events '
            'where "http.status" >= 500 and duration_ms > 100',
            ANALYTICS,
        ),
        Question(
            "newest 100 of a match",
            'filter level = "ERROR" | sort @timestamp desc | limit 100',
            "select ts, line from events where level = 'ERROR' order by ts desc limit 100",
            NEWEST,
            ordered=True,
        ),
        Question(
            "newest 100 of a phrase",
            f'filter @message like "{PHRASE}" | limit 100',
            f"select ts, line from events where contains(line, '{PHRASE}') "
            "order by ts desc limit 100",
            NEWEST,
            ordered=True,
        ),
        Question(
            "latest 50 of a stream",
            f'filter @logStream = "{stream}" | limit 50',
            f"select ts, line from events where stream = '{stream}' order by ts desc limit 50",
            NEWEST,
            ordered=True,
        ),
        Question(
            "one id",
            f'filter request_id = "{request_id}"',
            f"select ts, line from events where request_id = '{request_id}' "
            "order by ts desc limit 100",
            NEWEST,
            ordered=True,
        ),
        *_text_search(""),
        *_relational(),
    )


def _relational() -> tuple[Question, ...]:
    """Commands that put rows beside others, against what a person writes for the same in SQL."""
    return (
        Question(
            "dedup, 50,000 keys",
            "dedup user.id | stats count(*) as n, max(http.bytes) as largest",
            'select count(*), max("http.bytes") from (select * from events '
            'qualify row_number() over (partition by "user.id" order by ts desc) = 1)',
            RELATIONAL,
        ),
        Question(
            "dedup, 1,000,000 keys",
            "dedup request_id | stats count(*) as n, max(http.bytes) as largest",
            'select count(*), max("http.bytes") from (select * from events '
            "qualify row_number() over (partition by request_id order by ts desc) = 1)",
            RELATIONAL,
        ),
        Question(
            "fillmissing",
            "stats count(*) as n by http.route, bin(10s) as t | fillmissing with 0 for n "
            "| stats count(*) as filled, sum(n) as n",
            'with c as (select "http.route" as route, time_bucket(interval 10 seconds, ts) as t, '
            "count(*) as n from events group by all), "
            "g as (select route, t from (select distinct route from c), "
            "(select unnest(generate_series(min(t), max(t), interval 10 seconds)) as t from c)) "
            "select count(*), sum(coalesce(n, 0))::bigint from g left join c using (route, t)",
            RELATIONAL,
        ),
        Question(
            "eventstats",
            "eventstats avg(duration_ms) as usual by http.route "
            "| filter duration_ms > 3 * usual | stats count(*) as n",
            "select count(*) from (select duration_ms, "
            'avg(duration_ms) over (partition by "http.route") as usual from events) '
            "where duration_ms > 3 * usual",
            RELATIONAL,
        ),
        Question(
            "join, 50,000 keys",
            "join left=a right=b where a.user.id = b.user.id "
            "(stats count(*) as times by user.id) "
            "| stats count(*) as n, sum(b.times) as times",
            'with b as (select "user.id" as id, count(*) as times from events group by id) '
            'select count(*), sum(times)::bigint from events a join b on a."user.id" = b.id',
            RELATIONAL,
        ),
        Question(
            "unnest",
            "unnest tags into tag | stats count(*) as n by concat(tag) as tag",
            "select tag, count(*) from (select unnest(from_json(line->'tags', '[\"VARCHAR\"]')) "
            "as tag from events) group by tag",
            RELATIONAL,
        ),
        Question(
            "parse by regex",
            r"parse message /key user:(?<key>\d+) took (?<us>\d+) us/ "
            "| stats count(us) as n, max(us * 1) as most, count_distinct(key) as users",
            "with m as (select regexp_extract(message, "
            r"'key user:(\d+) took (\d+) us', ['key', 'us']) as m from events) "
            "select count(*), max(m.us::bigint), count(distinct m.key) from m where m.us <> ''",
            RELATIONAL,
        ),
    )


def questions_of_text() -> tuple[Question, ...]:
    """Questions to the lines of text."""
    return _text_search("text: ")


def _text_search(prefix: str) -> tuple[Question, ...]:
    return (
        Question(
            f"{prefix}phrase",
            f'filter @message like "{PHRASE}" | stats count(*) as n',
            f"select count(*) as n from events where contains(line, '{PHRASE}')",
            TEXT,
        ),
        Question(
            f"{prefix}regex",
            rf"filter @message like /{GAVE_UP} 1\d attempts/ | stats count(*) as n",
            "select count(*) as n from events "
            f"where regexp_matches(line, '{GAVE_UP} 1\\d attempts')",
            TEXT,
        ),
        Question(
            f"{prefix}rare word",
            f'filter @message like "{RARE}"',
            f"select ts, line from events where contains(line, '{RARE}') order by ts desc",
            TEXT,
        ),
    )
