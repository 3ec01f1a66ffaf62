"""``logq help``: the reference, printed from what the program itself runs on."""

from __future__ import annotations

from typing import Annotated

import typer

from logq.cli.apps import command_app
from logq.cli.session import session

app = command_app()


def _topics(context: typer.Context, incomplete: str) -> list[str]:
    from logq.cli.reference import topics

    return [name for name in topics() if name.startswith(incomplete)]


@app.command()
def help(
    context: typer.Context,
    topic: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TOPIC",
            help="A topic, or the name of any command, function, format, setting or error.",
            autocompletion=_topics,
        ),
    ] = None,
) -> None:
    """Print the reference: commands, query language, formats, settings, errors."""
    from logq.cli.reference import page

    run = session(context)
    text = page(" ".join(topic or ()), context.find_root(), run.out.width or 100)
    run.out.write(text.rstrip("\n") + "\n")
