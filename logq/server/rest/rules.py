"""Event rules, their targets, and events of the bus."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.actions import rules
from logq.actions.put_events import Entry, put_events, test_event_pattern
from logq.actions.together import together
from logq.events.rule import ATTEMPTS, SECONDS, Retry, Rule, Target, Template
from logq.server.service import Service

Name = Annotated[str, Path(description="the name of a rule", max_length=64)]
Text = Annotated[str, Field(max_length=8_192)]


class GivenTemplate(BaseModel):
    """A text that is filled in with parts of the event."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    template: Text = Field(description='JSON with placeholders: `{"state": <state>}`')
    paths: dict[str, str] = Field(
        default_factory=dict, max_length=100, description="placeholder and JSON path"
    )


class GivenTarget(BaseModel):
    """Where matching events are sent."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    id: str = Field(max_length=64)
    arn: str = Field(
        max_length=1_600,
        description="of a topic, a log group or a metric "
        "(`arn:aws:cloudwatch:REGION:ACCOUNT:metric/NAMESPACE/NAME`), or an `https://` address, "
        "which is encrypted and shown only in part",
    )
    input: Text | None = Field(default=None, description="JSON that is sent in place of the event")
    input_path: str | None = Field(default=None, max_length=256)
    template: GivenTemplate | None = None
    attempts: int = Field(default=ATTEMPTS, ge=0, le=185)
    seconds: int = Field(default=SECONDS, ge=60, le=86_400)

    @staticmethod
    def of(target: Target) -> GivenTarget:
        """A target as it is shown."""
        template = target.template
        return GivenTarget(
            id=target.id,
            arn=target.shown or target.arn,
            input=target.input,
            input_path=target.input_path,
            template=GivenTemplate.model_validate(template) if template else None,
            attempts=target.retry.attempts,
            seconds=target.retry.seconds,
        )

    def target(self) -> Target:
        """The target that is meant."""
        template = self.template
        return Target(
            self.id,
            self.arn,
            input=self.input,
            input_path=self.input_path,
            template=Template(template.template, template.paths) if template else None,
            retry=Retry(self.attempts, self.seconds),
        )


class GivenRule(BaseModel):
    """What a rule is to be."""

    model_config = ConfigDict(extra="forbid")

    pattern: str | None = Field(
        default=None, max_length=4_096, description="an event pattern, as JSON"
    )
    schedule: str | None = Field(default=None, max_length=256, description="`rate()` or `cron()`")
    enabled: bool = True
    description: str = Field(default="", max_length=512)
    tags: dict[str, str] | None = Field(default=None, description="of a new rule")
    targets: list[GivenTarget] | None = Field(
        default=None, max_length=5, description="all of them; absent to leave them as they are"
    )


class ShownRule(BaseModel):
    """A rule with its targets."""

    name: str
    arn: str
    pattern: str | None
    schedule: str | None
    enabled: bool
    description: str
    targets: list[GivenTarget]
    withheld: list[str] = Field(
        description="sources whose events its author was not allowed to see"
    )
    tags: dict[str, str]
    created: int = Field(description="epoch milliseconds")
    updated: int = Field(description="epoch milliseconds")


class Rules(BaseModel):
    """Rules in name order."""

    rules: list[ShownRule]


class Trial(BaseModel):
    """A pattern and an event."""

    model_config = ConfigDict(extra="forbid")

    pattern: str = Field(max_length=4_096)
    event: str = Field(max_length=1_048_576, description="the event with its envelope, as JSON")


class Verdict(BaseModel):
    """Whether a pattern matches."""

    matches: bool


class GivenEvent(BaseModel):
    """An event for the bus."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(max_length=256)
    detail_type: str = Field(max_length=128)
    detail: str = Field(max_length=1_048_576, description="a JSON object")
    time: int | None = Field(
        default=None, ge=0, le=253_402_300_799_999, description="epoch milliseconds"
    )
    resources: list[str] = Field(default_factory=list, max_length=100)


class GivenEvents(BaseModel):
    """Events for the bus."""

    model_config = ConfigDict(extra="forbid")

    events: list[GivenEvent] = Field(min_length=1, max_length=10)


