"""``logq metrics``: samples in, series out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logq import renderer
from logq.cli import listing
from logq.cli.apps import command_app
from logq.cli.asking import asking
from logq.cli.faults import WrongUsage
from logq.cli.options import End, Output, Since, Start, Yes, Zone, time_range
from logq.cli.session import Session, session
from logq.errors import NotFound, QueryError
from logq.units import parse_duration, parse_time, parse_zone

if TYPE_CHECKING:
    from logq.client.server import Server

app = command_app()

_DEFAULT_SINCE = "3h"
_MOST_POINTS = 200
"""About as many as a terminal can show."""
_PERIODS = (60, 300, 900, 3_600, 21_600, 86_400)

Namespace = Annotated[
    str | None, typer.Argument(metavar="NAMESPACE", help="The namespace, such as App.")
]
Name = Annotated[str | None, typer.Argument(metavar="NAME", help="The name of the metric.")]
Dimensions = Annotated[
    list[str] | None,
    typer.Option("--dimension", "-d", metavar="NAME=VALUE", help="A dimension; may be repeated."),
]


@app.callback(invoke_without_command=True)
def metrics(context: typer.Context) -> None:
    """Read, put, list and delete metrics; alone it lists them."""
    if context.invoked_subcommand is None:
        list_metrics(context)


@app.command("list")
def list_metrics(
    context: typer.Context,
    namespace: Namespace = None,
    name: Name = None,
    dimension: Dimensions = None,
    recent: Annotated[
        bool, typer.Option("--recent", help="Only those of the last three hours, not two weeks.")
    ] = False,
    output: Output = None,
) -> None:
    """List the metrics of the last two weeks; -d NAME without a value takes any."""
    run = session(context)
    chosen = {"namespace": namespace, "name": name, "dimension": dimension or []}
    with asking(run) as server:
        rows = [
            (
                each["namespace"],
                each["name"],
                _dimensions_text(each["dimensions"]),
                each["last"],
            )
            for each in _all(server, {**_given(chosen), "recent": recent})
        ]
    listing.show(run, output, "namespace name dimensions last:timestamp", rows)


@app.command()
def get(
    context: typer.Context,
    namespace: Namespace = None,
    name: Name = None,
    dimension: Dimensions = None,
    stat: Annotated[
        list[str] | None,
        typer.Option(
            "--stat",
            "-s",
            metavar="STATISTIC",
            help="Sum, Average, p99, 'TM(10%:90%)', ...; may be repeated; default: Average.",
        ),
    ] = None,
    expression: Annotated[
        list[str] | None,
        typer.Option(
            "--expression",
            "-e",
            metavar="EXPRESSION",
            help="Metric math over the statistics m1, m2, ...; may be repeated, as e1, e2, ...",
        ),
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(metavar="5m", help="Length of the periods; default: what suits the time."),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Only samples of this unit.")] = None,
    since: Since = None,
    start: Start = None,
    end: End = None,
    tz: Zone = "UTC",
    output: Output = None,
) -> None:
    """Print statistics of a metric by period, or what metric math makes of them.

    With -e only the expressions are printed: 'SEARCH(...)' needs no metric to be named.
    '-o chart' draws them.
    """
    run = session(context)
    if (namespace is None) != (name is None) or (name is None and not expression):
        raise WrongUsage("no metric is named", hint="logq metrics get NAMESPACE NAME, or -e")
    renderer.get(output or listing.default_format(run))
    now = run.now()
    if since is None and start is None:
        since = _DEFAULT_SINCE
    within = time_range(since, start, end, tz, now)
    first, last = within.start or 0, (now if within.end is None else within.end) + 1
    seconds = _period(period, last - first)
    queries: list[dict[str, Any]] = []
    if name is not None:
        described = {
            "namespace": namespace,
            "name": name,
            "dimensions": _pairs(dimension),
            "period": seconds,
            **_given({"unit": unit}),
        }
        queries += [
            {"id": f"m{at}", "stat": {**described, "stat": each}, "returned": not expression}
            for at, each in enumerate(stat or ["Average"], 1)
        ]
    queries += [
        {"id": f"e{at}", "expression": each, "period": seconds, "label": None}
        for at, each in enumerate(expression or [], 1)
    ]
    asked = {"queries": queries, "start": first, "end": last}
    with asking(run) as server:
        try:
            found = server.call("POST", "/metrics/data", json=asked, patient=True)["series"]
        except QueryError as error:
            id, _, error.message = error.message.partition(": ")
            run.query = next((q.get("expression") for q in queries if q["id"] == id), None)
            raise
    _show(run, found, output, seconds, tz)


def _show(
    run: Session, found: Sequence[dict[str, Any]], output: str | None, seconds: int, tz: str
) -> None:
    several = len(found) != 1
    names = _labels(found)
    rows: Iterator[tuple[Any, ...]] = iter(
        sorted(
            (
                (moment, label, value) if several else (moment, value)
                for label, each in zip(names, found, strict=True)
                for moment, value in each["points"]
            ),
            key=lambda row: row[0],
        )
    )
    value = "value" if several else names[0]
    columns = (
        listing.columns("timestamp:timestamp series")
        if several
        else listing.columns("timestamp:timestamp")
    )
    answer = renderer.Answer(
        (*columns, listing.Column(value, "number")),
        renderer.batches(rows),
        shape=renderer.Shape(
            time_column="timestamp",
            bucket_ms=seconds * 1000,
            keys=("series",) if several else (),
        ),
    )
    options = renderer.Options(parse_zone(tz))
    renderer.render(output or listing.default_format(run), answer, run.out, options)


def _labels(found: Sequence[dict[str, Any]]) -> list[str]:
    """Labels, made different where they are not."""
    labels = [each["label"] for each in found]
    return [
        label if labels.count(label) == 1 else f"{label} ({each['id']})"
        for label, each in zip(labels, found, strict=True)
    ]


@app.command()
def put(
    context: typer.Context,
    namespace: Annotated[str, typer.Argument(metavar="NAMESPACE", help="Such as App.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the metric.")],
    values: Annotated[list[float], typer.Argument(metavar="VALUE", help="The samples.")],
    dimension: Dimensions = None,
    unit: Annotated[str, typer.Option(help="Seconds, Bytes, Count, Percent, ...")] = "None",
    time: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it was measured; default: now.")
    ] = None,
    by_second: Annotated[
        bool, typer.Option("--by-second", help="Keep it by the second, for three hours.")
    ] = False,
    tz: Zone = "UTC",
) -> None:
    """Store samples of a metric; negative ones stand behind --."""
    run = session(context)
    sample = {
        "namespace": namespace,
        "name": name,
        "dimensions": _pairs(dimension),
        "values": values,
        "unit": unit,
        "resolution": 1 if by_second else 60,
    }
    if time is not None:
        sample["time"] = parse_time(time, run.now(), parse_zone(tz))
    with asking(run, create=True) as server:
        server.call("POST", "/metrics", json={"data": [sample]})
    run.say(f"stored {len(values):,} sample{'s' if len(values) > 1 else ''} of {namespace} {name}")


@app.command()
def delete(
    context: typer.Context,
    namespace: Annotated[str, typer.Argument(metavar="NAMESPACE", help="The namespace.")],
    name: Name = None,
    dimension: Dimensions = None,
    yes: Yes = False,
) -> None:
    """Delete metrics with all their datapoints; -d NAME without a value takes any."""
    from logq.cli.commands.groups import confirm

    run = session(context)
    chosen = _given({"namespace": namespace, "name": name, "dimension": dimension})
    what = f"metrics {name} in {namespace}" if name else f"metrics in {namespace}"
    with asking(run) as server:
        if not yes:
            confirm(run, f"Delete the {what}?")
        count = server.call("DELETE", "/metrics", params=chosen)["deleted"]
    if not count:
        raise NotFound(f"there are no {what}", hint="'logq metrics list' lists them")
    run.say(f"deleted {count:,} {what}")


def _period(text: str | None, length: int) -> int:
    """The period that was asked for, in seconds, or one that suits the time in milliseconds."""
    if text is not None:
        return max(1, parse_duration(text) // 1000)
    fitting = (each for each in _PERIODS if length / 1000 / each <= _MOST_POINTS)
    return next(fitting, _PERIODS[-1])


def _pairs(dimensions: list[str] | None) -> dict[str, str]:
    pairs = [text.partition("=") for text in dimensions or []]
    for name, equals, _ in pairs:
        if not equals:
            raise WrongUsage(f"the dimension {name} has no value", hint="write -d NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _dimensions_text(dimensions: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in dimensions.items())


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _all(server: Server, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
    token: str | None = None
    while True:
        page = server.call("GET", "/metrics", params={**params, **_given({"token": token})})
        yield from page["metrics"]
        token = page["next"]
        if token is None:
            return
