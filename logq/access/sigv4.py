"""Signature Version 4, the server's side: is this request signed by the key that it names?

The rules are those of the AWS General Reference, "Create a signed AWS API request". Everything is
taken as it was received: path and query undecoded, the body before it is decompressed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from urllib.parse import quote

from logq.access.reason import Reason, refuse

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICES = frozenset({"logs", "monitoring", "events", "sns", "sts"})
SKEW = 15 * 60_000
"""Milliseconds that a signature may be older or younger than now."""
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
MUST_BE_SIGNED = ("x-amz-date", "x-amz-target", "x-amzn-query-mode", "x-amz-content-sha256")
"""Besides ``host``: what decides which operation is meant, wherever it is there."""

_CREDENTIAL = re.compile(
    r"([A-Za-z0-9_-]{1,128})/([0-9]{8})/([a-z0-9-]{1,64})/([a-z0-9-]{1,64})/aws4_request"
)
_SIGNED = re.compile(r"[!#$%&'*+.^_`|~a-z0-9-]+(?:;[!#$%&'*+.^_`|~a-z0-9-]+)*")
_MOMENT = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_MOST_DERIVED = 1024


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it was received."""

    method: str
    path: str
    """Undecoded, without the query."""
    query: str = field(repr=False)
    """Undecoded, without the question mark."""
    headers: Sequence[tuple[str, str]] = field(repr=False)
    """Names in any case, bytes of values as Latin-1; in order, repeated ones too."""
    body: bytes = field(repr=False)
    secure: bool = False
    """Whether it came over TLS."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of its signature."""

    key_id: str
    day: str
    region: str
    service: str
    signed: tuple[str, ...]
    signature: str
    moment: str
    """``20261123T225859Z``."""

    @property
    def scope(self) -> str:
        return f"{self.day}/{self.region}/{self.service}/aws4_request"


