"""Topics and subscriptions: where notifications go."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.actions import subscriptions as subs
from logq.actions import topics as named
from logq.errors import NotFound
from logq.notify.notifier import notifiers
from logq.notify.topic import Options
from logq.server.service import Service

Name = Annotated[str, Path(description="the name of a topic", max_length=300)]
Id = Annotated[str, Path(description="the id of a subscription", max_length=100)]
Tags = dict[str, str]


class Topic(BaseModel):
    """A topic."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    arn: str
    display_name: str
    group_seconds: int = Field(description="how long notifications wait for others to join")
    tags: Tags
    created: int = Field(description="epoch milliseconds")


class CountedTopic(Topic):
    """A topic and how many subscriptions it has."""

    subscriptions: int
    pending: int = Field(description="subscriptions that have not been confirmed yet")


class Topics(BaseModel):
    """Topics in name order."""

    topics: list[Topic]


class NewTopic(BaseModel):
    """What a topic is to be."""

    model_config = ConfigDict(extra="forbid")

    display_name: str = Field(default="", max_length=100)
    group_seconds: int = Field(default=0, ge=0, le=named.MAX_GROUP_SECONDS)
    tags: Tags | None = Field(default=None, description="given once, when the topic is made")


class Message(BaseModel):
    """What is published."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1, max_length=named.MAX_MESSAGE)
    subject: str = Field(default="", max_length=named.MAX_SUBJECT)
    attributes: Tags = Field(default_factory=dict, description="for filter policies")


class Published(BaseModel):
    """A message that is on its way."""

    id: str


class Tested(BaseModel):
    """What a receiver answered to a test."""

    model_config = ConfigDict(from_attributes=True)

    subscription: str
    protocol: str
    shown: str
    outcome: str = Field(description="delivered, later, never or gone")
    why: str
    said: str = Field(description="what a known service answered")


class Tests(BaseModel):
    """What each receiver of a topic answered."""

    tests: list[Tested]


class Choices(BaseModel):
    """How a subscriber is told; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    send_ok: bool = Field(default=True, description="also when an alarm is over")
    repeat_seconds: int = Field(default=0, ge=0, description="remind of what is still an alarm")
    resolve_through_mute: bool = Field(
        default=True, description="tell the end of a known alarm also while it is muted"
    )
    raw: bool = Field(default=False, description="sns-http: without the envelope")
    filter_policy: dict[str, Any] | None = Field(default=None, description="an event pattern")
    filter_scope: str = Field(default="MessageAttributes", description="or MessageBody")
    per_second: float | None = Field(default=None, gt=0, description="messages a second")
    retries: int | None = Field(default=None, ge=0)
    min_delay: int = Field(default=20, description="seconds, as max_delay, with retries only")
    max_delay: int = 20
    backoff: str = Field(default="linear", description="or arithmetic, geometric, exponential")


class Changes(Choices):
    """What is to be different."""

    enabled: bool = Field(default=False, description="true: tell a receiver again that had enough")


class Subscription(BaseModel):
    """A subscription; its address is shown without what is secret in it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    arn: str
    topic: str
    protocol: str
    shown: str
    signed: bool
    pending: bool = Field(description="whether its receiver has not confirmed it yet")
    disabled: str = Field(description="why it is told nothing; empty if it is")
    owner: str
    created: int = Field(description="epoch milliseconds")
    options: Choices


class Subscriptions(BaseModel):
    """Subscriptions, oldest first."""

    subscriptions: list[Subscription]


class NewSubscription(BaseModel):
    """A receiver to be added."""

    model_config = ConfigDict(extra="forbid")

    topic: str = Field(description="a name or an ARN", max_length=300)
    protocol: str = Field(description="a notifier, see `/notifiers`", max_length=50)
    endpoint: str = Field(description="its address, or a log group", max_length=4096)
    secret: str | None = Field(default=None, description="whsec_...; LogQ makes one otherwise")
    options: Choices = Field(default_factory=Choices)


class MadeSubscription(BaseModel):
    """A subscription, and its secret if it was just made."""

    subscription: Subscription
    secret: str | None = Field(description="signs its messages; shown now and never again")


class Confirmation(BaseModel):
    """What a receiver got to confirm with."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=500)


class NewSecret(BaseModel):
    """A signing secret."""

    secret: str


