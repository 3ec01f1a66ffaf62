"""``logq filters test``: patterns tried on messages from anywhere."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Program


def test_messages_of_the_command_line_are_tried(program: Program) -> None:
    done = program("filters", "test", "[level, ..., code=5*]", "ERROR disk 500", "x", "WARN 503")

    assert done.code == 0
    assert done.rows == [
        {
            "eventNumber": 1,
            "eventMessage": "ERROR disk 500",
            "extractedValues": {"$level": "ERROR", "$2": "disk", "$code": "500"},
        },
        {
            "eventNumber": 3,
            "eventMessage": "WARN 503",
            "extractedValues": {"$level": "WARN", "$code": "503"},
        },
    ]


def test_lines_of_standard_input_are_tried_and_counted(program: Program) -> None:
    lines = "".join(f'{{"n":{n}}}\r\n' for n in range(2500))

    done = program("filters", "test", "{ $.n >= 2498 }", text=lines)

    assert [row["eventNumber"] for row in done.rows] == [2499, 2500]
    assert done.rows[0]["eventMessage"] == '{"n":2498}'
    assert done.rows[0]["extractedValues"] == {"$.n": "2498"}


def test_stored_events_are_tried_newest_first(shop: Program) -> None:
    done = shop("filters", "test", "{ $.ms > 1 }", "-g", "shop/api", "--limit", "2")

    assert [row["extractedValues"] for row in done.rows] == [{"$.ms": "7"}, {"$.ms": "200"}]
    assert [row["eventNumber"] for row in done.rows] == [1, 2]


def test_a_table_is_for_people(program: Program) -> None:
    out = program("filters", "test", "disk", "a disk", "-o", "table").out

    assert "eventNumber" in out
    assert "a disk" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{ $.a == 1 }", "x"], "write '='"),
        (["%(a)%", "x"], "groups"),
        (["x", "x", "-g", "shop/api"], "leave out one"),
        (["x", "-g", "nothing"], "nothing"),
        (["x", "y", "-o", "tabel"], "tabel"),
    ],
)
def test_what_cannot_be_is_told(shop: Program, arguments: list[str], said: str) -> None:
    done = shop("filters", "test", *arguments)

    assert done.code in (2, 3)
    assert done.out == ""
    assert said in done.err


def test_the_help_promises_only_what_is_there(program: Program) -> None:
    text = program("filters", "--help", data=None).out

    assert "test" in text
    assert not any(word in text for word in ("put", "delete", "metric"))
