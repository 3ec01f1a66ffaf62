"""Tokens of pages."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logq.errors import InvalidValue
from logq.server.cloudwatch import tokens


@given(
    names=st.sets(st.text(max_size=5), max_size=30),
    size=st.integers(1, 7),
    descending=st.booleans(),
)
def test_pages_are_the_whole_list_in_order(names: set[str], size: int, descending: bool) -> None:
    params: dict[str, Any] = {"prefix": "a", "limit": size}
    listed: list[str] = []
    while True:
        found, token = tokens.page(
            "List", params, names, lambda name: [name], size, descending=descending
        )
        listed += found
        if token is None:
            break
        assert len(found) == size
        params["nextToken"] = token

    assert listed == sorted(names, reverse=descending)


def test_a_page_goes_on_where_it_ended_although_items_come_and_go() -> None:
    first, token = tokens.page("List", {}, "bdf", lambda name: [name], 2)
    params = {"nextToken": token}

    second, end = tokens.page("List", params, "abefg", lambda name: [name], 5)

    assert (first, second, end) == (["b", "d"], ["e", "f", "g"], None)


def test_the_size_of_a_page_may_change_on_the_way_but_the_filter_may_not() -> None:
    _, token = tokens.page("List", {"limit": 1}, "abc", lambda name: [name], 1)
    assert token is not None

    assert tokens.page("List", {"limit": 2, "nextToken": token}, "abc", lambda n: [n], 1)[0] == [
        "b"
    ]
    for operation, params in (("List", {"prefix": "a"}), ("Other", {})):
        with pytest.raises(InvalidValue, match="nextToken is invalid"):
            tokens.page(operation, params | {"nextToken": token}, "abc", lambda n: [n], 1)


FORGED = tokens.page("List", {}, "abc", lambda name: [name], 2)[1] or ""


@pytest.mark.parametrize(
    "token",
    ["", "x", "é", FORGED[:-4], FORGED + "AAAA", FORGED.swapcase()]
    + [base64.b64encode(b"[" * 100_000).decode()],
)
def test_a_token_that_was_not_given_is_refused(token: str) -> None:
    with pytest.raises(InvalidValue, match="the specified nextToken is invalid"):
        tokens.page("List", {"nextToken": token}, "abc", lambda name: [name], 1)
