"""``logq tables``: lookup tables from CSV files, and queries that use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Program

CSV = 'level,meaning\nERROR,"bad, very"\nINFO,fine\n'


def test_a_table_is_put_listed_shown_used_and_deleted(shop: Program, tmp_path: Path) -> None:
    (tmp_path / "levels.csv").write_text("\ufeff" + CSV, encoding="utf-8")

    put = shop("tables", "put", "levels", "levels.csv")
    assert (put.code, put.err) == (0, "stored the table levels: 2 rows, 2 columns\n")
    listed = shop("tables", "list", "-o", "ndjson")
    assert [(row["name"], row["columns"], row["rows"]) for row in listed.rows] == [
        ("levels", ["level", "meaning"], 2)
    ]
    assert shop("tables", "show", "levels").out == CSV
    query = "lookup levels level OUTPUT meaning | stats count(*) as n by meaning | sort n"
    found = shop("query", query, "-g", "shop/api")
    assert found.rows == [{"meaning": "fine", "n": 1}, {"meaning": "bad, very", "n": 2}]
    assert shop("tables", "delete", "levels", "--yes").code == 0
    assert shop("tables", "show", "levels").code == 3


def test_a_table_is_read_from_standard_input_and_replaces_the_one_before(shop: Program) -> None:
    assert shop("tables", "put", "t", "-", text="a\n1\n").code == 0
    assert shop("tables", "put", "t", "-", text="a,b\n1,2\n3,4\n").code == 0

    assert shop("tables", "show", "t").out == "a,b\n1,2\n3,4\n"


@pytest.mark.parametrize(
    ("csv", "told"),
    [
        ("a,a\n1,2\n", "does not name its columns"),
        ("a,b\n1\n", "line 2 of the table has 1 values"),
        ("", "does not name its columns"),
    ],
)
def test_what_is_no_table_is_told(shop: Program, csv: str, told: str) -> None:
    done = shop("tables", "put", "t", "-", text=csv)

    assert done.code == 2
    assert told in done.err
