"""What an alarm is made of on the command line, and in the files that it takes."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from logq.cli.faults import WrongUsage
from logq.errors import InvalidConfig
from logq.units import parse_duration

File = Annotated[
    str | None,
    typer.Argument(metavar="[FILE]", help="The definition as TOML or JSON; - for stdin."),
]
Metric = Annotated[
    str | None, typer.Option("--metric", metavar="NAMESPACE/NAME", help="Watch this metric.")
]
Dimension = Annotated[
    list[str] | None,
    typer.Option("--dimension", metavar="NAME=VALUE", help="Of the metric; may be repeated."),
]
Statistic = Annotated[
    str | None, typer.Option("--statistic", metavar="STAT", help="Sum, Average, p99; else Sum.")
]
Query = Annotated[
    str | None,
    typer.Option("--query", metavar="QUERY", help="With -g: the query before the aggregation."),
]
Aggregation = Annotated[
    str | None,
    typer.Option(
        "--aggregation", metavar="STATS", help="With -g: 'count(*)' or 'avg(latency) by host'."
    ),
]
Rule = Annotated[
    str | None,
    typer.Option("--rule", metavar="RULE", help="Watch other alarms: 'ALARM(a) AND NOT ALARM(b)'."),
]
Above = Annotated[float | None, typer.Option("--above", metavar="X", help="Breach above X.")]
AtLeast = Annotated[float | None, typer.Option("--at-least", metavar="X", help="Breach from X on.")]
Below = Annotated[float | None, typer.Option("--below", metavar="X", help="Breach below X.")]
AtMost = Annotated[float | None, typer.Option("--at-most", metavar="X", help="Breach up to X.")]
Period = Annotated[
    str | None, typer.Option("--period", metavar="DURATION", help="Length of a period; else 1m.")
]
Periods = Annotated[
    int | None, typer.Option("--periods", metavar="N", help="Look at N periods; else at one.")
]
Datapoints = Annotated[
    int | None,
    typer.Option("--datapoints", metavar="M", help="M of the N must breach; else all."),
]
Missing = Annotated[
    str | None,
    typer.Option(
        "--missing",
        metavar="HOW",
        help="Periods without data: missing, ignore, breaching or notBreaching.",
    ),
]
Topic = Annotated[
    list[str] | None,
    typer.Option("--topic", metavar="TOPIC", help="Tell this topic of ALARM and OK."),
]
Description = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="What to do about it.")
]
Tag = Annotated[list[str] | None, typer.Option("--tag", metavar="NAME=VALUE", help="A tag.")]


def document(
    file: str | None,
    *,
    metric: str | None,
    dimension: Sequence[str] | None,
    statistic: str | None,
    group: Sequence[str] | None,
    query: str | None,
    aggregation: str | None,
    rule: str | None,
    limits: Mapping[str, float | None],
    period: str | None,
    periods: int | None,
    datapoints: int | None,
    missing: str | None,
    topic: Sequence[str] | None,
    description: str | None,
    tag: Sequence[str] | None,
) -> dict[str, Any]:
    """The definition as the REST API takes it; options go before what the file says."""
    found = read_file(file) if file else {}
    if metric is not None:
        namespace, slash, name = metric.rpartition("/")
        if not slash:
            raise WrongUsage(f"{metric!r} is no metric", hint="--metric NAMESPACE/NAME")
        found["metric"] = {**found.get("metric", {}), "namespace": namespace, "name": name}
    _into(found, "metric", dimensions=_pairs(dimension) or None, statistic=statistic)
    _into(found, "log", groups=list(group) if group else None, query=query, aggregation=aggregation)
    _into(found, "composite", rule=rule)
    chosen = [(sign, limit) for sign, limit in limits.items() if limit is not None]
    if len(chosen) > 1:
        raise WrongUsage(
            "an alarm has one threshold", hint="--above, --at-least, --below, --at-most"
        )
    for sign, limit in chosen:
        found |= {"operator": sign, "threshold": limit}
    plain = {
        "period": None if period is None else parse_duration(period) // 1000,
        "periods": periods,
        "datapoints": datapoints,
        "missing": missing,
        "description": description,
        "tags": _pairs(tag) or None,
    }
    found |= {name: value for name, value in plain.items() if value is not None}
    _into(found, "actions", alarm=topic or None, ok=topic or None)
    return found


def read_file(file: str) -> dict[str, Any]:
    """A definition from a TOML or JSON file, or one that 'show -o json' wrote; - for stdin."""
    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        text = data.decode("utf-8-sig")
        found = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidConfig(f"{file} is neither TOML nor JSON: {error}") from None
    if not isinstance(found, dict):
        raise InvalidConfig(f"{file} holds no definition of an alarm")
    definition = found.get("definition", found)
    return dict(definition) if isinstance(definition, dict) else found


def summary(definition: Mapping[str, Any]) -> str:
    """What an alarm watches, in one line."""
    if definition["composite"] is not None:
        return str(definition["composite"]["rule"])
    if definition["metric"] is not None:
        metric = definition["metric"]
        dimensions = ", ".join(f"{k}={v}" for k, v in metric["dimensions"].items())
        named = f"{metric['namespace']}/{metric['name']}"
        watched = f"{metric['statistic']} of {named}{f' ({dimensions})' if dimensions else ''}"
    elif definition["log"] is not None:
        log = definition["log"]
        watched = f"{log['aggregation']} in {', '.join(log['groups'])}"
    else:
        shown = next(each for each in definition["queries"] if each["returned"])
        watched = shown["label"] or shown["expression"] or shown["id"]
    how = f"{definition['datapoints']} of {definition['periods']} x {definition['period']} s"
    return f"{watched} {definition['operator']} {definition['threshold']:g}, {how}"


def _into(found: dict[str, Any], part: str, **values: Any) -> None:
    given = {name: value for name, value in values.items() if value is not None}
    if given:
        found[part] = {**(found.get(part) or {}), **given}


def _pairs(given: Sequence[str] | None) -> dict[str, str]:
    pairs = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise WrongUsage(f"{text!r} is not NAME=VALUE")
        pairs[name] = value
    return pairs