class Signatures:
    """Checks signatures; keeps the derived keys of the day."""

    def __init__(self, *, unsigned_payload: bool = False) -> None:
        self._unsigned_payload = unsigned_payload
        self._derived: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._lock = Lock()

    def check(
        self, request: SignedRequest, claim: Claim, secret: Callable[[str], str], now: int
    ) -> None:
        """Raise Unauthenticated unless the request is signed with the secret of its key."""
        headers = _headers(request)
        _check_time(claim, now)
        _check_coverage(headers, claim)
        payload = self._payload(request, headers)
        canonical = "\n".join(
            [
                request.method,
                _path(request.path),
                _query(request.query),
                *(f"{name}:{headers[name]}" for name in claim.signed),
                "",
                ";".join(claim.signed),
                payload,
            ]
        )
        hashed = hashlib.sha256(canonical.encode("latin-1", "replace")).hexdigest()
        text = "\n".join([ALGORITHM, claim.moment, claim.scope, hashed])
        expected = hmac.digest(self._key(claim, secret), text.encode(), "sha256").hex()
        if not hmac.compare_digest(expected, claim.signature):
            raise refuse(
                Reason.SIGNATURE,
                "the request signature does not match the one calculated here",
                "check the secret access key; a proxy must leave Host and path as they are",
            )

    def forget(self) -> None:
        """Drop all derived keys."""
        with self._lock:
            self._derived.clear()

    def _key(self, claim: Claim, secret: Callable[[str], str]) -> bytes:
        name = (claim.key_id, claim.day, claim.region, claim.service)
        with self._lock:
            if (key := self._derived.get(name)) is not None:
                self._derived.move_to_end(name)
                return key
        key = f"AWS4{secret(claim.key_id)}".encode()
        for part in (claim.day, claim.region, claim.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        with self._lock:
            self._derived[name] = key
            if len(self._derived) > _MOST_DERIVED:
                self._derived.popitem(last=False)
        return key

    def _payload(self, request: SignedRequest, headers: Mapping[str, str]) -> str:
        stated = headers.get("x-amz-content-sha256")
        if stated == UNSIGNED_PAYLOAD:
            if not (self._unsigned_payload and request.secure):
                raise refuse(
                    Reason.PAYLOAD,
                    "the body of the request is not signed",
                    "sign it; UNSIGNED-PAYLOAD is taken over TLS only, and if the server allows it",
                )
            return stated
        actual = hashlib.sha256(request.body).hexdigest()
        if stated is not None and not hmac.compare_digest(_ascii(stated), _ascii(actual)):
            raise refuse(Reason.PAYLOAD, "the body of the request is not the one that was signed")
        return actual


def read_claim(request: SignedRequest, services: frozenset[str] = SERVICES) -> Claim:
    """What a request says of its signature; raises Unauthenticated."""
    given = [value for name, value in request.headers if name.lower() == "authorization"]
    if not given:
        if re.search(r"(?:^|&)X-Amz-(?:Algorithm|Signature|Credential)=", request.query, re.I):
            raise refuse(
                Reason.PRESIGNED,
                "signatures in the query string are not taken",
                "send the signature in the Authorization header",
            )
        raise refuse(Reason.MISSING, "the request is not signed", "sign it with an access key")
    algorithm, _, rest = given[0].strip().partition(" ")
    if len(given) > 1 or algorithm != ALGORITHM:
        raise refuse(
            Reason.INCOMPLETE, f"the Authorization header must begin with {ALGORITHM}, once"
        )
    parts: dict[str, str] = {}
    for part in rest.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or name in parts:
            raise refuse(Reason.INCOMPLETE, "the Authorization header cannot be read")
        parts[name] = value
    missing = [n for n in ("Credential", "SignedHeaders", "Signature") if not parts.get(n)]
    if missing:
        raise refuse(Reason.INCOMPLETE, f"the Authorization header lacks {' and '.join(missing)}")
    credential = _CREDENTIAL.fullmatch(parts["Credential"])
    if credential is None:
        raise refuse(
            Reason.INCOMPLETE, "Credential must be KEY/YYYYMMDD/REGION/SERVICE/aws4_request"
        )
    if not _SIGNED.fullmatch(parts["SignedHeaders"]):
        raise refuse(Reason.INCOMPLETE, "SignedHeaders must be lower-case names between semicolons")
    if not re.fullmatch(r"[0-9a-f]{64}", parts["Signature"]):
        raise refuse(Reason.INCOMPLETE, "Signature must be 64 hex digits")
    key_id, day, region, service = credential.groups()
    if service not in services:
        raise refuse(
            Reason.SCOPE, f"the request is signed for the service {service!r}",
            f"sign it for {', '.join(sorted(services))}",
        )  # fmt: skip
    signed = tuple(parts["SignedHeaders"].split(";"))
    return Claim(
        key_id, day, region, service, signed, parts["Signature"], _moment(_headers(request))
    )


def _headers(request: SignedRequest) -> dict[str, str]:
    """Canonical values by lower-case name; raises Unauthenticated for ambiguous ones."""
    found: dict[str, str] = {}
    for name, value in request.headers:
        lower = name.lower()
        tidy = re.sub(r"[ \t]+", " ", value.strip(" \t"))
        if lower in found and lower in ("host", "date", *MUST_BE_SIGNED):
            raise refuse(Reason.INCOMPLETE, f"the header {lower} is there twice")
        found[lower] = f"{found[lower]},{tidy}" if lower in found else tidy
    return found


def _moment(headers: Mapping[str, str]) -> str:
    text = headers.get("x-amz-date")
    if text is None and "date" in headers:
        text = headers["date"]
        if not _MOMENT.fullmatch(text):
            try:
                text = parsedate_to_datetime(text).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
            except (ValueError, OverflowError):
                text = ""
    if text is None or not _MOMENT.fullmatch(text):
        raise refuse(Reason.INCOMPLETE, "X-Amz-Date must be a time such as 20261123T225859Z")
    return text


def _check_time(claim: Claim, now: int) -> None:
    try:
        signed_at = datetime.strptime(claim.moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise refuse(Reason.INCOMPLETE, f"{claim.moment} is no time") from None
    if not claim.moment.startswith(claim.day):
        raise refuse(Reason.SCOPE, "the date in Credential is not that of X-Amz-Date")
    if abs(signed_at.timestamp() * 1000 - now) > SKEW:
        raise refuse(
            Reason.REQUEST_EXPIRED,
            f"the request was signed at {claim.moment}, over {SKEW // 60_000} minutes from now",
            "check the clocks of both machines",
        )


def _check_coverage(headers: Mapping[str, str], claim: Claim) -> None:
    for name in claim.signed:
        if name not in headers:
            raise refuse(Reason.SIGNATURE, f"the signed header {name} is not in the request")
    date = () if "x-amz-date" in headers else ("date",)
    there = [name for name in MUST_BE_SIGNED if name in headers]
    for name in ("host", *date, *there):
        if name not in claim.signed:
            raise refuse(Reason.UNSIGNED, f"the header {name} must be signed")


def _path(path: str) -> str:
    """Without dot segments and doubled slashes, each segment encoded once more."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    tail = "/" if kept and path.endswith("/") else ""
    return quote(f"/{'/'.join(kept)}{tail}".encode("latin-1", "replace"), safe="/~")


def _query(query: str) -> str:
    pairs = sorted(part.partition("=")[::2] for part in query.split("&")) if query else []
    return "&".join(f"{name}={value}" for name, value in pairs)


def _ascii(text: str) -> bytes:
    return text.encode("utf-8", "replace")
