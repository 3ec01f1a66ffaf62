"""Signatures of webhooks, checked as a receiver checks them."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from logq.errors import InvalidValue
from logq.notify import signing


def test_the_example_of_the_specification_has_its_signature() -> None:
    """From https://github.com/standard-webhooks/standard-webhooks, the libraries' own test."""
    headers = signing.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert headers["webhook-timestamp"] == "1614265330"


def test_while_secrets_are_rotated_each_of_them_proves_the_message() -> None:
    new, old = signing.new_secret(), signing.new_secret()

    headers = signing.headers("id", 1, b"body", [new, old])

    parts = headers["webhook-signature"].split(" ")
    for secret, part in zip((new, old), parts, strict=True):
        raw = base64.b64decode(secret.removeprefix("whsec_"))
        wanted = base64.b64encode(hmac.digest(raw, b"id.1.body", hashlib.sha256)).decode()
        assert part == f"v1,{wanted}"


def test_without_a_secret_a_message_still_has_its_id() -> None:
    assert signing.headers("id", 1, b"", []) == {"webhook-id": "id", "webhook-timestamp": "1"}


@pytest.mark.parametrize("secret", ["", "abc", "whsec_", "whsec_!!", "whsec_c2hvcnQ="])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(InvalidValue, match="whsec_"):
        signing.key(secret)
