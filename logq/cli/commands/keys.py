"""``logq keys``: access keys and bearer tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from logq.cli import listing
from logq.cli.acting import administrating
from logq.cli.apps import command_app
from logq.cli.completion import key_ids, policies
from logq.cli.options import Output, Yes
from logq.cli.session import Session, session
from logq.values import compact

if TYPE_CHECKING:
    from logq.access.keys import Key, NewKey

app = command_app()
Policy = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        "-p",
        metavar="POLICY",
        help="What the key may do, for example LogQReadOnly or LogQIngest:/app/*; "
        "may be repeated. 'logq policies list' lists them.",
        autocompletion=policies,
    ),
]
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="The key's id.", autocompletion=key_ids)]


@app.callback(invoke_without_command=True)
def keys(context: typer.Context) -> None:
    """Make, list and revoke access keys and tokens; alone it lists them."""
    if context.invoked_subcommand is None:
        list_keys(context)


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.")],
    policy: Policy = None,
    token: Annotated[
        bool, typer.Option("--token", help="A bearer token in place of an access key.")
    ] = False,
    days: Annotated[
        int | None,
        typer.Option(
            metavar="DAYS",
            help="How long it is valid; default: 90 for a token, until revoked for an access key.",
        ),
    ] = None,
    boundary: Annotated[
        str | None,
        typer.Option(
            metavar="POLICY",
            help="What the key may do at most, whatever its policies allow.",
            autocompletion=policies,
        ),
    ] = None,
    output: Output = None,
) -> None:
    """Make a key and print its secret, once, as lines for a shell.

    An access key signs requests, as the AWS tools do; a token is sent in the Authorization header.
    From the first key on a server answers nobody without one.
    """
    run = session(context)
    with administrating(run, create=True) as admin:
        form = "token" if token else "access-key"
        made = admin.create_key(name, policy or [], form, boundary=boundary, days=days)
    if output is None:
        run.out.write("".join(f"export {line}\n" for line in exports(made)))
    else:
        described = f"{_described(output)} secret"
        listing.show(run, output, described, [(*_row(made.key, run, output), made.secret)])
    run.say("the secret is not shown again and not stored: keep it now")


@app.command("list")
def list_keys(context: typer.Context, output: Output = None) -> None:
    """List the keys, also expired and revoked ones; never their secrets."""
    run = session(context)
    with administrating(run) as admin:
        found = admin.list_keys()
    output = output or listing.default_format(run)
    rows = (_row(key, run, output) for key in found)
    listing.show(run, output, _described(output), rows)


@app.command()
def revoke(context: typer.Context, key: KeyId, yes: Yes = False) -> None:
    """Make a key invalid for ever, within a second also for running servers."""
    from logq.cli.commands.groups import confirm

    run = session(context)
    with administrating(run) as admin:
        found = admin.get_key(key)
        if not yes:
            confirm(run, f"Revoke the key {found.id} of {found.name}?")
        admin.revoke_key(key)
    run.say(f"revoked the key {found.id} of {found.name}")


def _described(output: str) -> str:
    listed = "text" if output == "table" else "json"
    times = "created:timestamp expires:timestamp used:timestamp"
    return f"id name form state policies:{listed} boundary {times}"


def exports(made: NewKey) -> tuple[str, ...]:
    """The variables that let clients use a key."""
    if made.key.sha256 is not None:
        return (f"LOGQ_TOKEN={made.secret}",)
    return (f"AWS_ACCESS_KEY_ID={made.key.id}", f"AWS_SECRET_ACCESS_KEY={made.secret}")


def _row(key: Key, run: Session, output: str) -> tuple[object, ...]:
    policies = ", ".join(key.policies) if output == "table" else compact(list(key.policies))
    return (
        key.id, key.name, str(key.form), key.state(run.now()), policies, key.boundary,
        key.created, key.expires, key.used,
    )  # fmt: skip
