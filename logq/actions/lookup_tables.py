"""Actions on lookup tables: small tables that queries join with events."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.errors import InvalidValue, NotFound

if TYPE_CHECKING:
    from logq.model import Definition

KIND = "lookup_table"
MAX_BYTES = 10 << 20


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A table as CSV; the first line names the columns."""

    name: str
    csv: str
    columns: tuple[str, ...]
    rows: int
    description: str | None
    kms_key: str | None
    updated: int
    """Epoch milliseconds."""

    @property
    def bytes(self) -> int:
        """The size of the CSV."""
        return len(self.csv.encode())


@action("logs:CreateLookupTable", Access.MANAGEMENT_WRITE, hide=("text",))
def create_lookup_table(
    context: Context,
    name: str,
    text: str,
    *,
    description: str | None = None,
    kms_key: str | None = None,
) -> LookupTable:
    """Make a lookup table of CSV; raises AlreadyExists and InvalidValue."""
    context.require("logs:CreateLookupTable", context.place.logs("lookup-table", name))
    body = _body(text, description, kms_key)
    return _table(context.logq.storage.definitions.put(KIND, name, body, expected=0))


@action("logs:UpdateLookupTable", Access.MANAGEMENT_WRITE, hide=("text",))
def update_lookup_table(
    context: Context,
    name: str,
    text: str,
    *,
    description: str | None = None,
    kms_key: str | None = None,
) -> LookupTable:
    """Replace a lookup table's CSV, and what else is given; raises NotFound and InvalidValue."""
    context.require("logs:UpdateLookupTable", context.place.logs("lookup-table", name))
    definitions = context.logq.storage.definitions
    before = definitions.get(KIND, name)
    if before is None:
        raise _unknown(name)
    old = before.body
    kept = description if description is not None else old["description"]
    body = _body(text, kept, kms_key or old["kms_key"])
    return _table(definitions.put(KIND, name, body, expected=before.version))


def put_lookup_table(
    context: Context, name: str, text: str, *, description: str | None = None
) -> LookupTable:
    """Make or replace a lookup table, as one of the two actions; raises InvalidValue."""
    try:
        return update_lookup_table(context, name, text, description=description)
    except NotFound:
        return create_lookup_table(context, name, text, description=description)


@action("logs:GetLookupTable", Access.MANAGEMENT_READ)
def get_lookup_table(context: Context, name: str) -> LookupTable:
    """A lookup table; raises NotFound."""
    context.require("logs:GetLookupTable", context.place.logs("lookup-table", name))
    found = context.logq.storage.definitions.get(KIND, name)
    if found is None:
        raise _unknown(name)
    return _table(found)


@action("logs:DescribeLookupTables", Access.MANAGEMENT_READ)
def list_lookup_tables(context: Context, prefix: str = "") -> tuple[LookupTable, ...]:
    """The lookup tables that the caller may see and whose names begin so, in name order."""
    return tuple(
        _table(one)
        for one in context.logq.storage.definitions.list(KIND, prefix=prefix)
        if context.may("logs:DescribeLookupTables", context.place.logs("lookup-table", one.name))
    )


@action("logs:DeleteLookupTable", Access.MANAGEMENT_WRITE)
def delete_lookup_table(context: Context, name: str) -> None:
    """Delete a lookup table; raises NotFound."""
    context.require("logs:DeleteLookupTable", context.place.logs("lookup-table", name))
    if not context.logq.storage.definitions.delete(KIND, name):
        raise _unknown(name)


def _body(text: str, description: str | None, kms_key: str | None) -> dict[str, object]:
    if len(text.encode()) > MAX_BYTES:
        raise InvalidValue(
            f"the table is larger than {MAX_BYTES >> 20} MB", hint="leave out what is not needed"
        )
    columns, rows = _measure(text)
    return {
        "csv": text,
        "columns": columns,
        "rows": rows,
        "description": description,
        "kms_key": kms_key,
    }


def _measure(text: str) -> tuple[list[str], int]:
    """The columns and the number of rows; raises InvalidValue."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    columns: list[str] | None = None
    rows = 0
    try:
        for row in reader:
            if columns is None:
                columns = row
            elif row and len(row) != len(columns):
                raise InvalidValue(
                    f"line {reader.line_num} of the table has {len(row)} values, "
                    f"the first line names {len(columns)} columns",
                    hint='put values with commas or line breaks between " and "',
                )
            else:
                rows += bool(row)
    except csv.Error as error:
        raise InvalidValue(f"line {reader.line_num} of the table is no CSV: {error}") from None
    if not columns or not all(columns) or len(set(columns)) < len(columns):
        raise InvalidValue(
            "the first line of the table does not name its columns",
            hint="every column needs a name of its own",
        )
    return columns, rows


def _table(definition: Definition) -> LookupTable:
    body = definition.body
    return LookupTable(
        definition.name,
        body["csv"],
        tuple(body["columns"]),
        body["rows"],
        body["description"],
        body["kms_key"],
        definition.updated,
    )


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no lookup table {name!r}", hint="'logq tables list' lists them")
