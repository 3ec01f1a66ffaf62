"""JSON bodies hold whole characters."""

from __future__ import annotations

import json
import re

from starlette.requests import Request

from logq.errors import InvalidValue

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


async def check_texts(request: Request) -> None:
    """Raise InvalidValue for a JSON body with half a character in it.

    ``\\ud800`` alone is JSON, but no text: nothing behind the routes could store or print it.
    """
    if "json" not in request.headers.get("content-type", ""):
        return
    body = await request.body()
    try:
        body.decode()
        if _HALF.search(body):
            json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeError:
        raise InvalidValue(
            "the body is not UTF-8, or has half of a surrogate pair",
            hint="write characters outside of the basic plane as they are, or as both halves",
        ) from None
    except (ValueError, RecursionError):
        return  # no JSON, which the route says better
