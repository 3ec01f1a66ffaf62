"""Actions on log groups, their tags, filters and what else people define."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from logq.actions.context import Context, Origin
from logq.actions.groups import (
    create_log_group,
    delete_log_group,
    describe_log_groups,
    put_deletion_protection,
)
from logq.actions.lookup_tables import create_lookup_table, get_lookup_table, update_lookup_table
from logq.actions.metric_filters import put_metric_filter
from logq.actions.saved_queries import delete_saved_query, list_saved_queries, save_query
from logq.actions.tags import list_tags, tag_log_group, untag_log_group
from logq.app import LogQ
from logq.errors import (
    AlreadyExists,
    InvalidPattern,
    InvalidValue,
    NotFound,
    Protected,
    TooManyTags,
)
from logq.metrics.filter import MetricFilter
from tests.actions.test_actions import NOW, Calls, NoPool, Only


@pytest.fixture
def logq(tmp_path: Path) -> Iterator[LogQ]:
    with LogQ(tmp_path / "data", clock=lambda: NOW, environ={}) as opened:
        yield opened


@pytest.fixture
def context(logq: LogQ) -> Context:
    return Context(logq, Only(""), Origin("r1", "127.0.0.1", "test"), NoPool(), Calls())


def test_a_protected_log_group_stays_until_it_is_not(context: Context) -> None:
    create_log_group(context, "app", protected=True)

    with pytest.raises(Protected):
        delete_log_group(context, "app")
    put_deletion_protection(context, "app", False)
    delete_log_group(context, "app")

    assert describe_log_groups(context) == ()


def test_the_log_group_of_the_audit_is_not_deleted(context: Context) -> None:
    context.logq.storage.groups.create("/logq/audit")

    with pytest.raises(InvalidValue, match="belongs to LogQ itself"):
        delete_log_group(context, "/logq/audit")


def test_tags_add_up_to_fifty(context: Context) -> None:
    create_log_group(context, "app", tags={"a": "1", "b": "2"})

    tag_log_group(context, "app", {"b": "3", "c": "4"})
    untag_log_group(context, "app", ["a", "unknown"])

    assert list_tags(context, "app") == {"b": "3", "c": "4"}
    with pytest.raises(TooManyTags):
        tag_log_group(context, "app", {f"k{n}": "" for n in range(49)})
    assert len(list_tags(context, "app")) == 2


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (MetricFilter("{ $.a", "n", "m"), InvalidPattern),
        (MetricFilter("", "n", "m", value="many"), InvalidValue),
        (MetricFilter("ERROR", "n", "m", dimensions={"a": "$.b"}), InvalidValue),
        (MetricFilter("{ $.a = * }", "n", "m", default=0, dimensions={"a": "$.a"}), InvalidValue),
        (
            MetricFilter("{ $.a = * }", "n", "m", dimensions={str(n): "$.a" for n in range(4)}),
            InvalidValue,
        ),
    ],
)
def test_a_metric_filter_that_cannot_work_is_refused(
    context: Context, wrong: MetricFilter, error: type[Exception]
) -> None:
    create_log_group(context, "app")

    with pytest.raises(error):
        put_metric_filter(context, "app", "f", wrong)


def test_a_saved_query_keeps_its_id_through_changes_of_name_and_text(context: Context) -> None:
    first = save_query(context, "a/one", "fields @message", groups=["app"])
    save_query(context, "a/two", "limit 1")

    renamed = save_query(context, "a/three", "limit 3", id=first.id)

    assert (renamed.id, renamed.groups) == (first.id, ())
    assert [q.name for q in list_saved_queries(context, "a/")] == ["a/three", "a/two"]
    with pytest.raises(AlreadyExists):
        save_query(context, "a/two", "limit 4", id=first.id)
    with pytest.raises(AlreadyExists):
        save_query(context, "a/two", "limit 4")
    assert save_query(context, "a/two", "limit 5", replace=True).text == "limit 5"
    delete_saved_query(context, id=first.id)
    delete_saved_query(context, name="a/two")
    with pytest.raises(NotFound):
        delete_saved_query(context, id=first.id)


def test_a_lookup_table_counts_its_rows_and_names_its_columns(context: Context) -> None:
    create_lookup_table(context, "users", 'id,name\n1,"A, B"\n2,C\n', description="who")

    table = update_lookup_table(context, "users", "id,name,age\r\n1,x,3\r\n")

    assert (table.columns, table.rows, table.description) == (("id", "name", "age"), 1, "who")
    assert get_lookup_table(context, "users").csv == "id,name,age\r\n1,x,3\r\n"


@pytest.mark.parametrize("text", ["", "a,a\n1,2\n", "a,b\n1\n", 'a\n"x', ",b\n1,2\n"])
def test_a_table_that_is_no_csv_is_refused(context: Context, text: str) -> None:
    with pytest.raises(InvalidValue):
        create_lookup_table(context, "t", text)
