"""What this server is, and what everything in it is called."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from logq import __version__
from logq.actions.identity import get_caller_identity
from logq.actions.reference import Entry, Topic, reference, topics
from logq.server.service import Service


class Info(BaseModel):
    """A server of LogQ, as the caller sees it."""

    version: str
    now: int = Field(description="its clock, epoch milliseconds")
    region: str
    account: str
    caller: str = Field(description="who asks")
    kind: str = Field(description="administrator, key, token or service")
    arn: str


class Topics(BaseModel):
    """What there is help on."""

    topics: list[Topic]


class Entries(BaseModel):
    """The entries of a topic in order."""

    entries: list[Entry]


def router(service: Service) -> APIRouter:
    """The routes ``/info`` and ``/help``."""
    routes = APIRouter(tags=["about"])

    @routes.get("/info", summary="About the server and the caller")
    def info(request: Request) -> Info:
        """Version, clock, region and account of the server, and who the caller is to it."""
        context = service.context(request)
        identity = get_caller_identity(context)
        return Info(
            version=__version__,
            now=service.logq.clock(),
            region=context.place.region,
            account=context.place.account,
            caller=context.caller.name,
            kind=context.caller.kind,
            arn=identity.arn,
        )

    @routes.get("/help", summary="List the topics of the reference")
    def list_topics(request: Request) -> Topics:
        """The topics of the reference."""
        service.context(request)
        return Topics(topics=list(topics()))

    @routes.get("/help/{topic}", summary="Show a topic of the reference")
    def show_topic(
        request: Request,
        topic: Annotated[str, Path(description="a name of `/help`", max_length=100)],
    ) -> Entries:
        """Every entry of a topic: how it is written, what it is, examples."""
        service.context(request)
        return Entries(entries=list(reference(topic)))

    return routes
