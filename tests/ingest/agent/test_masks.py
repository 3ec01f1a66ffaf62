"""Masks by name."""

from __future__ import annotations

import pyarrow as pa
import pytest

from logq.errors import InvalidValue
from logq.ingest.masks import MASKS, is_card, mask_named


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("email", "from a.b+c@mail.example.org to", "from <email> to"),
        ("email", "a@b is none", "a@b is none"),
        ("card", "paid with 4111 1111 1111 1111.", "paid with <card>."),
        ("card", "paid with 4111-1111-1111-1111", "paid with <card>"),
        ("card", "order 4111111111111112", "order 4111111111111112"),
        ("card", "n=378282246310005 m=1234567890123", "n=<card> m=1234567890123"),
        ("ipv4", "from 10.0.0.255:80", "from <ipv4>:80"),
        ("ipv4", "version 1.2.3.999", "version 1.2.3.999"),
        ("jwt", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln_-x;", "Bearer <jwt>;"),
        ("aws_key", "key AKIAIOSFODNN7EXAMPLE.", "key <aws_key>."),
    ],
)
def test_masks_hide_what_they_are_named_after(name: str, text: str, expected: str) -> None:
    assert mask_named(name).apply(pa.array([text, "none"])).to_pylist() == [expected, "none"]


def test_masks_pass_over_missing_texts() -> None:
    for mask in MASKS.values():
        assert mask.apply(pa.array([None], pa.string())).to_pylist() == [None]


def test_an_unknown_mask_is_answered_with_a_suggestion() -> None:
    with pytest.raises(InvalidValue) as caught:
        mask_named("emails")
    assert caught.value.hint == "did you mean 'email'?"


def test_the_check_digit_decides() -> None:
    assert is_card("4111 1111 1111 1111")
    assert not is_card("4111 1111 1111 1112")
