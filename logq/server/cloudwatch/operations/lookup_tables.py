"""Lookup tables."""

from __future__ import annotations

from typing import Any

from logq.actions import lookup_tables
from logq.actions.context import Context
from logq.actions.lookup_tables import LookupTable
from logq.server.cloudwatch import tokens
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.operation import Params, Result, operation

_PAGE = 50
_NOUN = "lookup table"


@operation("logs", "CreateLookupTable", noun=_NOUN)
def create_lookup_table(context: Context, params: Params) -> Result:
    table = lookup_tables.create_lookup_table(
        context,
        params["lookupTableName"],
        _text(params),
        description=params.get("description"),
        kms_key=params.get("kmsKeyId"),
    )
    return {"lookupTableArn": _arn(context, table), "createdAt": table.updated}


@operation("logs", "UpdateLookupTable", noun=_NOUN)
def update_lookup_table(context: Context, params: Params) -> Result:
    table = lookup_tables.update_lookup_table(
        context,
        _name(params),
        _text(params),
        description=params.get("description"),
        kms_key=params.get("kmsKeyId"),
    )
    return {"lookupTableArn": _arn(context, table), "lastUpdatedTime": table.updated}


@operation("logs", "GetLookupTable", noun=_NOUN)
def get_lookup_table(context: Context, params: Params) -> Result:
    table = lookup_tables.get_lookup_table(context, _name(params))
    return {
        "lookupTableArn": _arn(context, table),
        "lookupTableName": table.name,
        "description": table.description,
        "tableBody": table.csv,
        "sizeBytes": table.bytes,
        "lastUpdatedTime": table.updated,
        "kmsKeyId": table.kms_key,
    }


@operation("logs", "DescribeLookupTables", noun=_NOUN)
def describe_lookup_tables(context: Context, params: Params) -> Result:
    found = lookup_tables.list_lookup_tables(context, params.get("lookupTableNamePrefix", ""))
    page, token = tokens.page(
        "DescribeLookupTables",
        params,
        found,
        lambda table: [table.name],
        params.get("maxResults", _PAGE),
    )
    return {
        "lookupTables": [_described(context, table) for table in page],
        "nextToken": token,
    }


@operation("logs", "DeleteLookupTable", noun=_NOUN)
def delete_lookup_table(context: Context, params: Params) -> Result:
    lookup_tables.delete_lookup_table(context, _name(params))
    return None


def _text(params: Params) -> str:
    if "tableBody" not in params:
        raise WireError(
            "InvalidParameterException", "LogQ makes lookup tables of a tableBody only."
        )
    return str(params["tableBody"])


def _name(params: Params) -> str:
    """The table that an ARN or a plain name means."""
    return str(params["lookupTableArn"]).rpartition(":lookup-table:")[2]


def _arn(context: Context, table: LookupTable) -> str:
    return context.place.logs("lookup-table", table.name)


def _described(context: Context, table: LookupTable) -> dict[str, Any]:
    return {
        "lookupTableArn": _arn(context, table),
        "lookupTableName": table.name,
        "description": table.description,
        "tableFields": list(table.columns),
        "recordsCount": table.rows,
        "sizeBytes": table.bytes,
        "lastUpdatedTime": table.updated,
        "kmsKeyId": table.kms_key,
    }
