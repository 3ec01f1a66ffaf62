"""Requests as AWS SDKs sign them: botocore is the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from logq.access.sigv4 import SignedRequest

NOW = 1_795_474_800_000  # 2026-11-23T23:00:00Z
KEY, SECRET = "LQIAEXAMPLE234567ABC", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12345"


def signed(
    body: bytes = b"{}",
    *,
    url: str = "http://127.0.0.1:5080/",
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    service: str = "logs",
    region: str = "us-east-1",
    key: str = KEY,
    secret: str = SECRET,
    at: int = NOW,
    **options: Any,
) -> SignedRequest:
    """A request that botocore signed at a time in epoch milliseconds."""
    request = AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))
    moment = datetime.fromtimestamp(at / 1000, UTC)
    with patch("botocore.auth.get_current_datetime", lambda **_: moment.replace(tzinfo=None)):
        SigV4Auth(Credentials(key, secret), service, region).add_auth(request)
    parts = urlsplit(url)
    given = [(name, str(value)) for name, value in request.headers.items()]
    return SignedRequest(
        method, parts.path or "/", parts.query, [("Host", parts.netloc), *given], body, **options
    )
