"""Who is told of what: the entries of the outbox that a notification makes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from logq.errors import StorageError
from logq.notification import Contributor, Datapoint, LogLine, Notification, Trigger
from logq.notify import outbox
from logq.notify.notify import Notify
from logq.notify.secrets import Seals, shown
from logq.notify.topic import Options, Topic, UnknownSubscription, UnknownTopic
from logq.notify.wording import decode, encode
from logq.outgoing import HTTP, Outgoing
from tests.notify.conftest import Clock
from tests.notify.made import NOW, alarm, subscribe

OPS = "arn:aws:sns:us-east-1:000000000000:ops"


def publish(notify: Notify, *all: Notification, muted: bool = False) -> list[int]:
    with notify.database.write() as connection:
        return [notify.publish(connection, OPS, one, muted=muted) for one in all]


def waiting(notify: Notify) -> list[outbox.Entry]:
    with notify.database.read() as connection:
        lanes = outbox.lanes(connection)
        return [
            entry
            for lane in sorted(lanes)
            for head in outbox.heads(connection, lane, 1 << 60, 100)
            for entry in (head, *outbox.behind(connection, head.out.key, head.seq))
        ]


def test_every_subscriber_of_the_topic_is_told_once(notify: Notify) -> None:
    subscribe(notify)
    subscribe(notify, url="https://other.example.com/x")
    subscribe(notify, topic="elsewhere")

    assert publish(notify, alarm(), alarm()) == [2, 2]

    assert [one.out.lane for one in waiting(notify)] == ["hooks.example.com", "other.example.com"]


def test_what_is_taken_back_was_never_published(notify: Notify) -> None:
    subscribe(notify)

    with pytest.raises(ZeroDivisionError), notify.database.write() as connection:
        notify.publish(connection, OPS, alarm())
        raise ZeroDivisionError

    assert waiting(notify) == []


def test_a_topic_that_is_not_there_is_said(notify: Notify) -> None:
    with pytest.raises(UnknownTopic, match="there is no topic 'ops'"):
        publish(notify, alarm())


def test_news_of_one_alarm_stand_in_line_and_those_of_two_do_not(notify: Notify) -> None:
    subscribe(notify)
    publish(notify, alarm(), alarm(status="OK", n=2), alarm("other", n=3))

    with notify.database.read() as connection:
        heads = outbox.heads(connection, "hooks.example.com", NOW, 10)
        behind = outbox.behind(connection, heads[0].out.key, heads[0].seq)

    assert [decode(one.out.body).subject.name for one in heads] == ["errors", "other"]
    assert [decode(one.out.body).status for one in behind] == ["OK"]


def test_who_does_not_want_to_hear_of_the_end_does_not(notify: Notify) -> None:
    subscribe(notify, options=Options(send_ok=False))

    assert publish(notify, alarm(), alarm(status="OK", n=2)) == [1, 0]


def test_pending_and_disabled_subscriptions_are_told_nothing(notify: Notify) -> None:
    subscribe(notify, pending=True)
    subscribe(notify, disabled="it answered 410 Gone")

    assert publish(notify, alarm()) == [0]


def test_while_muted_only_the_end_of_a_known_alarm_goes_out(notify: Notify) -> None:
    subscribe(notify)
    subscribe(notify, options=Options(resolve_through_mute=False))

    assert publish(notify, alarm("known")) == [2]
    assert publish(notify, alarm("new", n=2), muted=True) == [0]
    assert publish(notify, alarm("known", "OK", 3), muted=True) == [1]
    assert publish(notify, alarm("new", "OK", 4), muted=True) == [0]
    assert publish(notify, alarm("known", "OK", 5), muted=True) == [0]


def test_filter_policies_look_at_attributes_or_at_the_body(notify: Notify) -> None:
    def matches(pattern: object, document: object) -> bool:
        return pattern == document

    notify.publishing._matches = matches
    subscribe(notify, options=Options(filter_policy={"team": "web"}))
    subscribe(notify, options=Options(filter_policy={"a": 1}, filter_scope="MessageBody"))

    told = publish(
        notify,
        alarm(),
        alarm(n=2, attributes={"team": "web"}),
        alarm(n=3, message='{"a": 1}'),
        alarm(n=4, attributes={"team": "web"}, message='{"a": 1}'),
        alarm(n=5, message="[1"),
    )

    assert told == [0, 1, 1, 2, 0]


def test_an_alarm_that_goes_on_is_said_again_until_it_ends(notify: Notify, clock: Clock) -> None:
    subscribe(notify, options=Options(repeat_seconds=600))
    publish(notify, alarm())

    def remind(muted: bool = False) -> int:
        with notify.database.write() as connection:
            return notify.publishing.remind(connection, lambda _: muted)

    assert remind() == 0
    clock.now += 600_000
    assert [remind(), remind()] == [1, 0]
    clock.now += 600_000
    assert remind(muted=True) == 0
    clock.now += 600_000
    assert remind() == 1
    assert len({one.out.id for one in waiting(notify)}) == 3
    publish(notify, alarm(status="OK", n=2))
    clock.now += 600_000
    assert remind() == 0


def test_a_deleted_alarm_is_not_said_again(notify: Notify, clock: Clock) -> None:
    subscribe(notify, options=Options(repeat_seconds=60))
    publish(notify, alarm())
    clock.now += 60_000

    with notify.database.write() as connection:
        notify.forget(connection, alarm().subject.arn)
        assert notify.publishing.remind(connection, lambda _: False) == 0


def test_a_deleted_topic_takes_its_subscriptions_and_what_waits_with_it(notify: Notify) -> None:
    one = subscribe(notify)
    publish(notify, alarm())

    assert notify.topics.delete("ops")

    assert waiting(notify) == []
    with pytest.raises(UnknownSubscription):
        notify.topics.subscription(one.arn)
    assert not notify.topics.delete("ops")


def test_the_same_entry_twice_is_one(notify: Notify) -> None:
    out = Outgoing("id", "key", HTTP, "/app", "/app", "text", NOW, "stream")

    with notify.database.write() as connection:
        notify.enqueue(connection, [out, out])
        notify.enqueue(connection, [out, replace(out, to="/other")])

    assert [one.out.to for one in waiting(notify)] == ["/app", "/other"]


def test_a_topic_that_groups_makes_its_entries_wait(notify: Notify) -> None:
    notify.topics.create(Topic("ops", OPS, group_seconds=30))
    subscribe(notify)
    publish(notify, alarm())

    assert [one.next_at for one in waiting(notify)] == [NOW + 30_000]


def test_a_notification_is_the_same_after_the_outbox() -> None:
    whole = alarm(
        trigger=Trigger("log", {"a": 1}, "fields x", None, 5.0, ">=", 60, 2, 3),
        datapoints=(Datapoint(NOW + 7, 1.5), Datapoint(NOW, None)),
        contributors=(Contributor({"host": "a"}, 3.0),),
        log_lines=(LogLine(NOW, "/app", "s", "bad \ud800 \0 line"),),
        links={"alarm": "https://logq.example.com/"},
        started_at=NOW,
        message="{}",
        attributes={"a": "b"},
    )

    assert decode(encode(whole)) == whole


def test_what_is_sealed_opens_only_with_its_key_for_its_use() -> None:
    sealed = Seals(lambda: b"a" * 32).seal({"url": "https://x.example.com/secret"}, "one")

    assert "secret" not in sealed
    assert Seals(lambda: b"a" * 32).open(sealed, "one") == {"url": "https://x.example.com/secret"}
    for key, use, text in ((b"b", "one", sealed), (b"a", "two", sealed), (b"a", "one", "v1:x")):
        with pytest.raises(StorageError, match="cannot be decrypted"):
            Seals(lambda: key * 32).open(text, use)  # noqa: B023


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://hooks.slack.com/services/T/B/secret", "https://hooks.slack.com/***"),
        ("https://me:secret@h.example.com:8443/?key=secret", "https://h.example.com:8443/***"),
        ("http://[::1]:9/secret", "http://[::1]:9/***"),
        ("slack://tokena/tokenb", "slack://***"),
        ("https://h:port/x", "***"),
        ("nonsense", "***"),
    ],
)
def test_an_address_is_shown_without_its_secret(url: str, seen: str) -> None:
    assert shown(url) == seen
