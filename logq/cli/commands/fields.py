"""``logq fields``: what fields the events of log groups have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from logq.cli import listing
from logq.cli.apps import command_app
from logq.cli.options import Groups, Output, Range, Since, Zone, chosen_groups, time_range
from logq.cli.session import session
from logq.renderer import Row
from logq.terminal import cut
from logq.units import parse_zone
from logq.values import cell_writer, compact

if TYPE_CHECKING:
    from logq.app import LogQ
    from logq.model import Snapshot

app = command_app()

EXAMPLES, SAMPLE, AT_ONCE, LONGEST = 3, 500, 200, 40
"""Values shown of each field, events they come from, fields asked for at once, their length."""


@app.command()
def fields(
    context: typer.Context,
    group: Groups = None,
    since: Since = None,
    output: Output = None,
    tz: Zone = "UTC",
) -> None:
    """List the fields found in events: types, share of events that have them, examples."""
    run = session(context)
    groups = chosen_groups(group)
    within = time_range(since, None, None, tz, run.now())
    with run.open() as logq:
        snapshot = logq.storage.snapshot(groups)
        for warning in snapshot.warnings:
            run.warn(warning)
        found = types(snapshot, within)
        paths = sorted(found, key=lambda path: (path.lower(), path))
        counts = counted(logq, groups, within, paths)
        examples = values(logq, groups, within, paths, tz)
    total = counts.pop("", 0)
    output = output or listing.default_format(run)
    joined = ", ".join if output == "table" else compact
    rows = (
        (path, joined(found[path]), counts[path], share(counts[path], total),
         joined(examples.get(path, [])))
        for path in paths
        if counts[path]
    )  # fmt: skip
    listed = "text" if output == "table" else "json"
    described = f"field types:{listed} events:integer percent:number examples:{listed}"
    listing.show(run, output, described, rows, parse_zone(tz))


def share(count: int, total: int) -> float:
    """Per cent with one decimal."""
    return round(100 * count / total, 1) if total else 0.0


def types(snapshot: Snapshot, within: Range) -> dict[str, list[str]]:
    """The fields of all pieces inside the range with the types they have there."""
    found: dict[str, list[str]] = {}
    for piece in snapshot.pieces:
        if within.start is None or piece.end >= within.start:
            for path, field in piece.info.fields.items():
                kinds = found.setdefault(path, [])
                if field.kind not in kinds:
                    kinds.append(str(field.kind))
    return found


def counted(
    logq: LogQ, groups: Sequence[str], within: Range, paths: Sequence[str]
) -> dict[str, int]:
    """How many events have each field; under the empty name: how many there are."""
    from logq.query.literals import quote_name

    counts: dict[str, int] = {}
    for some in _portions(paths):
        asked = [f"count({quote_name(path)}) as `f{number}`" for number, path in enumerate(some)]
        text = f"stats {', '.join(['count(*) as `all`', *asked])}"
        row = next(_rows(logq, text, groups, within), None)
        if row is not None:
            counts |= {"": row[0], **dict(zip(some, row[1:], strict=True))}
    return {path: 0 for path in paths} | counts


def values(
    logq: LogQ, groups: Sequence[str], within: Range, paths: Sequence[str], zone: str
) -> dict[str, list[str]]:
    """Some different values of each field among the newest events, as short texts."""
    from logq.query.literals import quote_name

    found: dict[str, list[str]] = {}
    for some in _portions(paths):
        text = f"display {', '.join(map(quote_name, some))} | limit {SAMPLE}"
        result = logq.queries.run(text, groups=groups, start=within.start, end=within.end)
        writers = [cell_writer(column.type, parse_zone(zone)) for column in result.columns]
        for row in result.rows():
            for path, write, value in zip(some, writers, row, strict=True):
                held = found.setdefault(path, [])
                if value is not None and len(held) < EXAMPLES:
                    shown = cut(write(value), LONGEST)
                    if shown not in held:
                        held.append(shown)
    return found


def _portions(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    return (paths[at : at + AT_ONCE] for at in range(0, len(paths), AT_ONCE))


def _rows(logq: LogQ, text: str, groups: Sequence[str], within: Range) -> Iterator[Row]:
    return logq.queries.run(text, groups=groups, start=within.start, end=within.end).rows()
