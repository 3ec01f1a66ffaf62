"""What each notifier sends: golden payloads, and published limits whatever the notification holds.

``LOGQ_GOLDEN=write`` writes the golden files anew.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logq.errors import InvalidValue
from logq.notification import (
    Contributor,
    Datapoint,
    LogLine,
    Notification,
    Subject,
    Trigger,
)
from logq.notify.message import Change, Message, Receiver
from logq.notify.notifier import Line, Notifier, Words, notifiers
from logq.notify.transport import Request
from tests.notify.made import ARN, NOW

GOLDEN = Path(__file__).parent / "golden"
URLS = {
    "discord": "https://discord.com/api/webhooks/1/token?thread_id=7",
    "gchat": "https://chat.googleapis.com/v1/spaces/S/messages?key=k&token=t",
    "log-group": "/ops/told",
    "apprise": "json://localhost",
}
HOSTILE = "<!channel> @everyone <@U1> ```end``` [x](http://evil.example) *b* & \x1b[31m \u202e"
SAMPLE = Notification(
    "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "alarm",
    "ALARM",
    "OK",
    "Threshold Crossed: 2 out of the last 3 datapoints were greater than the threshold (5.0).",
    Subject("checkout errors", ARN + "checkout errors", f"Runbook. {HOSTILE}", {"team": "web"}),
    NOW,
    started_at=NOW,
    trigger=Trigger(
        "metric", {"namespace": "App", "name": "errors", "statistic": "Sum"}, None, None, 5.0, ">",
        60, 2, 3,
    ),
    datapoints=(Datapoint(NOW, 7.0), Datapoint(NOW - 60_000, None)),
    contributors=(Contributor({"host": "web-1"}, 6.0),),
    log_lines=tuple(LogLine(NOW + n, "/app", "s", f"ERROR {n} {HOSTILE}") for n in range(7)),
    links={
        "alarm": "https://logq.example.com/#/alarms/checkout%20errors",
        "query": "https://logq.example.com/#/query?q=x",
        "mute_1h": "https://logq.example.com/#/alarms/checkout%20errors?mute=1h",
    },
    message='{"AlarmName":"checkout errors"}',
)  # fmt: skip
MESSAGE = Message(SAMPLE, 17, (Change("ALARM", NOW - 600_000), Change("OK", NOW - 300_000)))


def receiver(notifier: Notifier) -> Receiver:
    topic = "arn:aws:sns:us-east-1:000000000000:ops"
    url = URLS.get(notifier.name, f"https://{notifier.name}.example.com/hook/secret")
    secrets = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",) if notifier.signs else ()
    links = {"confirm": "https://logq.example.com/?Action=ConfirmSubscription"}
    return Receiver(topic, f"{topic}:1", url, secrets, False, NOW // 1000, "token", links)


def sent(notifier: Notifier, message: Message) -> dict[str, Any]:
    """What is sent, as JSON."""
    made = notifier.render(message, receiver(notifier))
    if isinstance(made, Line):
        return {"group": made.group, "text": json.loads(made.text)}
    if isinstance(made, Words):
        return {"title": made.title, "body": made.body, "kind": made.kind}
    assert isinstance(made, Request)
    return {
        "method": made.method,
        "url": made.url,
        "headers": dict(made.headers),
        "body": json.loads(made.body),
    }


each = pytest.mark.parametrize("notifier", notifiers().values(), ids=notifiers().keys())


@each
def test_a_notifier_sends_its_golden_payload(notifier: Notifier) -> None:
    path = GOLDEN / f"{notifier.name}.json"
    text = json.dumps(sent(notifier, MESSAGE), indent=2, ensure_ascii=True) + "\n"
    if os.environ.get("LOGQ_GOLDEN") == "write":
        path.write_text(text)

    assert text == path.read_text()


@each
def test_a_notifier_is_documented(notifier: Notifier) -> None:
    assert notifier.summary.endswith(".")
    assert notifier.title
    assert notifier.example
    assert notifier.limit
    assert notifier.per_second > 0


@each
def test_a_notifier_tells_every_kind_of_notification(notifier: Notifier) -> None:
    for kind in ("alarm", "message", "test", "event", "confirmation"):
        assert sent(notifier, Message(replace(SAMPLE, kind=kind)))


# ---- limits

texts = st.one_of(
    st.text(max_size=60),
    st.builds(
        lambda text, times: text * times,
        st.sampled_from(["a", "&", "<", "`", "\\", "*", "\U0001f525", "\ud800", "\n", "@here ",
                         "\0", "é", "```", "_~|>#[](){}", "<!channel>"]),
        st.integers(1, 10_000),
    ),
)  # fmt: skip
names = st.text(min_size=1, max_size=255)
moments = st.integers(NOW - 10**9, NOW + 10**9)
values = st.one_of(st.none(), st.floats())
notifications = st.builds(
    Notification,
    id=st.uuids().map(str),
    kind=st.sampled_from(["alarm", "message", "test"]),
    status=st.sampled_from(["ALARM", "OK", "INSUFFICIENT_DATA"]),
    previous=st.sampled_from(["ALARM", "OK", ""]),
    reason=texts,
    subject=st.builds(
        Subject, names, names.map(lambda name: ARN + name), texts,
        st.dictionaries(st.text(max_size=128), st.text(max_size=256), max_size=5),
    ),
    changed_at=moments,
    trigger=st.one_of(
        st.none(),
        st.builds(
            Trigger, st.sampled_from(["metric", "log", "composite"]), st.none(), texts, texts,
            values, st.sampled_from([">", "<="]),
        ),
    ),
    datapoints=st.lists(st.builds(Datapoint, moments, values), max_size=12).map(tuple),
    contributors=st.lists(
        st.builds(Contributor, st.dictionaries(st.text(max_size=20), texts, max_size=2), values),
        max_size=12,
    ).map(tuple),
    log_lines=st.lists(
        st.builds(LogLine, moments, names, names, texts), max_size=8
    ).map(tuple),
    links=st.just(SAMPLE.links),
    message=texts,
)  # fmt: skip
messages = st.builds(
    Message,
    notifications,
    st.integers(0, 10**6),
    st.lists(st.builds(Change, st.just("OK"), moments), max_size=30).map(tuple),
    st.lists(notifications, max_size=3).map(tuple),
)


def units(text: str) -> int:
    """As JavaScript counts characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_slack(body: dict[str, Any]) -> None:
    [attachment] = body["attachments"]
    blocks = attachment["blocks"]
    assert len(blocks) <= 50
    shown = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    assert all(0 < len(text) <= 3000 for text in shown)
    assert sum(map(len, shown)) <= 9000
    said = body["text"] + "".join(shown)
    assert not re.search(r"<[!@#]", said)
    assert not re.search(r"&(?!amp;|lt;|gt;)", said)