class PutEvent(BaseModel):
    """What became of an event."""

    model_config = ConfigDict(from_attributes=True)

    id: str | None
    error: str | None
    message: str | None


class PutEvents(BaseModel):
    """What became of the events, in their order."""

    events: list[PutEvent]


def router(service: Service) -> APIRouter:
    """The routes below ``/rules``, and ``/bus/events``."""
    routes = APIRouter(tags=["rules"])

    def shown(request: Request, rule: Rule) -> ShownRule:
        return ShownRule(
            name=rule.name,
            arn=service.logq.place.rule(rule.name),
            pattern=rule.pattern,
            schedule=rule.schedule,
            enabled=rule.enabled,
            description=rule.description,
            targets=[GivenTarget.of(one) for one in rule.targets],
            withheld=list(rule.withheld),
            tags=dict(rule.tags),
            created=rule.created,
            updated=rule.updated,
        )

    @routes.get("/rules", summary="List rules")
    def list_rules(
        request: Request,
        prefix: Annotated[str, Query(description="only those whose names begin so")] = "",
    ) -> Rules:
        """The rules that the caller may see."""
        found = rules.list_rules(service.context(request), prefix)
        return Rules(rules=[shown(request, each) for each in found])

    @routes.post("/rules/test", summary="Try an event pattern")
    def trial(request: Request, trial: Trial) -> Verdict:
        """Whether an event pattern matches an event."""
        found = test_event_pattern(service.context(request), trial.pattern, trial.event)
        return Verdict(matches=found)

    @routes.get("/rules/{name}", summary="Show a rule")
    def show(request: Request, name: Name) -> ShownRule:
        """A rule with its targets."""
        return shown(request, rules.describe_rule(service.context(request), name))

    @routes.put("/rules/{name}", summary="Put a rule")
    def put(request: Request, name: Name, rule: GivenRule) -> ShownRule:
        """Make or replace a rule, and its targets if they are given."""
        with together(service.context(request)) as context:
            made = rules.put_rule(
                context,
                name,
                pattern=rule.pattern,
                schedule=rule.schedule,
                enabled=rule.enabled,
                description=rule.description,
                tags=rule.tags,
            )
            if rule.targets is not None:
                made = rules.put_targets(
                    context, name, [one.target() for one in rule.targets], only=True
                )
        return shown(request, made)

    @routes.delete("/rules/{name}", status_code=204, summary="Delete a rule")
    def delete(request: Request, name: Name) -> None:
        """Delete a rule with its targets."""
        rules.delete_rule(service.context(request), name, targets=True)

    @routes.post("/rules/{name}/enable", status_code=204, summary="Enable a rule")
    def enable(request: Request, name: Name) -> None:
        """Let a rule match again."""
        rules.enable_rule(service.context(request), name)

    @routes.post("/rules/{name}/disable", status_code=204, summary="Disable a rule")
    def disable(request: Request, name: Name) -> None:
        """Let a rule match nothing until it is enabled."""
        rules.disable_rule(service.context(request), name)

    @routes.put("/rules/{name}/targets", summary="Put targets of a rule")
    def put_targets(request: Request, name: Name, targets: list[GivenTarget]) -> ShownRule:
        """Add or replace targets by their ids; the others stay."""
        made = rules.put_targets(service.context(request), name, [one.target() for one in targets])
        return shown(request, made)

    @routes.delete("/rules/{name}/targets/{id}", status_code=204, summary="Remove a target")
    def remove_target(
        request: Request,
        name: Name,
        id: Annotated[str, Path(description="the id of a target", max_length=64)],
    ) -> None:
        """Remove a target of a rule; nothing happens if it has none of this id."""
        rules.remove_targets(service.context(request), name, [id])

    @routes.post("/bus/events", summary="Put events on the bus")
    def put_on_bus(request: Request, given: GivenEvents) -> PutEvents:
        """Put events on the bus; the rules they match send them on in the same transaction."""
        entries = [
            Entry(one.source, one.detail_type, one.detail, one.time, tuple(one.resources))
            for one in given.events
        ]
        found = put_events(service.context(request), entries)
        return PutEvents(events=[PutEvent.model_validate(each) for each in found])

    return routes
