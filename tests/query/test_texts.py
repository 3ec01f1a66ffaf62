"""For any text, filtering for it finds exactly the events that contain it, in every layout."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.query.engine import Queries
from logq.query.literals import quote, quote_name, quote_regex
from tests.query.layouts import LAYOUTS, engines, lines

ALPHABET = "abAB019 _%*?'\"`\\/|#;-$@{}[]().,:=\t\n\r\0\x1b\x7fäßéЖ中\u2028\u200b\u202e😀"
HOSTILE = (
    "", " ", "'; drop table events; --", "%", "_", "\\", "\\\\", '"', "'", "`", "$$", "{{name}}",
    "a'b\"c`d", "100%", "x_y", "[a-z]+", "(?i)x", "null", "true", "\0", "a\0b", "\x1b[31mred",
    "line\nbreak", "tab\there", "/* comment */", "# no comment", "a|b", "\u202eevil", "ÄÖÜ", "😀😀",
)  # fmt: skip


def texts() -> list[str]:
    """The stored texts: hostile ones, and random ones of few characters, so that they overlap."""
    chance = random.Random(7)
    made = [
        "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(1, 12))) for _ in range(170)
    ]
    return [*HOSTILE, *made]


TEXTS = texts()
NAMES = [*HOSTILE[1:], "a.b", "A", "a-b", "limit", "by", "@x", "@@x", "..", "0", "ä.ö"]
NEEDLES = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from(TEXTS).flatmap(
        lambda t: st.tuples(st.integers(0, len(t)), st.integers(0, len(t))).map(
            lambda ends: t[min(ends) : max(ends)]
        )
    ),
    st.text(st.sampled_from(ALPHABET), max_size=4),
    st.text(max_size=6).filter(lambda t: not re.search("[\ud800-\udfff]", t)),
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Queries]]:
    made = engines(
        tmp_path_factory.mktemp("texts"),
        lines({"i": i, "t": t} for i, t in enumerate(TEXTS)),
    )
    yield made
    for queries in made:
        queries.close()


def found(queries: Queries, condition: str) -> list[int]:
    result = queries.run(f"filter {condition} | fields i", groups=["app"])
    return sorted(row[0] for row in result.rows())


def check(stored: list[Queries], condition: str, wanted: list[int]) -> None:
    for layout, queries in zip(LAYOUTS, stored, strict=True):
        assert found(queries, condition) == wanted, (layout, condition)


@settings(max_examples=25, deadline=None)
@given(needle=NEEDLES)
def test_like_finds_the_events_that_contain_a_text(stored: list[Queries], needle: str) -> None:
    wanted = [i for i, text in enumerate(TEXTS) if needle in text]

    check(stored, f"t like {quote(needle)}", wanted)


@settings(max_examples=20, deadline=None)
@given(needle=NEEDLES)
def test_not_like_finds_all_others(stored: list[Queries], needle: str) -> None:
    wanted = [i for i, text in enumerate(TEXTS) if needle not in text]

    check(stored, f"t not like {quote(needle)}", wanted)


@settings(max_examples=25, deadline=None)
@given(needle=NEEDLES)
def test_equality_and_membership_find_the_events_that_are_a_text(
    stored: list[Queries], needle: str
) -> None:
    wanted = [i for i, text in enumerate(TEXTS) if needle == text]

    check(stored, f"t = {quote(needle)}", wanted)
    check(stored, f"t in [{quote(needle)}, {quote('no such text')}]", wanted)


@settings(max_examples=25, deadline=None)
@given(needle=NEEDLES.filter(lambda t: t != ""))
def test_an_escaped_text_as_a_regular_expression_finds_what_contains_it(
    stored: list[Queries], needle: str
) -> None:
    pattern = "".join(f"\\x{{{ord(c):x}}}" for c in needle)
    wanted = [i for i, text in enumerate(TEXTS) if needle in text]

    check(stored, f"t like {quote_regex(pattern)}", wanted)


@settings(max_examples=20, deadline=None)
@given(needle=NEEDLES.filter(lambda t: t.isprintable() and not set(t) & set('"\\')))
def test_the_whole_message_is_searched_like_any_text(stored: list[Queries], needle: str) -> None:
    messages = lines({"i": i, "t": t} for i, t in enumerate(TEXTS))
    wanted = [i for i, message in enumerate(messages) if needle in message]

    check(stored, f"@message like {quote(needle)}", wanted)


@pytest.mark.parametrize("name", NAMES, ids=[repr(n) for n in NAMES])
def test_any_key_of_an_event_is_a_field_in_backticks(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    field = "@" + name if name.startswith("@") else name
    made = engines(tmp_path_factory.mktemp("names"), lines([{name: 1, "i": 0}, {"i": 1}]))

    for queries in made:
        assert found(queries, f"{quote_name(field)} = 1") == [0]
        queries.close()


@pytest.mark.parametrize("name", NAMES, ids=[repr(n) for n in NAMES])
def test_any_text_is_an_alias_in_backticks(stored: list[Queries], name: str) -> None:
    query = f"fields i as {quote_name(name)} | sort {quote_name(name)} | limit 1"

    result = stored[0].run(query, groups=["app"])

    assert [column.name for column in result.columns] == [name]
    assert list(result.rows()) == [(0,)]
