"""A rule: which events it is about, and where they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from logq.model import Definition

KIND = "rule"


ATTEMPTS, SECONDS = 20, 3600


@dataclass(frozen=True, slots=True)
class Retry:
    """How long a target is tried; the outbox does it."""

    attempts: int = ATTEMPTS
    """After the first."""
    seconds: int = SECONDS


@dataclass(frozen=True, slots=True)
class Template:
    """Texts of an event by name, and the text that they are put into."""

    template: str
    paths: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """Where matching events are sent, and in which form."""

    id: str
    arn: str
    """Of a topic, log group or metric; or the address of an HTTP destination, sealed."""
    shown: str = ""
    """An address without what is secret in it."""
    input: str | None = None
    """JSON that is sent in place of the event."""
    input_path: str | None = None
    """The part of the event that is sent, as a JSON path."""
    template: Template | None = None
    retry: Retry = Retry()
    dead_letter: str | None = None
    """As clients of EventBridge gave it; dead letters of all targets lie in one log group."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it stands; ``pattern`` or ``schedule``, or both, are given."""

    name: str
    pattern: str | None = None
    schedule: str | None = None
    enabled: bool = True
    description: str = ""
    targets: tuple[Target, ...] = ()
    withheld: tuple[str, ...] = ()
    """Sources whose events its author was not allowed to see when it was written."""
    tags: Mapping[str, str] = field(default_factory=dict)
    created: int = 0
    updated: int = 0
    """Epoch milliseconds, as the one before it."""
    version: int = 0


def body_of(rule: Rule) -> dict[str, Any]:
    """What is kept of a rule besides what the catalog knows of every definition."""
    body = asdict(rule)
    for name in ("name", "created", "updated", "version"):
        del body[name]
    return body


def rule_of(definition: Definition) -> Rule:
    """The rule that a definition holds."""
    body = dict(definition.body)
    targets = tuple(_target(one) for one in body.pop("targets"))
    withheld = tuple(body.pop("withheld"))
    return Rule(
        definition.name,
        targets=targets,
        withheld=withheld,
        created=definition.created,
        updated=definition.updated,
        version=definition.version,
        **body,
    )


def _target(body: Mapping[str, Any]) -> Target:
    template = body["template"]
    return Target(
        **{
            **body,
            "template": Template(**template) if template else None,
            "retry": Retry(**body["retry"]),
        }
    )