class KnownNotifier(BaseModel):
    """A kind of receiver."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    title: str
    summary: str
    example: str
    limit: str
    per_second: float


class Notifiers(BaseModel):
    """Every kind of receiver in name order."""

    notifiers: list[KnownNotifier]


def router(service: Service) -> APIRouter:
    """The routes ``/topics``, ``/subscriptions`` and ``/notifiers``."""
    routes = APIRouter(tags=["notifications"])
    _topics(service, routes)
    _subscriptions(service, routes)

    @routes.get("/notifiers", summary="List notifiers")
    def kinds() -> Notifiers:
        """Every kind of receiver."""
        found = notifiers().values()
        return Notifiers(notifiers=[KnownNotifier.model_validate(each) for each in found])

    return routes


def _topics(service: Service, routes: APIRouter) -> None:
    @routes.get("/topics", summary="List topics")
    def topics(request: Request) -> Topics:
        """The topics that the caller may see."""
        found = named.list_topics(service.context(request))
        return Topics(topics=[Topic.model_validate(each) for each in found])

    @routes.get("/topics/{name}", summary="Show a topic")
    def show(request: Request, name: Name) -> CountedTopic:
        """A topic with its subscriptions counted."""
        return CountedTopic.model_validate(named.get_topic(service.context(request), name))

    @routes.put("/topics/{name}", summary="Put a topic")
    def put(request: Request, name: Name, topic: NewTopic) -> Topic:
        """Make or change a topic."""
        context = service.context(request)
        wanted = {"display_name": topic.display_name, "group_seconds": topic.group_seconds}
        made = named.create_topic(context, name, tags=topic.tags, **wanted)  # type: ignore[arg-type]
        if (made.display_name, made.group_seconds) != (topic.display_name, topic.group_seconds):
            made = named.set_topic(context, name, **wanted)  # type: ignore[arg-type]
        return Topic.model_validate(made)

    @routes.delete("/topics/{name}", status_code=204, summary="Delete a topic")
    def delete(request: Request, name: Name) -> None:
        """Delete a topic with its subscriptions and what waits for them."""
        if not named.delete_topic(service.context(request), name):
            raise NotFound(f"there is no topic {name!r}", hint="'logq topics list' lists them")

    @routes.post("/topics/{name}/messages", status_code=202, summary="Publish a message")
    def publish(request: Request, name: Name, message: Message) -> Published:
        """Tell every subscriber of a topic."""
        id = named.publish(
            service.context(request),
            name,
            message.message,
            subject=message.subject,
            attributes=message.attributes,
        )
        return Published(id=id)

    @routes.post("/topics/{name}/tests", summary="Test a topic")
    def test(request: Request, name: Name) -> Tests:
        """Send a test to every subscriber now and tell what each answered."""
        found = named.test_topic(service.context(request), name)
        return Tests(tests=[Tested.model_validate(each) for each in found])

    @routes.post("/topics/{name}/confirmations", summary="Confirm a subscription")
    def confirm(request: Request, name: Name, given: Confirmation) -> Subscription:
        """Confirm, by the token that a receiver got, that it wants its subscription."""
        found = subs.confirm_subscription(service.context(request), name, given.token)
        return Subscription.model_validate(found)


def _subscriptions(service: Service, routes: APIRouter) -> None:
    @routes.get("/subscriptions", summary="List subscriptions")
    def subscriptions(
        request: Request,
        topic: Annotated[
            str | None, Query(description="only those of this topic", max_length=300)
        ] = None,
    ) -> Subscriptions:
        """The subscriptions that the caller may see."""
        context = service.context(request)
        found = (
            subs.list_subscriptions(context)
            if topic is None
            else subs.list_subscriptions_by_topic(context, topic)
        )
        return Subscriptions(subscriptions=[Subscription.model_validate(each) for each in found])

    @routes.post("/subscriptions", status_code=201, summary="Add a subscription")
    def add(request: Request, wanted: NewSubscription) -> MadeSubscription:
        """Add a receiver to a topic; a signing secret is in this answer and nowhere else."""
        made = subs.subscribe(
            service.context(request),
            wanted.topic,
            wanted.protocol,
            wanted.endpoint,
            secret=wanted.secret,
            options=Options(**wanted.options.model_dump()),
        )
        return MadeSubscription(
            subscription=Subscription.model_validate(made.subscription), secret=made.secret
        )

    @routes.get("/subscriptions/{id}", summary="Show a subscription")
    def show(request: Request, id: Id) -> Subscription:
        """One subscription."""
        return Subscription.model_validate(subs.get_subscription(service.context(request), id))

    @routes.patch("/subscriptions/{id}", summary="Change a subscription")
    def change(request: Request, id: Id, changes: Changes) -> Subscription:
        """Change the options that are given."""
        given = changes.model_dump(exclude_unset=True)
        found = subs.set_subscription(service.context(request), id, changes=given)
        return Subscription.model_validate(found)

    @routes.delete("/subscriptions/{id}", status_code=204, summary="Remove a subscription")
    def remove(request: Request, id: Id) -> None:
        """Remove a subscription and what waits for it."""
        subs.unsubscribe(service.context(request), id)

    @routes.post("/subscriptions/{id}/secrets", status_code=201, summary="Make a new secret")
    def rotate(
        request: Request,
        id: Id,
        drop: Annotated[bool, Query(description="end the old secret at once")] = False,
    ) -> NewSecret:
        """A new signing secret; messages carry a signature of the old one too."""
        return NewSecret(secret=subs.rotate_secret(service.context(request), id, drop=drop))
