"""``filterIndex``: events of a value, in the log groups whose policy indexes the field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logq import model
from logq.errors import WrongArguments
from logq.query import nodes
from logq.query.build import (
    FALSE,
    Sql,
    all_of,
    any_of,
    column,
    eq,
    operate,
    text,
    timestamp,
)
from logq.query.command import Command, command
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.nodes import Expr, Field
from logq.query.sql import condition
from logq.query.system_fields import LOG

KIND = "index_policy"
DEFAULT = frozenset(
    {model.LOG_STREAM, "@aws.region", "@aws.account", "@source.log", "@data_source_name"}
    | {"@data_source_type", "@data_format", "traceId", "severityText", "attributes.session.id"}
)
"""Fields that are indexed in every log group, from its beginning."""


@command("filterindex")
@dataclass(frozen=True)
class Filterindex(Command):
    """Keep the events with these values, of the log groups that index the fields.

    Log groups without an index policy that names the fields are skipped altogether, and of the
    others only events count that came in after the field was named. ``filter`` finds all.
    """

    syntax = "filterIndex FIELD = VALUE | FIELD in [VALUE, ...] [and ...]"
    examples = (
        'fields @timestamp, @message | filterIndex request_id in ["a-1", "a-2"] | limit 20',
        'filterIndex http.method = "GET" and traceId = "1-5f84c7a1"',
    )

    all_of: tuple[Expr, ...]

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        conditions: list[Expr] = []
        for tree in trees(stage, "index_condition"):
            field = expr.name(tokens(tree, "FIELD")[0])
            for value in trees(tree):
                meant = expr(value)
                if isinstance(meant, nodes.ListLiteral):
                    conditions.append(nodes.In(field, meant, span=field.span))
                else:
                    conditions.append(nodes.Compare("=", field, meant, span=field.span))
        return {"all_of": tuple(conditions)}

    @property
    def filters(self) -> bool:
        return True

    def conditions(self) -> tuple[Expr, ...]:
        return self.all_of

    def name_before(self, name: str) -> str | None:
        return name

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that must be indexed."""
        nodes_of = (node for part in self.all_of for node in nodes.walk(part))
        return tuple(node.name for node in nodes_of if isinstance(node, Field))

    def apply(self, step: Step) -> Step:
        if step.scope.source is None:
            raise WrongArguments(
                "filterIndex looks at events, and there are none behind stats and the like",
                hint="move it in front, or write filter",
            )
        since = indexed(step, self.fields)
        skipped = [name for name in step.source.snapshot.groups if name not in since]
        for name in skipped:
            step.env.warnings.append(
                f"log group {name!r} is skipped: its index policy does not name "
                + " and ".join(f"'{field}'" for field in self.fields)
            )
        log = step.scope.source.field(LOG, whole=False)
        came = step.scope.source.field(model.INGESTION_TIME, whole=False)
        assert log is not None and came is not None
        tests: list[Sql] = [
            all_of(
                eq(column(log.ident), text(name)),
                operate(">=", column(came.ident), timestamp(start)),
            )
            for name, start in since.items()
        ]
        known = any_of(*tests) if tests else FALSE.copy()
        if all(one.filters or one.keeps_rows for one in step.done):
            step.env.others.only(step, frozenset(since))
        wanted = (condition(part, step.env) for part in self.all_of)
        return step.where(self.name, all_of(*wanted, known))


def indexed(step: Step, fields: tuple[str, ...]) -> Mapping[str, int]:
    """The log groups that index all of the fields, and since when (epoch ms)."""
    found = {}
    for name in step.source.snapshot.groups:
        policy = step.env.others.defined(KIND, name) or {}
        since = policy.get("since") or dict.fromkeys(policy.get("fields", ()), 0)
        if all(field in DEFAULT or field in since for field in fields):
            found[name] = max((since[field] for field in fields if field not in DEFAULT), default=0)
    return found
