"""Every setting of LogQ: name, type, default, help and environment variable, once.

A setting is a field of ``Settings``. Its value comes from, best first: the environment variable
``LOGQ_<NAME>``, the ``[settings]`` table of the configuration file, the default.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from logq.errors import InvalidConfig

T = TypeVar("T")


def setting(default: T, help: str) -> T:
    """A field of ``Settings`` with the help that users see."""
    return dataclasses.field(default=default, metadata={"help": help})


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force."""

    journal_batch_bytes: int = setting(
        4 << 20, "batches up to this many message bytes go to the journal; larger ones to segments"
    )
    seal_bytes: int = setting(32 << 20, "seal a log group's journal when it holds this many bytes")
    seal_seconds: int = setting(300, "seal a log group's journal when its oldest batch is this old")
    seal_batches: int = setting(512, "seal a log group's journal when it holds this many batches")
    compact_rows: int = setting(1_000_000, "compaction merges segments up to this many events")
    compact_bytes: int = setting(128 << 20, "compaction merges segments up to this many file bytes")
    garbage_seconds: int = setting(
        600, "how long the file of a replaced or expired segment stays for running queries"
    )
    any_retention: bool = setting(
        False, "allow any positive number of days as retention, not only CloudWatch's"
    )
    max_event_bytes: int = setting(1_048_576, "longer events are cut, marked and counted")
    put_oldest_days: int = setting(
        14, "PutLogEvents refuses events older than this many days; 0 takes any"
    )
    answer_days: int = setting(
        7, "for how many days the answers of queries that were started are kept"
    )
    answer_bytes: int = setting(256 << 20, "longest answer of a query that was started")
    answers_bytes: int = setting(
        1 << 30, "bytes of answers that are kept; the oldest go when there are more"
    )
    compat: str = setting(
        "lenient", "lenient, or strict: refuse in queries what CloudWatch Logs Insights refuses"
    )
    query_limit: int = setting(10_000, "rows of a query that names no limit")
    query_max_chars: int = setting(10_000, "longest query text in characters")
    query_seconds: int = setting(900, "time limit of one query in seconds")
    query_memory: str = setting("2GB", "memory limit of one query, as DuckDB writes sizes")
    query_threads: int = setting(0, "threads of one query; 0 means one per core")
    query_workers: int = setting(
        0, "processes that run a server's queries; 0 means one per core, at least two"
    )
    query_queue: int = setting(32, "queries of a server that may wait for a process")
    query_per_caller: int = setting(16, "queries that one caller may have running or waiting")
    worker_memory: int = setting(6 << 30, "address space in bytes of one query process")
    evaluation_delay: int = setting(
        5, "seconds after the end of a period at which alarms look at it"
    )
    server_hosts: str = setting(
        "", "names, with commas, by which a server may be called besides its address and localhost"
    )
    server_requests: int = setting(64, "requests that a server works on at once, besides arrivals")
    server_arrivals: int = setting(32, "requests that bring events, worked on at once")
    server_connections: int = setting(1000, "connections that a server holds at once")
    request_bytes: int = setting(16 << 20, "largest body of a request, also when unpacked")
    push_bytes: int = setting(64 << 20, "largest body that brings events, also when unpacked")
    header_seconds: int = setting(10, "time for a request's header to arrive")
    body_seconds: int = setting(30, "time for a request's body to arrive, and 1 s more per 10 kB")
    shutdown_seconds: int = setting(20, "how long a server that ends waits for its requests")
    server_tails: int = setting(50, "tails that a server follows at once")
    json_prefix: str = setting(
        "first_fragment", "find JSON behind a text prefix: first_fragment, or none"
    )
    key_file: str = setting(
        "", "file of the master key; empty: logq/master.key in $XDG_CONFIG_HOME or ~/.config"
    )
    unsigned_payload: bool = setting(
        False, "accept signed requests whose body is not signed, over TLS only"
    )
    audit_data_reads: bool = setting(True, "record queries and other reading of events")
    audit_management_reads: int = setting(
        1, "record every how manieth look at log groups and the like; 0 means none"
    )
    audit_data_writes: bool = setting(False, "record the arrival of events: sizes, never content")
    push_memory: int = setting(
        256 << 20, "bytes of pushed requests that a server holds at once; more are told to wait"
    )
    push_creates_groups: bool = setting(
        True, "make the log groups that pushed events name, if their sender may"
    )
    metric_hours_1s: int = setting(3, "hours for which metrics by the second are kept as such")
    metric_days_60s: int = setting(15, "days for which metrics by the minute are kept as such")
    metric_days_300s: int = setting(63, "days for which metrics by 5 minutes are kept as such")
    metric_days_3600s: int = setting(455, "days for which metrics by the hour are kept")
    public_url: str = setting(
        "", "the address by which people reach this server, for the links in notifications"
    )
    notify_allow: str = setting(
        "",
        "hosts, addresses and networks, with commas, that notifications may go to although they"
        " are private or speak no TLS",
    )
    region: str = setting("us-east-1", "the region that stands in ARNs")
    account: str = setting("000000000000", "the account that stands in ARNs, twelve digits")


def load(table: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from a configuration table and the environment; raises InvalidConfig."""
    known = {f.name: f for f in dataclasses.fields(Settings)}
    for name in table:
        if name not in known:
            raise InvalidConfig(
                f"there is no setting {name!r}", hint="'logq help settings' lists them"
            )
    values: dict[str, Any] = {}
    for name, field in known.items():
        raw = environ.get(f"LOGQ_{name.upper()}", table.get(name))
        if raw is not None:
            values[name] = _convert(name, raw, type(field.default))
    return Settings(**values)


def _convert(name: str, raw: Any, wanted: type) -> Any:
    if isinstance(raw, str) and wanted is int and raw.removeprefix("-").isdigit():
        return int(raw)
    if isinstance(raw, str) and wanted is bool and raw.lower() in ("true", "false", "1", "0"):
        return raw.lower() in ("true", "1")
    if type(raw) is wanted:
        return raw
    raise InvalidConfig(
        f"setting {name} = {raw!r} is not of type {wanted.__name__}",
        hint=f"give a value of type {wanted.__name__}, in the file or as LOGQ_{name.upper()}",
    )
