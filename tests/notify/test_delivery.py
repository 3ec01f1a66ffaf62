"""What is published arrives: retries, order, rates, merging, giving up; by a clock set by hand."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from logq.errors import DiskFull, UnknownLogGroup
from logq.notification import Notification
from logq.notify.delivery import Delivery
from logq.notify.giving_up import DEAD_LETTERS
from logq.notify.notify import Notify
from logq.notify.topic import Options, Topic
from logq.outgoing import HTTP, LOG_GROUP, Outgoing
from tests.notify.conftest import NOW, Clock, World, made, without_network
from tests.notify.made import alarm, subscribe
from tests.notify.service import Service

OPS = "arn:aws:sns:us-east-1:000000000000:ops"


def publish(notify: Notify, *all: Notification) -> None:
    with notify.database.write() as connection:
        for one in all:
            notify.publish(connection, OPS, one)


def bodies(service: Service) -> list[dict[str, Any]]:
    return [json.loads(got.body) for got in service.got]


def letters(world: World) -> list[dict[str, Any]]:
    return [json.loads(text) for group, _, _, text in world.stored if group == DEAD_LETTERS]


def test_a_notification_arrives_once(
    notify: Notify, delivery: Delivery, service: Service, world: World
) -> None:
    subscribe(notify, url=service.url + "/hook?token=x%2Fy")
    publish(notify, alarm())

    delivery.step()
    delivery.step()

    assert [got.path for got in service.got] == ["/hook?token=x%2Fy"]
    assert service.got[0].headers["webhook-id"] == alarm().id
    assert service.got[0].headers["host"] == service.url.removeprefix("http://")
    assert bodies(service)[0]["alarm"]["name"] == "errors"
    assert bodies(service)[0]["links"]["mute_1h"].startswith("https://logq.example.com/#/alarms/e")
    assert notify.waiting() == (0, None)
    assert world.counted == {"Delivered": 1}


def test_retries_come_after_1_5_15_60_and_300_seconds_and_end_after_an_hour(
    notify: Notify, delivery: Delivery, service: Service, world: World, clock: Clock
) -> None:
    subscribe(notify, url=service.url)
    publish(notify, alarm())
    times: list[int] = []
    for _ in range(40):
        service.answer(503)
        before = len(service.got)
        due = delivery.step()
        times += [(clock.now - NOW) // 1000] * (len(service.got) - before)
        if notify.waiting() == (0, None):
            break
        clock.now = due

    assert times == [0, 1, 6, 21, 81, *range(381, 3601, 300)]
    assert {got.headers["webhook-id"] for got in service.got} == {alarm().id}
    [letter] = letters(world)
    assert letter["reason"] == "it answered 503"
    assert letter["attempts"] == len(times)
    assert letter["body"]["alarm"]["name"] == "errors"
    [event] = world.events
    assert (event.source, event.detail_type) == ("logq.notify", "LogQ Delivery Failed")
    assert event.resources == (OPS, f"{OPS}:sub-0")
    assert world.counted["Dead"] == 1


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry_After": "42"}, b"", 42),
        ({"Retry_After": "Mon, 05 Jan 2026 10:01:30 GMT"}, b"", 90),
        ({}, b'{"retry_after": 12.5, "global": false}', 12.5),
        ({"Retry_After": "1000000"}, b"", 3600),
        ({"Retry_After": "soon"}, b"[1]", 1),
    ],
    ids=["seconds", "date", "discord", "too long", "nonsense"],
)
def test_a_receiver_says_when_it_wants_to_be_tried_again(
    notify: Notify,
    delivery: Delivery,
    service: Service,
    clock: Clock,
    headers: dict[str, str],
    body: bytes,
    seconds: float,
) -> None:
    subscribe(notify, url=service.url)
    publish(notify, alarm())
    service.answer(429, body, **headers)

    assert delivery.step() == NOW + seconds * 1000
    clock.now = NOW + int(seconds * 1000) - 1
    delivery.step()
    assert len(service.got) == 1
    clock.now += 1
    delivery.step()
    assert len(service.got) == 2


@pytest.mark.parametrize("status", [301, 302, 308, 400, 401, 403, 404, 413])
def test_what_can_never_arrive_is_a_dead_letter_at_once(
    notify: Notify, delivery: Delivery, service: Service, world: World, status: int
) -> None:
    subscribe(notify, url=service.url)
    publish(notify, alarm())
    service.answer(status, Location=service.url + "/elsewhere")

    delivery.step()
    delivery.step()

    assert len(service.got) == 1
    assert letters(world)[0]["reason"].startswith(f"it answered {status}")
    assert letters(world)[0]["address"] == service.url + "/***"


def test_410_ends_the_subscription_and_says_so(
    notify: Notify, delivery: Delivery, service: Service, world: World
) -> None:
    one = subscribe(notify, url=service.url)
    publish(notify, alarm(), alarm("other", n=2))
    service.answer(410)

    delivery.step()
    delivery.step()

    assert len(service.got) == 1
    assert "410" in notify.topics.subscription(one.id).disabled
    assert len(letters(world)) == 2


def test_nothing_overtakes_an_older_message_of_the_same_alarm(
    notify: Notify, delivery: Delivery, service: Service, clock: Clock
) -> None:
    subscribe(notify, url=service.url)
    publish(notify, alarm(), alarm(status="OK", n=2), alarm("other", n=3))
    service.answer(500)

    clock.now = delivery.step()
    assert [body["alarm"]["name"] for body in bodies(service)] == ["errors", "other"]
    while notify.waiting()[0]:
        clock.now = max(delivery.step(), clock.now)

    told = [(body["alarm"]["name"], body["status"]) for body in bodies(service)]
    assert told == [("errors", "ALARM"), ("other", "ALARM"), ("errors", "ALARM"), ("errors", "OK")]


def test_what_is_superseded_after_five_minutes_goes_out_in_one_message(
    notify: Notify, delivery: Delivery, service: Service, clock: Clock
) -> None:
    subscribe(notify, url=service.url)
    publish(notify, alarm(), alarm(status="OK", n=2), alarm(n=3))
    service.answer(429, Retry_After="301")
    clock.now = delivery.step()
    delivery.step()

    first, merged = bodies(service)
    assert first["status"] == "ALARM"
    assert (merged["id"], merged["status"]) == (alarm(n=3).id, "ALARM")
    assert [one["status"] for one in merged["earlier"]] == ["ALARM", "OK"]
    assert notify.waiting() == (0, None)


def test_a_chat_gets_one_message_a_second_and_many_alarms_in_one_when_it_is_too_many(
    notify: Notify, delivery: Delivery, service: Service, clock: Clock, world: World
) -> None:
    subscribe(notify, url=service.url, protocol="slack")
    publish(notify, *(alarm(f"alarm-{n:04d}", n=n) for n in range(1000)))

    due = delivery.step()
    while notify.waiting()[0]:
        clock.now = max(due, clock.now)
        due = delivery.step()

    assert clock.now - NOW <= 60_000
    assert len(service.got) == 50
    said = b"".join(got.body for got in service.got)
    assert [n for n in range(1000) if b"alarm-%04d" % n not in said] == []
    assert world.counted == {"Delivered": 1000}


def test_a_few_messages_go_out_one_by_one_at_the_rate_of_the_service(
    notify: Notify, delivery: Delivery, service: Service, clock: Clock
) -> None:
    subscribe(notify, url=service.url, protocol="slack")
    publish(notify, *(alarm(f"alarm-{n}", n=n) for n in range(3)))

    counts = []
    for _ in range(3):
        clock.now = delivery.step()
        counts.append(len(service.got))

    assert counts == [1, 2, 3]
    assert clock.now - NOW >= 2000


def test_a_topic_groups_what_comes_within_its_window(
    notify: Notify, delivery: Delivery, service: Service, clock: Clock
) -> None:
    notify.topics.create(Topic("ops", OPS, group_seconds=30))
    subscribe(notify, url=service.url)
    publish(notify, alarm("a"), alarm("b", n=2))
    clock.now = delivery.step()
    assert service.got == []

    delivery.step()

    [body] = bodies(service)
    assert (body["alarm"]["name"], [o["alarm"]["name"] for o in body["others"]]) == ("b", ["a"])
    assert body["group"] == {"key": OPS, "size": 2, "dropped": 0}


def test_a_receiver_that_says_it_had_enough_is_left_alone_so_long(
    notify: Notify, delivery: Delivery, service: Service, clock: Clock
) -> None:
    subscribe(notify, url=service.url)
    publish(notify, alarm("a"), alarm("b", n=2))
    service.answer(204, X_RateLimit_Remaining="0", X_RateLimit_Reset_After="7.5")

    assert delivery.step() == NOW + 7500
    clock.now += 7500
    delivery.step()
    assert len(service.got) == 2


def test_a_host_that_is_dead_is_not_asked_for_every_message(
    notify: Notify, delivery: Delivery, clock: Clock, world: World
) -> None:
    subscribe(notify, url="http://127.0.0.1:9/")
    publish(notify, *(alarm(f"alarm-{n}", n=n) for n in range(50)))

    delivery.step()

    assert world.counted == {"Failed": 1}
    assert notify.waiting()[0] == 50


def test_a_silent_receiver_holds_up_nobody_else(
    notify: Notify, delivery: Delivery, service: Service, clock: Clock
) -> None:
    """The one part with real threads: a slow host and a quick one at the same time."""
    subscribe(notify, url="http://127.0.0.1:9/")
    subscribe(notify, url=service.url)
    stop = threading.Event()
    thread = threading.Thread(target=delivery.run, args=(stop,))
    thread.start()
    try:
        publish(notify, alarm())
        limit = time.monotonic() + 60
        while not service.got and time.monotonic() < limit:
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join()
    assert len(service.got) == 1
    assert notify.waiting()[0] == 1


def test_a_huge_answer_is_not_read_to_its_end(
    notify: Notify, delivery: Delivery, service: Service
) -> None:
    subscribe(notify, url=service.url)
    publish(notify, alarm())
    service.answer(200, b"x" * (8 << 20))

    delivery.step()

    assert notify.waiting() == (0, None)


def test_an_address_that_must_not_be_reached_is_a_dead_letter(
    notify: Notify, service: Service, world: World, clock: Clock, storage: Any
) -> None:
    guarded = made(storage, clock, without_network(world.around()))
    subscribe(guarded, url=service.url)
    publish(guarded, alarm())
    delivery = guarded.delivery()

    delivery.step()
    delivery.step()

    assert service.got == []
    assert "is not encrypted" in letters(world)[0]["reason"]


def test_a_delivery_policy_says_how_often_and_when(
    notify: Notify, delivery: Delivery, service: Service, clock: Clock, world: World
) -> None:
    options = Options(retries=3, min_delay=10, max_delay=40, backoff="geometric")
    subscribe(notify, url=service.url, options=options)
    publish(notify, alarm())
    times = []
    for _ in range(4):
        service.answer(500)
        due = delivery.step()
        times.append((due - clock.now) / 1000)
        clock.now = due

    assert times[:3] == [10, 20, 40]
    delivery.step()
    assert len(service.got) == 4
    assert world.counted["Dead"] == 1


def test_a_subscriber_can_be_slowed_down(
    notify: Notify, delivery: Delivery, service: Service, clock: Clock
) -> None:
    subscribe(notify, url=service.url, options=Options(per_second=0.1))
    publish(notify, alarm("a"), alarm("b", n=2))

    assert delivery.step() == NOW + 10_000
    assert len(service.got) == 1


def test_an_unknown_fault_inside_neither_loses_the_message_nor_stops_others(
    notify: Notify, delivery: Delivery, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = subscribe(notify, url=service.url)
    subscribe(notify, url=service.url)
    publish(notify, alarm())
    from logq.notify.receiving import Receivers

    whole = Receivers.receiver

    def receiver(self: Receivers, one: Any, now: int) -> Any:
        if one.id == broken.id:
            raise ZeroDivisionError
        return whole(self, one, now)

    monkeypatch.setattr(Receivers, "receiver", receiver)
    delivery.step()

    assert len(service.got) == 1
    assert notify.waiting()[0] == 1


# ---- targets of rules


def outgoing(kind: str, to: str, n: int = 1, **changes: Any) -> Outgoing:
    given: dict[str, Any] = {"lane": "lane", "body": f'{{"n": {n}}}', "created": NOW} | changes
    return Outgoing(f"id-{n}", given.pop("key", "key"), kind, to, **given)


def enqueue(notify: Notify, *entries: Outgoing) -> None:
    with notify.database.write() as connection:
        notify.enqueue(connection, entries)


def test_a_rule_posts_to_an_address_with_constant_headers(
    notify: Notify, delivery: Delivery, service: Service
) -> None:
    address = notify.address(service.url + "/rule", {"Authorization": "Bearer secret"}, "POST")
    enqueue(notify, outgoing(HTTP, address.sealed, lane=address.lane))

    delivery.step()

    assert service.got[0].headers["authorization"] == "Bearer secret"
    assert service.got[0].headers["webhook-id"] == "id-1"
    assert service.got[0].body == b'{"n": 1}'
    assert "secret" not in address.sealed + address.shown


def test_the_attempts_of_a_rule_are_counted(
    notify: Notify, delivery: Delivery, service: Service, clock: Clock, world: World
) -> None:
    address = notify.address(service.url, {})
    entry = outgoing(HTTP, address.sealed, attempts=2, seconds=60, hops=3, source="arn:rule")
    enqueue(notify, entry)
    for _ in range(3):
        service.answer(500)
        clock.now = delivery.step()

    assert len(service.got) == 2
    assert world.events[0].hops == 3
    assert letters(world)[0]["target"] == service.url + "/***"


def test_events_go_into_a_log_group_in_order_and_not_twice(
    notify: Notify, delivery: Delivery, world: World
) -> None:
    enqueue(notify, *(outgoing(LOG_GROUP, "/app", n, stream="s") for n in range(1, 2501)))

    delivery.step()

    assert [json.loads(text)["n"] for _, _, _, text in world.stored] == [*range(1, 2501)]
    assert world.stored[0][:3] == ("/app", NOW, "s")


def test_a_full_disk_makes_events_wait_and_a_missing_group_makes_them_dead(
    notify: Notify, delivery: Delivery, world: World, clock: Clock
) -> None:
    enqueue(notify, *(outgoing(LOG_GROUP, "/app", n) for n in (1, 2)))
    world.broken.append(DiskFull("no space left"))
    due = delivery.step()
    assert (notify.waiting()[0], world.stored) == (2, [])

    enqueue(notify, outgoing(LOG_GROUP, "/app", 3))
    delivery.step()
    assert world.stored == []
    clock.now = due
    delivery.step()
    assert [json.loads(text)["n"] for _, _, _, text in world.stored] == [1, 2, 3]

    enqueue(notify, outgoing(LOG_GROUP, "/gone", 4))
    world.broken.append(UnknownLogGroup("there is no log group '/gone'"))
    delivery.step()
    delivery.step()
    assert [letter["reason"] for letter in letters(world)] == ["there is no log group '/gone'"]


def test_what_waits_behind_an_event_that_could_not_be_stored_is_not_lost(
    notify: Notify, delivery: Delivery, world: World, clock: Clock
) -> None:
    """Rules give each event a key of its own."""
    enqueue(notify, outgoing(LOG_GROUP, "/app", 1, key="one"))
    world.broken.append(DiskFull("no space left"))
    due = delivery.step()
    enqueue(notify, outgoing(LOG_GROUP, "/app", 2, key="two"))
    delivery.step()
    assert notify.waiting()[0] == 2

    clock.now = due
    delivery.step()

    assert [json.loads(text)["n"] for _, _, _, text in world.stored] == [1, 2]


def test_dead_letters_wait_for_ever(
    notify: Notify, delivery: Delivery, world: World, clock: Clock
) -> None:
    enqueue(notify, outgoing(LOG_GROUP, DEAD_LETTERS, 1))
    for _ in range(30):
        world.broken.append(DiskFull("no space left"))
        clock.now = delivery.step()

    assert clock.now > NOW + 3_600_000
    world.broken.clear()
    clock.now += 3_600_000
    delivery.step()
    assert len(world.stored) == 1


def test_a_subscribed_log_group_gets_notifications_as_events(
    notify: Notify, delivery: Delivery, world: World
) -> None:
    subscribe(notify, url="/ops/told", protocol="log-group")
    publish(notify, alarm())

    delivery.step()

    [(group, _, stream, text)] = world.stored
    assert (group, stream) == ("/ops/told", "notifications")
    assert json.loads(text)["alarm"]["name"] == "errors"