def check_discord(body: dict[str, Any]) -> None:
    [embed] = body["embeds"]
    assert 0 < units(embed["title"]) <= 256
    assert 0 < units(embed["description"]) <= 4096
    assert units(embed["title"]) + units(embed["description"]) <= 6000
    assert body["allowed_mentions"] == {"parse": []}
    assert "@everyone" not in embed["description"]
    assert "@here" not in embed["description"]


def check_teams(body: dict[str, Any]) -> None:
    assert len(json.dumps(body)) <= 28_672
    [attachment] = body["attachments"]
    assert attachment["content"]["type"] == "AdaptiveCard"


def check_gchat(body: dict[str, Any]) -> None:
    assert len(json.dumps(body)) <= 32_000 + len(json.dumps(body)) - len(
        json.dumps(body, separators=(",", ":"))
    )
    assert "<users/" not in json.dumps(body)


def check_mattermost(body: dict[str, Any]) -> None:
    text = body["attachments"][0]["text"]
    assert len(text) <= 16_383
    assert not re.search(r"@(?:channel|here|all)", text)


CHECKS = {
    "slack": check_slack,
    "discord": check_discord,
    "teams": check_teams,
    "gchat": check_gchat,
    "mattermost": check_mattermost,
}


@each
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(message=messages)
def test_nothing_makes_a_message_too_long_or_calls_anybody(
    notifier: Notifier, message: Message
) -> None:
    made = notifier.render(message, receiver(notifier))

    if isinstance(made, Request):
        assert len(made.body) <= 1_000_000
        if notifier.name in CHECKS:
            CHECKS[notifier.name](json.loads(made.body))
        said = made.body.decode("ascii")
    else:
        said = made.text if isinstance(made, Line) else f"{made.title}\n{made.body}"
        assert len(said) <= 250_000
    assert "/#/alarms/checkout%20errors" in said or notifier.name == "sns-http"
    if message.notification.kind == "alarm":
        assert message.notification.status in said.replace("\\\\", "")  # escaped in Markdown


