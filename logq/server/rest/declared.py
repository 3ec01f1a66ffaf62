"""Declared in files: what would change, and making it so."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.declared import declare
from logq.declared.declare import Ask
from logq.declared.plan import Step
from logq.server.service import Service


class File(BaseModel):
    """A file with its name, for messages and to tell what it is written in."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=500, description="ends in .yaml, .json or .toml")
    text: str = Field(max_length=2_000_000)


class Files(BaseModel):
    """Files that declare things, and how to take them."""

    model_config = ConfigDict(extra="forbid")

    documents: list[File] = Field(min_length=1, max_length=100)
    parameters: dict[str, str] = Field(
        default_factory=dict, max_length=200, description="of templates of CloudFormation"
    )
    stack: str = Field(
        default="default", min_length=1, max_length=100, description="what the files are part of"
    )
    prune: bool = Field(
        default=False,
        description="delete what earlier files of the stack declared and these do not",
    )


class Apply(Files):
    """Files to apply."""

    expected: str | None = Field(
        default=None, max_length=100, description="the id of the plan that was looked at"
    )


class FieldChange(BaseModel):
    """A field that is not as it is declared."""

    field: str
    before: Any
    after: Any


class PlannedChange(BaseModel):
    """What is done about one thing."""

    operation: str = Field(description="create, update, delete or left")
    kind: str
    name: str
    group: str | None = Field(description="the log group or topic that it is of")
    at: str = Field(description="where it is declared")
    fields: list[FieldChange]


class PlanAnswer(BaseModel):
    """What would be changed, or was."""

    id: str = Field(description="differs for every other plan")
    changes: list[PlannedChange]
    unchanged: int
    warnings: list[str]


def router(service: Service) -> APIRouter:
    """The routes ``/plan`` and ``/apply``."""
    routes = APIRouter(tags=["declared"])

    @routes.post("/plan", summary="Plan what files declare")
    def plan(request: Request, files: Files) -> PlanAnswer:
        """What applying the files would change; everything is tried, and nothing is kept."""
        return _answer(declare.plan(service.context(request), _ask(files)))

    @routes.post("/apply", summary="Apply what files declare")
    def apply(request: Request, files: Apply) -> PlanAnswer:
        """Make everything as the files declare it, or change nothing."""
        made = declare.apply(service.context(request), _ask(files), files.expected)
        return _answer(made)

    return routes


def _ask(files: Files) -> Ask:
    documents = [(one.name, one.text) for one in files.documents]
    return Ask(documents, files.parameters, files.stack, files.prune)


def _answer(plan: declare.Plan) -> PlanAnswer:
    changes = [step for step in plan.steps if step.operation != "unchanged"]
    return PlanAnswer(
        id=plan.id,
        changes=[_change(step) for step in changes],
        unchanged=len(plan.steps) - len(changes),
        warnings=list(plan.warnings),
    )


def _change(step: Step) -> PlannedChange:
    return PlannedChange(
        operation=step.operation,
        kind=step.kind.name,
        name=step.key[-1],
        group=step.key[0] if step.kind.grouped else None,
        at=step.at,
        fields=[
            FieldChange(field=one.field, before=one.before, after=one.after)
            for one in step.differences
        ],
    )
