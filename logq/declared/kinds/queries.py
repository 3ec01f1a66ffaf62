"""Saved queries, lookup tables and policies."""

from __future__ import annotations

from collections.abc import Mapping

from logq.actions import lookup_tables, policies, saved_queries
from logq.actions.context import Context
from logq.actions.saved_queries import QueryParameter
from logq.declared.kind import Body, Field, Key, Kind, canonical, register
from logq.errors import InvalidValue


def _queries(context: Context) -> Mapping[Key, Body]:
    return {
        (one.name,): {
            "query": one.text,
            "groups": list(one.groups),
            "parameters": [_parameter(each) for each in one.parameters],
        }
        for one in saved_queries.list_saved_queries(context)
    }


def _parameter(parameter: QueryParameter) -> Mapping[str, object]:
    return {
        "name": parameter.name,
        "default": parameter.default,
        "description": parameter.description,
    }


def _normal_query(context: Context, body: Body) -> Body:
    parameters = []
    for given in body["parameters"]:
        known = {"name", "default", "description"}
        if not isinstance(given, dict) or not isinstance(given.get("name"), str):
            raise InvalidValue("a parameter of a saved query is an object with a name")
        if unknown := sorted(given.keys() - known):
            raise InvalidValue(f"a parameter of a saved query has no {unknown[0]}")
        parameters.append({name: given.get(name) for name in ("name", "default", "description")})
    return {**body, "parameters": parameters}


def _put_query(context: Context, key: Key, body: Body, before: Body | None) -> None:
    saved_queries.save_query(
        context,
        key[0],
        body["query"],
        groups=body["groups"],
        parameters=[QueryParameter(**each) for each in body["parameters"]],
        replace=True,
    )


def _delete_query(context: Context, key: Key) -> None:
    saved_queries.delete_saved_query(context, name=key[0])


def _tables(context: Context) -> Mapping[Key, Body]:
    found = lookup_tables.list_lookup_tables(context)
    return {
        (one.name,): {
            "csv": lookup_tables.get_lookup_table(context, one.name).csv,
            "description": one.description,
        }
        for one in found
    }


def _put_table(context: Context, key: Key, body: Body, before: Body | None) -> None:
    lookup_tables.put_lookup_table(context, key[0], body["csv"], description=body["description"])


def _delete_table(context: Context, key: Key) -> None:
    lookup_tables.delete_lookup_table(context, key[0])


def _policies(context: Context) -> Mapping[Key, Body]:
    return {
        (one.name,): {"document": canonical(dict(one.document))}
        for one in policies.list_policies(context)
        if not one.builtin
    }


def _put_policy(context: Context, key: Key, body: Body, before: Body | None) -> None:
    policies.put_policy(context, key[0], body["document"])


def _delete_policy(context: Context, key: Key) -> None:
    policies.delete_policy(context, key[0])


register(
    Kind(
        "saved query",
        "queries",
        3,
        (
            Field("query", "text", needed=True),
            Field("groups", "texts", []),
            Field("parameters", "list", [], summary="objects with name, default, description"),
        ),
        _queries,
        _put_query,
        _delete_query,
        normal=_normal_query,
    )
)
register(
    Kind(
        "lookup table",
        "tables",
        3,
        (Field("csv", "text", needed=True), Field("description", "text")),
        _tables,
        _put_table,
        _delete_table,
    )
)
register(
    Kind(
        "policy",
        "policies",
        3,
        (Field("document", "json", needed=True, summary="as an object, or as JSON"),),
        _policies,
        _put_policy,
        _delete_policy,
    )
)
