"""What ``logq plan`` and ``logq apply`` share: files in, changes out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from logq.cli.faults import WrongUsage
from logq.cli.session import Session
from logq.values import compact

Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="TOML, YAML or JSON; - for YAML on stdin.")
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", metavar="NAME=VALUE", help="Of a CloudFormation template; may be repeated."
    ),
]
Stack = Annotated[
    str,
    typer.Option("--stack", metavar="NAME", help="What the files are part of, for --prune."),
]
Prune = Annotated[
    bool,
    typer.Option(
        "--prune", help="Delete what earlier files of the stack declared and these do not."
    ),
]

_SIGNS = {"create": "+", "update": "~", "delete": "-", "left": "?"}


def body(
    files: Sequence[str], parameters: Sequence[str] | None, stack: str, prune: bool
) -> dict[str, Any]:
    """What the server is asked."""
    return {
        "documents": [_document(name) for name in files],
        "parameters": _parameters(parameters or ()),
        "stack": stack,
        "prune": prune,
    }


def changes(plan: Mapping[str, Any]) -> int:
    """How many things a plan changes."""
    return sum(each["operation"] != "left" for each in plan["changes"])


def show(run: Session, plan: Mapping[str, Any]) -> None:
    """Print a plan for people."""
    for warning in plan["warnings"]:
        run.warn(warning)
    for change in plan["changes"]:
        for line in _lines(change):
            run.out.write(run.out.safe(line) + "\n")
    counts = [
        f"{count} to {operation}"
        for operation in ("create", "update", "delete")
        if (count := sum(each["operation"] == operation for each in plan["changes"]))
    ]
    run.out.write(", ".join([*counts, f"{plan['unchanged']} unchanged"]) + "\n")


def _lines(change: Mapping[str, Any]) -> Iterator[str]:
    where = f" of {change['group']}" if change["group"] else ""
    at = f"  ({change['at'].split(': ')[0]})" if change["at"] else ""
    left = ": declared no more; --prune deletes it" if change["operation"] == "left" else ""
    yield f"{_SIGNS[change['operation']]} {change['kind']} {change['name']}{where}{left}{at}"
    for field in change["fields"]:
        after = compact(field["after"])
        if change["operation"] == "create":
            yield f"    {field['field']}: {after}"
        else:
            yield f"    {field['field']}: {compact(field['before'])} -> {after}"


def _document(name: str) -> dict[str, str]:
    if name == "-":
        return {"name": "stdin.yaml", "text": sys.stdin.read()}
    try:
        return {"name": name, "text": Path(name).read_text("utf-8-sig")}
    except UnicodeDecodeError as error:
        raise WrongUsage(f"{name} is not UTF-8 text: byte {error.start:,}") from None


def _parameters(given: Sequence[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    wrong = next((name for name, sign, _ in pairs if not sign), None)
    if wrong is not None:
        raise WrongUsage(f"--parameter {wrong} has no value", hint="write --parameter NAME=VALUE")
    return {name: value for name, _, value in pairs}
