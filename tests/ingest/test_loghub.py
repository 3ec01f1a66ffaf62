"""Real logs of eight systems: no line is lost, every time is right, fields agree with the truth.

The times of three of them name no year; theirs is the one in which the logs were written.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from logq.ingest.format import Context, Format, Projection, detect, format_named

FOLDER = (Path(__file__).parents[2] / "../shared/data/loghub").resolve()
Row = Mapping[str, str]

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the real logs are not there: {FOLDER}"
)


def at(pattern: str, template: str) -> Callable[[Row], datetime]:
    """The time of a row of truth, from its columns."""

    def read(row: Row) -> datetime:
        text = template.format(**row)
        return datetime.strptime(text, pattern).replace(tzinfo=UTC)

    return read


def blue_gene(row: Row) -> datetime:
    """Seconds since 1970, and the fraction of the local time beside them."""
    fraction = int(row["Time"].rpartition(".")[2])
    return datetime.fromtimestamp(int(row["Timestamp"]), UTC).replace(microsecond=fraction)


CASES: dict[str, tuple[str, int, Callable[[Row], datetime], dict[str, str]]] = {
    "Android": (
        "android",
        2017,
        at("%Y-%m-%d %H:%M:%S.%f", "2017-{Date} {Time}"),
        {"pid": "Pid", "tid": "Tid", "level": "Level", "logger": "Component", "msg": "Content"},
    ),
    "Apache": (
        "apache_error",
        2005,
        at("%a %b %d %H:%M:%S %Y", "{Time}"),
        {"level": "Level"},
    ),
    "BGL": (
        "bgl",
        2005,
        blue_gene,
        {
            "node": "Node",
            "type": "Type",
            "component": "Component",
            "level": "Level",
            "msg": "Content",
        },
    ),
    "HDFS": (
        "log4j",
        2008,
        at("%y%m%d %H%M%S", "{Date} {Time}"),
        {"pid": "Pid", "level": "Level", "logger": "Component", "msg": "Content"},
    ),
    "Linux": (
        "syslog3164",
        2005,
        at("%Y %b %d %H:%M:%S", "2005 {Month} {Date} {Time}"),
        {"host": "Level", "program": "Component", "pid": "PID", "msg": "Content"},
    ),
    "OpenSSH": (
        "syslog3164",
        2005,
        at("%Y %b %d %H:%M:%S", "2005 {Date} {Day} {Time}"),
        {"host": "Component", "pid": "Pid", "msg": "Content"},
    ),
    "Spark": (
        "log4j",
        2017,
        at("%y/%m/%d %H:%M:%S", "{Date} {Time}"),
        {"level": "Level", "logger": "Component", "msg": "Content"},
    ),
    "Zookeeper": (
        "log4j",
        2015,
        at("%Y-%m-%d %H:%M:%S,%f", "{Date} {Time}"),
        {"level": "Level", "line": "Id", "msg": "Content"},
    ),
}
EVERY = pytest.mark.parametrize("name", CASES)


@cache
def lines_of(name: str) -> list[str]:
    text = (FOLDER / f"{name}_2k.log").read_bytes().decode("utf-8", "replace")
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


@cache
def truth_of(name: str) -> list[dict[str, str]]:
    path = FOLDER / f"{name}_2k.log_structured.csv"
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        return list(csv.DictReader(file))


def context_of(name: str, zone: Any = UTC) -> Context:
    end = datetime(CASES[name][1], 12, 31, tzinfo=UTC)
    reference = int(end.timestamp() * 1000)
    return Context(reference, zone, reference)


@cache
def projected(name: str) -> tuple[Format, Projection]:
    format = detect(lines_of(name))
    return format, format.project(pa.array(lines_of(name)), context_of(name))


@EVERY
def test_the_format_is_found(name: str) -> None:
    assert projected(name)[0].name == CASES[name][0]


@EVERY
def test_no_line_is_lost_and_every_time_is_right(name: str) -> None:
    found = projected(name)[1].timestamps.cast(pa.int64()).to_pylist()
    truth = [int(CASES[name][2](row).timestamp() * 1000 + 1e-4) for row in truth_of(name)]

    assert len(found) == 2000
    assert found == truth


@pytest.mark.parametrize("name", [name for name in CASES if name != "BGL"])
def test_plain_text_finds_the_same_times(name: str) -> None:
    found = format_named("text").project(pa.array(lines_of(name)), context_of(name))

    assert found.timestamps == projected(name)[1].timestamps


@EVERY
def test_fields_agree_with_the_truth(name: str) -> None:
    columns = projected(name)[1].columns
    for path, column in CASES[name][3].items():
        found = ["" if value is None else str(value).strip() for value in columns[path].to_pylist()]
        truth = [row[column].strip() for row in truth_of(name)]
        wrong = [pair for pair in zip(found, truth, strict=True) if pair[0] != pair[1]]
        assert not wrong, (path, wrong[:5], len(wrong))


def test_local_times_of_blue_gene_are_those_of_its_seconds() -> None:
    """The zone of the machine, to know that seconds and text mean the same moment."""
    zone = ZoneInfo("America/Los_Angeles")
    texts = pa.array([row["Time"] for row in truth_of("BGL")])
    found = format_named("text").project(texts, context_of("BGL", zone))

    different = sum(
        ours != theirs
        for ours, theirs in zip(
            found.timestamps.to_pylist(), projected("BGL")[1].timestamps.to_pylist(), strict=True
        )
    )
    assert different <= 5
