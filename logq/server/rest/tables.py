"""Lookup tables."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.actions.lookup_tables import (
    delete_lookup_table,
    get_lookup_table,
    list_lookup_tables,
    put_lookup_table,
)
from logq.server.service import Service

Name = Annotated[str, Path(description="the name of a lookup table", max_length=300)]


class Table(BaseModel):
    """A lookup table without its rows."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    columns: tuple[str, ...]
    rows: int
    bytes: int
    description: str | None
    updated: int = Field(description="epoch milliseconds")


class WholeTable(Table):
    """A lookup table."""

    csv: str


class Tables(BaseModel):
    """Lookup tables in name order."""

    tables: list[Table]


class NewTable(BaseModel):
    """What a lookup table is to hold."""

    model_config = ConfigDict(extra="forbid")

    csv: str = Field(description="the first line names the columns")
    description: str | None = Field(default=None, max_length=1_024)


def router(service: Service) -> APIRouter:
    """The routes below ``/tables``."""
    routes = APIRouter(prefix="/tables", tags=["tables"])

    @routes.get("", summary="List lookup tables")
    def tables(
        request: Request,
        prefix: Annotated[str, Query(description="only those whose names begin so")] = "",
    ) -> Tables:
        """The lookup tables that the caller may see."""
        found = list_lookup_tables(service.context(request), prefix)
        return Tables(tables=[Table.model_validate(each) for each in found])

    @routes.get("/{name}", summary="Show a lookup table")
    def show(request: Request, name: Name) -> WholeTable:
        """A lookup table with its rows."""
        return WholeTable.model_validate(get_lookup_table(service.context(request), name))

    @routes.put("/{name}", summary="Put a lookup table")
    def put(request: Request, name: Name, table: NewTable) -> Table:
        """Make or replace a lookup table."""
        context = service.context(request)
        made = put_lookup_table(context, name, table.csv, description=table.description)
        return Table.model_validate(made)

    @routes.delete("/{name}", status_code=204, summary="Delete a lookup table")
    def delete(request: Request, name: Name) -> None:
        """Delete a lookup table."""
        delete_lookup_table(service.context(request), name)

    return routes