@pytest.mark.parametrize("name", ["slack", "teams", "discord", "gchat", "mattermost", "apprise"])
def test_a_cut_message_says_how_much_is_left_out_and_keeps_title_and_links(name: str) -> None:
    long = replace(
        SAMPLE,
        subject=replace(SAMPLE.subject, description="d" * 50_000),
        log_lines=tuple(replace(SAMPLE.log_lines[0], message="x" * 3000) for _ in range(40)),
    )

    made = notifiers()[name].render(Message(long), receiver(notifiers()[name]))

    said = made.body.decode("ascii") if isinstance(made, Request) else str(made)
    said = said.replace("\\\\", "")
    assert "ALARM: checkout errors" in said
    assert "Open alarm" in said
    assert re.search(r"Left out for length: \d+ log lines,[^.]* [\d,]+ characters", said)


def test_many_notifications_stand_in_one_message_each_with_its_name() -> None:
    others = tuple(replace(SAMPLE, subject=Subject(f"other-{n:02d}", ARN)) for n in range(19))
    for name in CHECKS:
        body = json.dumps(sent(notifiers()[name], Message(SAMPLE, others=others)))
        assert [n for n in range(19) if f"{n:02d}" not in body] == []


def test_a_retired_connector_of_teams_is_explained() -> None:
    for name in ("teams", "webhook"):
        with pytest.raises(InvalidValue, match="retired") as caught:
            notifiers()[name].check("https://acme.webhook.office.com/webhookb2/x/IncomingWebhook/y")
        assert "workflow" in (caught.value.hint or "")


def test_the_address_of_a_workflow_is_not_written_anew() -> None:
    url = "https://prod.logic.azure.com:443/workflows/x/run?sp=%2Ftriggers%2F&sig=a-b_c%3D"
    made = notifiers()["teams"].render(MESSAGE, replace(receiver(notifiers()["teams"]), url=url))

    assert isinstance(made, Request)
    assert made.url == url


def test_discord_is_asked_to_tell_what_goes_wrong() -> None:
    made = notifiers()["discord"].render(MESSAGE, receiver(notifiers()["discord"]))

    assert isinstance(made, Request)
    assert made.url.endswith("?thread_id=7&wait=true")


def test_sns_receivers_get_a_confirmation_an_envelope_or_the_message_alone() -> None:
    kind = notifiers()["sns-http"]
    to = receiver(kind)

    asked = kind.render(Message(replace(SAMPLE, kind="confirmation")), to)
    whole = kind.render(MESSAGE, to)
    raw = kind.render(MESSAGE, replace(to, raw=True))

    assert isinstance(asked, Request)
    assert isinstance(whole, Request)
    assert isinstance(raw, Request)
    assert json.loads(asked.body)["Token"] == "token"
    assert asked.headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    envelope = json.loads(whole.body)
    assert envelope["Subject"] == 'ALARM: "checkout errors" in us-east-1'
    assert json.loads(envelope["Message"]) == {"AlarmName": "checkout errors"}
    assert raw.body == b'{"AlarmName":"checkout errors"}'
    assert raw.headers["x-amz-sns-rawdelivery"] == "true"


@pytest.mark.parametrize("url", ["syslog://", "dbus://", "nonsense", "x://y", "macosx://"])
def test_what_is_no_service_of_apprise_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="Apprise"):
        notifiers()["apprise"].check(url)


@pytest.mark.parametrize("group", ["", "/logq/audit", "a*", "arn:aws:sns:x:y:z"])
def test_a_log_group_that_nobody_may_subscribe_is_refused(group: str) -> None:
    with pytest.raises(InvalidValue):
        notifiers()["log-group"].check(group)
