"""``logq topics``: the points to which notifications go."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from logq.cli import listing
from logq.cli.apps import command_app
from logq.cli.asking import asking
from logq.cli.faults import WrongUsage
from logq.cli.options import Output, Yes
from logq.cli.session import session
from logq.errors import LogQError
from logq.values import compact

app = command_app()
Name = Annotated[str, typer.Argument(metavar="TOPIC", help="The topic.")]


class NotDelivered(LogQError):
    """A test of a topic that did not arrive everywhere."""


@app.callback(invoke_without_command=True)
def topics(context: typer.Context) -> None:
    """Make, list, show, delete, test and publish to topics; alone it lists them."""
    if context.invoked_subcommand is None:
        list_topics(context)


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TOPIC", help="Its name.")],
    display_name: Annotated[
        str, typer.Option("--display-name", metavar="TEXT", help="What people call it.")
    ] = "",
    group: Annotated[
        int,
        typer.Option(
            metavar="SECONDS", help="Hold notifications back so long, to send them together."
        ),
    ] = 0,
) -> None:
    """Make or change a topic."""
    from logq.client.server import segment

    run = session(context)
    body = {"display_name": display_name, "group_seconds": group}
    with asking(run, create=True) as server:
        made = server.call("PUT", f"/topics/{segment(name)}", json=body)
    run.say(f"the topic {made['name']} is {made['arn']}")


@app.command("list")
def list_topics(context: typer.Context, output: Output = None) -> None:
    """List the topics."""
    run = session(context)
    with asking(run) as server:
        found = server.call("GET", "/topics")["topics"]
    rows = ((one["name"], one["arn"], one["group_seconds"], one["created"]) for one in found)
    listing.show(run, output, "name arn groupSeconds:integer created:timestamp", rows)


@app.command()
def show(context: typer.Context, topic: Name, output: Output = None) -> None:
    """Show a topic and its subscriptions."""
    from logq.cli.commands.subscriptions import show_all
    from logq.client.server import segment

    run = session(context)
    with asking(run) as server:
        server.call("GET", f"/topics/{segment(topic)}")
        found = server.call("GET", "/subscriptions", params={"topic": topic})["subscriptions"]
    show_all(run, output, found)


@app.command()
def delete(context: typer.Context, topic: Name, yes: Yes = False) -> None:
    """Delete a topic with its subscriptions; alarms that name it tell nobody from then on."""
    from logq.cli.commands.groups import confirm
    from logq.client.server import segment

    run = session(context)
    with asking(run) as server:
        found = server.call("GET", f"/topics/{segment(topic)}")
        if not yes:
            confirm(run, f"Delete the topic {topic} with {found['subscriptions']} subscriptions?")
        server.call("DELETE", f"/topics/{segment(topic)}")
    run.say(f"deleted the topic {topic}")


@app.command()
def test(context: typer.Context, topic: Name, output: Output = None) -> None:
    """Send a test to every subscriber and print what each answered."""
    from logq.client.server import segment

    run = session(context)
    with asking(run) as server:
        path = f"/topics/{segment(topic)}/tests"
        found = server.call("POST", path, patient=True)["tests"]
    rows = (
        tuple(one[name] for name in ("protocol", "shown", "outcome", "why", "said"))
        for one in found
    )
    listing.show(run, output, "protocol address outcome reason answer", rows)
    failed = sum(one["outcome"] != "delivered" for one in found)
    if failed:
        raise NotDelivered(
            f"{failed} of {len(found)} subscribers did not take the test",
            hint="the reason is in the list; 'logq subscriptions list' names the subscriptions",
        )


@app.command()
def publish(
    context: typer.Context,
    topic: Name,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="What is said; - for stdin.")],
    subject: Annotated[str, typer.Option(metavar="TEXT", help="The line above it.")] = "",
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            "--attribute", "-a", metavar="NAME=VALUE", help="For filter policies; may repeat."
        ),
    ] = None,
) -> None:
    """Publish a message to a topic; a server that runs delivers it."""
    import sys

    from logq.client.server import segment

    run = session(context)
    body: dict[str, Any] = {
        "message": sys.stdin.read() if message == "-" else message,
        "subject": subject,
        "attributes": dict(_pair(text) for text in attribute or ()),
    }
    with asking(run) as server:
        made = server.call("POST", f"/topics/{segment(topic)}/messages", json=body)
    if run.out.terminal:
        run.say(f"published {made['id']}")
    else:
        run.out.write(compact(made) + "\n")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise WrongUsage(f"{text!r} is no attribute", hint="write NAME=VALUE")
    return name, value
