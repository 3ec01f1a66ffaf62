"""What a client of LogQ sends in place of opening the data directory: batches and checkpoints."""

from __future__ import annotations

import json
from typing import Annotated, Any

import anyio.to_thread
import pyarrow as pa
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.actions.batches import append_batch
from logq.actions.checkpoints import delete_checkpoint, list_checkpoints, put_checkpoint
from logq.errors import InvalidValue
from logq.model import Checkpoint
from logq.server.body import read_body
from logq.server.rest.groups import Group
from logq.server.rest.ipc import check_plain
from logq.server.rest.route import SegmentRoute
from logq.server.service import Service

CHECKPOINTS = b"logq.checkpoints"
ARROW = "application/vnd.apache.arrow.stream"

Owner = Annotated[
    str, Query(description="whose checkpoints, for example `agent@host`", max_length=200)
]


class Mark(BaseModel):
    """How far a source has been read."""

    model_config = ConfigDict(extra="forbid")

    owner: str = Field(min_length=1, max_length=200)
    key: str = Field(description="the source", max_length=4_096)
    value: str = Field(description="JSON", max_length=65_536)
    expected: str | None = Field(
        default=None, description="with `check`: the value that must be there, null for none"
    )
    check: bool = Field(default=False, description="refuse (409) unless `expected` is there")

    def checkpoint(self) -> Checkpoint:
        """As storage has it."""
        return Checkpoint(self.owner, self.key, self.value, self.expected, check=self.check)


class Appended(BaseModel):
    """What became of a batch."""

    events: int = Field(description="stored now, or before if `repeated`")
    bytes: int
    expired: int = Field(description="older than the log group's retention: not stored")
    repeated: bool = Field(description="this batch had been stored before; nothing was done")


class Checkpoints(BaseModel):
    """Checkpoints of an owner by key."""

    checkpoints: dict[str, str]


def router(service: Service) -> APIRouter:
    """The routes of batches and checkpoints."""
    routes = APIRouter(tags=["batches"], route_class=SegmentRoute)
    body = {
        "requestBody": {
            "required": True,
            "content": {ARROW: {"schema": {"type": "string", "format": "binary"}}},
        }
    }

    @routes.post(
        "/groups/{group}/batches", summary="Store a batch exactly once", openapi_extra=body
    )
    async def append(
        request: Request,
        group: Group,
        create: Annotated[bool, Query(description="make the log group if it is not there")] = False,
    ) -> Appended:
        """Store a batch of events and move the caller's checkpoints, together and durably.

        The body is an Arrow IPC stream without compressed buffers (the body as a whole may have a
        `Content-Encoding`): a table as `logq.model` describes it, with `@timestamp`
        (timestamp[ms]), `@message` and `@logStream` (text), and `logq` in the schema's metadata for
        its fields. Checkpoints stand in the schema's metadata under `logq.checkpoints`, as a JSON
        list of objects with `owner`, `key`, `value`, `expected` and `check`.

        2xx means that everything is on disk. A request whose answer was lost may be sent again as
        it is: if all its checkpoints stand where it moves them, nothing is stored twice and
        `repeated` is true. A checkpoint that somebody else moved is 409 `CheckpointConflict`, and
        nothing is stored. Owners belong to the caller: no other key sees or moves them.
        """
        data = await read_body(request, service.logq.settings.push_bytes)

        def store() -> Appended:
            context = service.context(request, data)
            table, marks = decode(data)
            done = append_batch(context, group, table, marks, create=create)
            accepted = done.accepted
            return Appended(
                events=accepted.events,
                bytes=accepted.bytes,
                expired=accepted.expired,
                repeated=done.repeated,
            )

        return await anyio.to_thread.run_sync(store)

    @routes.get("/checkpoints", summary="List checkpoints")
    def list_all(request: Request, owner: Owner) -> Checkpoints:
        """The caller's checkpoints of an owner."""
        return Checkpoints(checkpoints=dict(list_checkpoints(service.context(request), owner)))

    @routes.post("/checkpoints", status_code=204, summary="Move a checkpoint")
    def put(request: Request, mark: Mark) -> None:
        """Move one of the caller's checkpoints without events."""
        put_checkpoint(service.context(request), mark.checkpoint())

    @routes.delete("/checkpoints", status_code=204, summary="Forget a checkpoint")
    def delete(
        request: Request, owner: Owner, key: Annotated[str, Query(description="the source")]
    ) -> None:
        """Forget one of the caller's checkpoints; nothing happens if there is none."""
        delete_checkpoint(service.context(request), owner, key)

    return routes


def decode(data: bytes) -> tuple[pa.Table, list[Checkpoint]]:
    """The batch and checkpoints of a body; raises InvalidValue."""
    check_plain(data)
    try:
        table = pa.ipc.open_stream(pa.py_buffer(data)).read_all()
        given: Any = json.loads((table.schema.metadata or {}).get(CHECKPOINTS, b"[]"))
        if not isinstance(given, list):
            raise ValueError("checkpoints are a list")
        return table, [Mark.model_validate(each).checkpoint() for each in given]
    except (pa.ArrowException, ValueError, OSError) as error:
        first = (str(error).splitlines() or [""])[0][:200]
        raise InvalidValue(f"the body is no batch of events: {first}") from None
