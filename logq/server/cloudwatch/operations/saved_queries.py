"""Query definitions: saved queries."""

from __future__ import annotations

from typing import Any

from logq.actions import saved_queries
from logq.actions.context import Context
from logq.actions.saved_queries import QueryParameter, SavedQuery
from logq.errors import AlreadyExists
from logq.server.cloudwatch import tokens
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.operation import Params, Result, operation

_PAGE = 1000
_NOUN = "query definition"


@operation("logs", "PutQueryDefinition", noun=_NOUN)
def put_query_definition(context: Context, params: Params) -> Result:
    if params.get("queryLanguage", "CWLI") != "CWLI":
        raise WireError("InvalidParameterException", "LogQ runs queries of the language CWLI only.")
    parameters = [
        QueryParameter(one.get("name", ""), one.get("defaultValue"), one.get("description"))
        for one in params.get("parameters", ())
    ]
    try:
        saved = saved_queries.save_query(
            context,
            params["name"],
            params["queryString"],
            groups=params.get("logGroupNames", ()),
            parameters=parameters,
            id=params.get("queryDefinitionId"),
        )
    except AlreadyExists:
        raise WireError(
            "InvalidParameterException",
            f"A query definition named '{params['name']}' exists: change it by its id.",
        ) from None
    return {"queryDefinitionId": saved.id}


@operation("logs", "DescribeQueryDefinitions", noun=_NOUN)
def describe_query_definitions(context: Context, params: Params) -> Result:
    prefix = params.get("queryDefinitionNamePrefix", "")
    found = saved_queries.list_saved_queries(context, prefix)
    if params.get("queryLanguage", "CWLI") != "CWLI":
        found = ()
    page, token = tokens.page(
        "DescribeQueryDefinitions",
        params,
        found,
        lambda saved: [saved.name],
        params.get("maxResults", _PAGE),
    )
    return {"queryDefinitions": [_described(saved) for saved in page], "nextToken": token}


@operation("logs", "DeleteQueryDefinition", noun=_NOUN)
def delete_query_definition(context: Context, params: Params) -> Result:
    saved_queries.delete_saved_query(context, id=params["queryDefinitionId"])
    return {"success": True}


def _described(saved: SavedQuery) -> dict[str, Any]:
    parameters = [
        {"name": one.name, "defaultValue": one.default, "description": one.description}
        for one in saved.parameters
    ]
    return {
        "queryLanguage": "CWLI",
        "queryDefinitionId": saved.id,
        "name": saved.name,
        "queryString": saved.text,
        "lastModified": saved.updated,
        "logGroupNames": list(saved.groups),
        "parameters": parameters or None,
    }
