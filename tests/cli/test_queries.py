"""``logq queries``: saved queries from the command line."""

from __future__ import annotations

from tests.cli.conftest import Program

TEXT = "filter level = {{level}} | stats count(*) as n | limit {{most}}"


def test_a_query_is_saved_listed_shown_run_and_deleted(shop: Program) -> None:
    saved = shop(
        *("queries", "save", "team/errors", TEXT, "-g", "shop/api"),
        *("-p", "level=ERROR", "-p", "most=5"),
    )
    assert (saved.code, saved.err) == (0, "saved the query team/errors\n")
    listed = shop("queries", "list", "-o", "ndjson")
    assert [(row["name"], row["parameters"], row["groups"]) for row in listed.rows] == [
        ("team/errors", ["level", "most"], ["shop/api"])
    ]
    shown = shop("queries", "show", "team/errors")
    assert shown.out == TEXT + "\n"
    assert shown.err == "{{level}}: default ERROR\n{{most}}: default 5\nfor shop/api\n"
    default = shop("queries", "run", "team/errors")
    assert default.rows == [{"n": 2}], default.err
    other = shop("queries", "run", "team/errors", "-p", "level=NOTHING", "-p", "most=1")
    assert other.rows == [{"n": 0}]
    inside = shop("query", "$`team/errors`() | fields n + 1 as m", "-g", "shop/*")
    assert inside.rows == [{"m": 3}]
    assert shop("queries", "delete", "team/errors", "--yes").code == 0
    assert shop("queries", "show", "team/errors").code == 3


def test_a_value_of_a_parameter_is_never_more_than_a_value(shop: Program) -> None:
    shop("queries", "save", "q", TEXT, "-p", "most=5")

    strange = shop("queries", "run", "q", "-g", "shop/api", "-p", 'level=x" | limit 1 #')
    assert strange.rows == [{"n": 0}]
    missing = shop("queries", "run", "q", "-g", "shop/api")
    assert missing.code == 2
    assert "the parameter 'level' of the saved query 'q' has no value" in missing.err
    for wrong in (["-p", "level"], ["-p", "level=1", "-p", "level=2"], ["-p", "a b=1"]):
        assert shop("queries", "run", "q", *wrong).code == 2
    unknown = shop("queries", "save", "q", "limit 1", "-p", "x=1")
    assert unknown.code == 2
    assert "{{x}}" in unknown.err


def test_a_query_comes_from_standard_input_and_replaces_the_one_before(shop: Program) -> None:
    assert shop("queries", "save", "r", "limit 1").code == 0
    assert shop("queries", "save", "r", "-", text="limit 2\n").code == 0

    assert shop("queries", "show", "r").out == "limit 2\n"
    assert shop("queries", "run", "nothing").code == 2


def test_a_query_is_laid_out_or_only_checked(program: Program) -> None:
    done = program("fmt", "fields a,b # why\n|LIMIT 5", data=None)

    assert (done.code, done.out) == (0, "fields a, b  # why\n| limit 5\n")
    assert program("fmt", "-", text=done.out, data=None).out == done.out
    assert program("fmt", "--check", "-", text=done.out, data=None).code == 0
    assert program("fmt", "--check", "LIMIT 5", data=None).code == 1
    wrong = program("fmt", "limit x", data=None)
    assert (wrong.code, "1 | limit x" in wrong.err) == (2, True)
