"""One JSON object, or an array of them."""

from __future__ import annotations

from logq.errors import InvalidValue
from logq.ingest.gathering import Gathering
from logq.ingest.intake import Decoded, Example, Intake, Sent, register
from logq.ingest.intakes.bulk import NO_OBJECT
from logq.ingest.spans import NotJson, Value, elements, skip_space, value_at


@register
class JsonBody(Intake):
    """A JSON object is one event, an array of objects one event each. An element that is no object
    is reported and left out."""

    name = "json"
    title = "JSON"
    paths = ("/ingest/json",)
    senders = "scripts, Fluent Bit http, Vector http, webhooks, CloudWatch's JSON endpoint"
    group = "ingest"
    stream = "the sender's address"
    examples = (
        Example(
            "/ingest/json?logGroup=shop/checkout&logStream=web-1",
            '[{"time":"2026-01-05T10:00:00Z","msg":"paid"},{"msg":"sent"}]',
            events={"shop/checkout": 2},
        ),
        Example("/ingest/json", '{"msg":"hello"}', events={"ingest": 1}),
    )

    def decode(self, sent: Sent) -> Decoded:
        text = body_text(sent.body)
        start = skip_space(text, 0)
        gathering = Gathering("json", sent.max_bytes)
        group, stream = sent.group_or("ingest"), sent.stream_or(sent.sender)
        try:
            for value in _values(text, start):
                if value.text.startswith("{"):
                    gathering.add(group, stream, value.text, None)
                else:
                    gathering.reject(NO_OBJECT)
        except NotJson as error:
            raise unreadable(error) from None
        return gathering.decoded()


def body_text(body: bytes) -> str:
    """A body as text; bytes that are not UTF-8 become U+FFFD. Raises InvalidValue if empty."""
    text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    if not text.strip(" \t\r\n"):
        raise InvalidValue("the body is empty", hint="send JSON")
    return text


def unreadable(error: NotJson) -> InvalidValue:
    """The error of a body that is not JSON."""
    return InvalidValue(
        f"the body is {error}", hint="nothing of it was stored; send it again as valid JSON"
    )


def _values(text: str, start: int) -> list[Value]:
    if text.startswith("[", start):
        values, end = elements(text, start)
    else:
        value, end = value_at(text, start)
        values = [value]
    end = skip_space(text, end)
    if end < len(text):
        raise NotJson(end)
    return values
