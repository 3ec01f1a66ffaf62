"""One LogQ server: requests, and its problems as the errors they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2

from logq import __version__
from logq.errors import (
    InvalidValue,
    LogQError,
    QueryError,
    ServerUnavailable,
    Span,
    Throttled,
)

API = "/api/v1"
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 60.0
_PATIENT = httpx2.Timeout(None, connect=_CONNECT_SECONDS)


class Server:
    """Speaks to a server; close it after use."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        transport: httpx2.BaseTransport | None = None,
        user: str | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidValue(
                f"{url!r} is not the address of a server", hint="write http://HOST:PORT"
            )
        self.url = url.rstrip("/")
        agent = f"logq/{__version__}"
        headers = {"User-Agent": f"{agent} ({user})" if user else agent}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx2.Client(
            base_url=self.url,
            headers=headers,
            timeout=httpx2.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
            follow_redirects=False,  # a token goes to the server it was given for
            trust_env=False,
            transport=transport,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def call(self, method: str, path: str, *, patient: bool = False, **request: Any) -> Any:
        """The JSON that a route answers, None for an empty body; raises LogQError.

        A ``patient`` call may take any time.
        """
        if patient:
            request["timeout"] = _PATIENT
        with self._translated():
            response = self._http.request(method, API + path, **request)
        if response.is_error:
            raise _error(response, self.url)
        return response.json() if response.content else None

    @contextmanager
    def stream(
        self, method: str, path: str, *, patient: bool = False, **request: Any
    ) -> Iterator[httpx2.Response]:
        """A response whose body is read as it comes; a ``patient`` one may take any time."""
        if patient:
            request["timeout"] = _PATIENT
        with (
            self._translated(),
            self._http.stream(method, API + path, **request) as response,
        ):
            if response.is_error:
                response.read()
                raise _error(response, self.url)
            yield response

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx2.TimeoutException:
            raise ServerUnavailable(
                f"{self.url} did not answer in time", hint="is it overloaded? try again"
            ) from None
        except httpx2.ConnectError as error:
            raise ServerUnavailable(
                f"cannot reach {self.url}: {error}",
                hint="is 'logq serve' running there? --server and LOGQ_SERVER name it",
            ) from None
        except httpx2.TransportError as error:
            raise ServerUnavailable(
                f"the connection to {self.url} broke: {error or type(error).__name__}",
                hint="try again",
            ) from None


def segment(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def _error(response: httpx2.Response, url: str) -> LogQError:
    try:
        found = response.json()
    except ValueError:
        found = None
    if not isinstance(found, dict) or "title" not in found:
        return ServerUnavailable(
            f"{url} answered {response.status_code} without saying why",
            hint="is it a LogQ server, of a version that fits this program?",
        )
    return error_of(found, response.headers.get("retry-after"))


def error_of(problem: Mapping[str, Any], retry_after: str | None = None) -> LogQError:
    """The error that a problem document describes."""
    kind = _kinds().get(str(problem.get("code")), LogQError)
    error = kind(str(problem.get("detail") or problem["title"]), hint=problem.get("hint"))
    if isinstance(error, QueryError) and isinstance(problem.get("start"), int):
        error.span = Span(problem["start"], problem["end"])
    if isinstance(error, Throttled) and retry_after and retry_after.isdigit():
        error.retry_after = int(retry_after)
    return error


def _kinds() -> dict[str, type[LogQError]]:
    kinds: dict[str, type[LogQError]] = {}
    waiting: list[type[LogQError]] = [LogQError]
    while waiting:
        kind = waiting.pop()
        kinds[kind.__name__] = kind
        waiting += kind.__subclasses__()
    return kinds
