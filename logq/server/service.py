"""What all routes share: the data directory, who may ask, the workers, the audit."""

from __future__ import annotations

import base64
import binascii
import threading
import uuid
from dataclasses import dataclass, field

from starlette.requests import Request

from logq.access.reason import Reason, refuse
from logq.access.sigv4 import SignedRequest
from logq.actions.context import Caller, Context, Origin, Recorder
from logq.actions.refusal import record_refusal
from logq.app import LogQ
from logq.errors import LogQError, Unauthenticated
from logq.server.figures import Figures
from logq.work.job import Pool
from logq.work.runs import Runs

ALGORITHM = "AWS4-HMAC-SHA256"
_TOKEN_SCHEMES = ("bearer", "splunk", "token")


@dataclass(frozen=True, slots=True)
class Service:
    """One running server."""

    logq: LogQ
    pool: Pool
    recorder: Recorder
    administrator: Caller
    """Who requests act as while the server is open to its own machine only."""
    local: bool = True
    """Whether it listens on a loopback address only."""
    figures: Figures = field(default_factory=Figures)
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the server ends: what never ends by itself, like a tail, ends then."""
    runs: Runs = field(default_factory=Runs)
    """The queries that were started and run on."""

    def context(self, request: Request, body: bytes = b"") -> Context:
        """The context of an action for a request; raises Unauthenticated and Throttled.

        ``body`` is the body as it was received, which signatures cover. Blocks: not for the event
        loop.
        """
        state = request.scope.get("state", {})
        refused = state.get("refused")
        if isinstance(refused, LogQError):
            raise refused
        origin = self._origin(request)
        try:
            caller = self._caller(request, body)
        except Unauthenticated as error:
            record_refusal(
                self.recorder,
                origin,
                error,
                self.logq.clock(),
                method=request.method,
                path=request.url.path,
                authorization=request.headers.get("authorization", ""),
            )
            raise
        return Context(
            self.logq,
            caller,
            origin,
            self.pool,
            self.recorder,
            self.runs,
            self.stopping,
        )

    def open_to_local(self) -> bool:
        """Whether whoever reaches this server is its administrator; ends with the first key."""
        return self.local and self.logq.access.open_to_local()

    def _caller(self, request: Request, body: bytes) -> Caller:
        if self.open_to_local():
            return self.administrator
        given = request.headers.get("authorization", "")
        presigned = b"X-Amz-Signature=" in request.scope["query_string"]
        if given.startswith(ALGORITHM) or (presigned and not given):
            return self.logq.access.by_signature(signed(request, body))
        token = token_of(given)
        if token is None:
            raise refuse(
                Reason.MISSING,
                "the request has no credentials",
                "send 'Authorization: Bearer TOKEN'; 'logq keys create' makes tokens",
            )
        return self.logq.access.by_token(token)

    def _origin(self, request: Request) -> Origin:
        return Origin(
            request_id=request_id(request),
            source_ip=request.client.host if request.client else "",
            user_agent=request.headers.get("user-agent", ""),
            secure=request.url.scheme == "https",
        )


def request_id(request: Request) -> str:
    """The id of a request, the same in its answer, the log and the audit."""
    state = request.scope.setdefault("state", {})
    return str(state.setdefault("request_id", str(uuid.uuid4())))


def signed(request: Request, body: bytes) -> SignedRequest:
    """A request as its signature sees it."""
    scope = request.scope
    raw = scope.get("raw_path") or scope["path"].encode()
    return SignedRequest(
        request.method,
        raw.partition(b"?")[0].decode("latin-1"),
        scope["query_string"].decode("latin-1"),
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        body,
        scope["scheme"] == "https",
    )


def token_of(authorization: str) -> str | None:
    """The token in an ``Authorization`` header: Bearer, Splunk, Token, or a password of Basic."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() in _TOKEN_SCHEMES:
        return rest.strip() or None
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(rest.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        return pair.partition(":")[2] or None
    return None
