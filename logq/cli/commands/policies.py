"""``logq policies``: what keys may do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from logq.cli import listing
from logq.cli.acting import administrating
from logq.cli.apps import command_app
from logq.cli.commands.keys import KeyId
from logq.cli.completion import policies as policy_names
from logq.cli.faults import Failed
from logq.cli.options import Output, Yes
from logq.cli.session import session
from logq.errors import InvalidPolicy
from logq.terminal import GREEN, RED

app = command_app()
Name = Annotated[
    str, typer.Argument(metavar="POLICY", help="The policy.", autocompletion=policy_names)
]


@app.callback(invoke_without_command=True)
def policies(context: typer.Context) -> None:
    """Write, list, show, delete and test policies; alone it lists them."""
    if context.invoked_subcommand is None:
        list_policies(context)


@app.command()
def put(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="POLICY", help="Its name.")],
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="An IAM policy document as JSON; - for stdin.")
    ],
) -> None:
    """Make or replace a policy; keys that have it follow at once."""
    run = session(context)
    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidPolicy(f"{file} is not UTF-8 text") from None
    with administrating(run, create=True) as admin:
        admin.put_policy(name, text)
    run.say(f"stored the policy {name}")


@app.command("list")
def list_policies(context: typer.Context, output: Output = None) -> None:
    """List the built-in policies and those that were put."""
    from logq.access.builtin import BUILTIN

    run = session(context)
    with administrating(run) as admin:
        found = admin.list_policies()
    rows = (
        (each.name, each.builtin, BUILTIN[each.name][0] if each.builtin else None, each.updated)
        for each in found
    )
    listing.show(run, output, "name builtin:boolean purpose updated:timestamp", rows)


@app.command()
def show(context: typer.Context, policy: Name) -> None:
    """Show the document of a policy as JSON."""
    run = session(context)
    with administrating(run) as admin:
        found = admin.get_policy(policy)
    text = json.dumps(found.document, indent=2, ensure_ascii=False)
    run.out.write("".join(f"{run.out.safe(line)}\n" for line in text.splitlines()))


@app.command()
def delete(context: typer.Context, policy: Name, yes: Yes = False) -> None:
    """Delete a policy that no key has."""
    from logq.cli.commands.groups import confirm

    run = session(context)
    with administrating(run) as admin:
        admin.get_policy(policy)
        if not yes:
            confirm(run, f"Delete the policy {policy}?")
        admin.delete_policy(policy)
    run.say(f"deleted the policy {policy}")


@app.command()
def test(
    context: typer.Context,
    key: KeyId,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="For example logs:StartQuery.")],
    resource: Annotated[
        str, typer.Argument(metavar="RESOURCE", help="An ARN, or the name of a log group.")
    ],
) -> None:
    """Say what a key may do, and which rule says so; exit code 1 if it may not."""
    run = session(context)
    with administrating(run) as admin:
        decision = admin.test_policy(key, action, resource)
    run.out.write(run.out.paint(decision.reason, GREEN if decision.allowed else RED) + "\n")
    if not decision.allowed:
        raise Failed("")
