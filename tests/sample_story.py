"""The made-up story in ``sample_logs/``: ``python tests/sample_story.py`` writes the files anew.

A shop, on 17 March 2026 from 14:00 to 15:30 UTC. At 14:20 checkout 2.4.0 is rolled out; it keeps
database connections it should give back. From 14:24 its pool runs dry, requests wait and time out,
nginx answers 5xx, customers try again, the database refuses the orders service too, pods fail their
probes and are restarted, and at 14:46 the release is rolled back. Every file tells its part of it,
and a request has one id everywhere. Only ``Dice.roll`` is random, so the files never change.
"""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parents[1] / "sample_logs"
BEGIN = datetime(2026, 3, 17, 14, 0, tzinfo=UTC)
MINUTES = 90
OLD, NEW = "2.3.1", "2.4.0"
ROLLOUT, ROLLBACK = (20.1, 20.7, 21.4), (46.2, 46.8, 47.5)  # minutes, pod by pod
RESTARTS = ((31.2, 1), (32.6, 0), (33.4, 2), (39.1, 1), (40.3, 2), (41.0, 0), (45.2, 1))
TROUBLE = (
    (0, 0.0),
    (23.5, 0.0),
    (26, 0.35),
    (31, 0.8),
    (33.5, 0.45),
    (38.5, 0.85),
    (41, 0.5),
    (45, 0.85),
    (47.5, 0.6),
    (49, 0.0),
    (MINUTES, 0.0),
)

POD_NAMES = ("x2k9p", "m7wqd", "t4hzc")
RUNTIME_LIMIT = 16_384  # a container runtime cuts longer lines
PRODUCTS = {
    "mug-blue": 12.5,
    "tee-m-black": 24.0,
    "poster-a2": 18.9,
    "lamp-oak": 89.0,
    "pen-set": 7.0,
}
CITIES = ("Köln", "Berlin", "Zürich", "Wien", "København", "São Paulo", "Utrecht")
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/134.0 Safari/537.36",
    "ShopApp/7.12.0 (Android 15)",
)
STACK = """Traceback (most recent call last):
  File "/app/checkout/api.py", line 88, in place_order
    with pool.connection(timeout=5.0) as connection:
  File "/app/checkout/pool.py", line 41, in connection
    raise PoolTimeout(f"no connection within {timeout} s")
checkout.pool.PoolTimeout: no connection within 5.0 s"""
TRACE = """com.example.shop.orders.OrderNotStoredException: order {order} was not stored
\tat com.example.shop.orders.OrderService.store(OrderService.java:112)
\tat com.example.shop.orders.OrderController.create(OrderController.java:57)
\tat com.example.shop.web.RequestIdFilter.doFilter(RequestIdFilter.java:33)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
Caused by: java.sql.SQLTransientConnectionException: no connection after 3000 ms \
(active=10, idle=0, waiting={waiting})
\tat com.example.shop.db.Pool.borrow(Pool.java:204)
\tat com.example.shop.orders.OrderRepository.insert(OrderRepository.java:76)
\t... 12 more"""


class Dice:
    """The one source of chance; everything comes from ``Random.random``, equal in every Python."""

    def __init__(self, seed: int) -> None:
        self.roll = random.Random(seed).random

    def chance(self, probability: float) -> bool:
        return self.roll() < probability

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.roll()

    def whole(self, low: int, high: int) -> int:
        return low + int(self.roll() * (high - low + 1))

    def pick(self, items: Any) -> Any:
        return items[int(self.roll() * len(items))]

    def spread(self, middle: float) -> float:
        """Around ``middle``, with a long tail upwards, as response times are."""
        return middle * math.exp(1.1 * (self.roll() + self.roll() + self.roll() - 1.5))

    def hex(self, digits: int) -> str:
        return "".join("0123456789abcdef"[int(self.roll() * 16)] for _ in range(digits))


class Story:
    """Collects lines by file with their times (minutes after 14:00), and sorts them at the end."""

    def __init__(self, seed: int = 20260317) -> None:
        self.dice = Dice(seed)
        self.lines: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
        self.orders = 48120
        self.lambdas: list[tuple[float, str]] = []  # busy until, stream
        self.told: set[str] = set()

    def tell(self, file: str, minute: float, text: str) -> None:
        self.lines[file].append((minute, len(self.lines[file]), text))

    def files(self) -> dict[str, str]:
        """File name -> content."""
        self.shoppers()
        self.cluster()
        self.database_host()
        self.network()
        return {
            name: "".join(f"{text}\n" for _, _, text in sorted(lines))
            for name, lines in sorted(self.lines.items())
        }

    # What a shopper does -------------------------------------------------------------------

    def shoppers(self) -> None:
        dice = self.dice
        for minute in range(MINUTES):
            self.tell("nginx.log", minute + 0.05, probe(minute + 0.05))
            for moment in sorted(dice.roll() for _ in range(dice.whole(3, 6))):
                self.browse(minute + moment)
            for moment in sorted(dice.roll() for _ in range(dice.whole(3, 5))):
                self.buy(minute + moment)

    def browse(self, minute: float) -> None:
        dice = self.dice
        page = dice.pick(("/", "/", "/sale", *(f"/product/{name}" for name in PRODUCTS)))
        status = 404 if dice.chance(0.02) else 304 if dice.chance(0.1) else 200
        size = 0 if status == 304 else 153 if status == 404 else dice.whole(4_000, 38_000)
        shopper = self.shopper()
        page = "/wp-login.php" if status == 404 else page
        self.access(minute, shopper, f"GET {page}", status, size)
        if dice.chance(0.35):
            status = 503 if self.fails(minute, 0.4) else 200
            self.request(minute + 0.03, dice.hex(12), shopper, "GET", "/api/cart", status, 1, {})

    def buy(self, minute: float) -> None:
        """One order, tried up to three times by the customer's browser."""
        dice, shopper, rid = self.dice, self.shopper(), self.dice.hex(12)
        items = [
            {"sku": sku, "qty": dice.whole(1, 3), "price": PRODUCTS[sku]}
            for sku in {dice.pick(tuple(PRODUCTS)): None for _ in range(dice.whole(1, 3))}
        ]
        total = round(sum(item["qty"] * item["price"] for item in items), 2)
        cart = {
            "order": {"items": items, "total": total, "currency": "EUR", "coupon": None},
            "user": {"id": f"u-{shopper[1]}", "city": shopper[3], "returning": shopper[1] % 3 == 0},
        }
        if dice.chance(0.15):
            cart["order"]["coupon"] = "SPRING26"
        for attempt in (1, 2, 3):
            status = self.attempt(minute, rid, shopper, cart, attempt)
            if status < 500 or not dice.chance(0.65):
                break
            minute += dice.between(0.17, 0.25) + 0.1 * attempt

    def attempt(self, minute: float, rid: str, shopper: Any, cart: Any, attempt: int) -> int:
        dice = self.dice
        sku, qty = cart["order"]["items"][0]["sku"], cart["order"]["items"][0]["qty"]
        stock = {"sku": sku, "qty": qty}
        took = f"{dice.spread(2.5):.1f}ms"
        self.go(minute + 0.0002, "info", "stock reserved", rid, **stock, took=took)
        if self.fails(minute, 0.85):
            self.go(minute + 0.09, "warn", "reservation expired", rid, **stock, after="5s")
            status = 504 if dice.chance(0.25) else 503
            self.request(minute, rid, shopper, "POST", "/api/checkout", status, attempt, cart)
            return status
        brand = dice.pick(("visa", "mastercard", "girocard"))
        card = {"brand": brand, "last4": f"{dice.whole(0, 9999):04}"}
        money = {"amount": cart["order"]["total"], "currency": "EUR", "card": card}
        if dice.chance(0.04):
            self.pay(minute + 0.002, "WARN", "card declined", rid, code="card_declined", **money)
            self.request(minute, rid, shopper, "POST", "/api/checkout", 402, attempt, cart)
            return 402
        provider = {"name": "paywell", "ms": round(dice.spread(90)), "attempts": 1}
        money["provider"] = provider
        self.pay(minute + 0.002, "INFO", "payment authorised", rid, code=200, **money)
        self.orders += 1
        order = f"ord-{self.orders}"
        if self.fails(minute, 0.6):
            self.order_lost(minute + 0.004, rid, order, money)
            self.request(minute, rid, shopper, "POST", "/api/checkout", 500, attempt, cart)
            return 500
        text = f"stored order {order} for request {rid} in {dice.whole(4, 19)} ms"
        self.java(minute + 0.004, "INFO", "OrderService", text)
        self.request(minute, rid, shopper, "POST", "/api/checkout", 201, attempt, cart, order)
        self.receipt(minute + 0.01, rid, order)
        return 201

    def order_lost(self, minute: float, rid: str, order: str, money: Any) -> None:
        """Paid but not stored: a stack trace, and the money goes back."""
        trace = TRACE.format(order=order, waiting=self.dice.whole(4, 38))
        self.java(minute + 0.05, "ERROR", "OrderController", f"request {rid} failed\n{trace}")
        if self.dice.chance(0.2):
            self.pay(minute + 0.06, "ERROR", "refund failed", rid, code="ledger_timeout", **money)
        else:
            self.pay(minute + 0.06, "WARN", "payment refunded", rid, code=200, **money)

    # One line in one file ------------------------------------------------------------------

    def request(
        self,
        minute: float,
        rid: str,
        shopper: Any,
        method: str,
        route: str,
        status: int,
        attempt: int,
        extra: Any,
        order: str | None = None,
    ) -> None:
        """A request to checkout: its own log, and the line at nginx when it ends."""
        dice, pain = self.dice, trouble(minute)
        pod = dice.whole(0, 2)
        ms = dice.spread(140 if method == "POST" else 18) * (1 + 6 * pain * dice.roll())
        if status >= 500:
            ms = 10_000 + dice.whole(0, 40) if status == 504 else 5_000 + dice.spread(60)
        done = minute + ms / 60_000
        waiting = round(pain * dice.between(20, 60))
        release = version(minute, pod)
        pool = {"size": 20, "in_use": 20 if waiting else dice.whole(2, 9), "waiting": waiting}
        if status in (503, 504):
            error = {"type": "PoolTimeout", "message": "no connection within 5.0 s", "stack": STACK}
            fields = {"error": error, "db": {"pool": pool}, "attempt": attempt}
            late = minute + 5_000 / 60_000
            text = "connection pool exhausted"
            self.app("checkout", late, "ERROR", text, rid, release, pod, **fields)
        elif waiting and dice.chance(0.4):
            fields = {"db": {"pool": pool}}
            text = "waiting for a connection"
            self.app("checkout", minute, "WARN", text, rid, release, pod, **fields)
        http = {"method": method, "route": route, "status": status, "client-ip": shopper[0]}
        if order:
            extra = {**extra, "order": {"id": order, **extra["order"]}}
        level = "ERROR" if status >= 500 else "INFO"
        fields = {"http": http, "duration_ms": round(ms, 1), "attempt": attempt, **extra}
        self.app("checkout", done, level, f"{method} {route} {status}", rid, release, pod, **fields)
        size = dice.whole(180, 900) if status < 500 else 197
        self.access(done, shopper, f"{method} {route}?rid={rid}", status, size)

    def app(
        self,
        service: str,
        minute: float,
        level: str,
        message: str,
        rid: str | None,
        release: str,
        pod: int,
        **fields: Any,
    ) -> None:
        clock = "@timestamp" if service == "payment" else "time"
        head = {clock: iso(minute), "level": level, "message": message, "service": service}
        about = {"version": release, "pod": f"{service}-{POD_NAMES[pod]}"}
        request = {"request_id": rid} if rid else {}
        record = {**head, **about, **request, **fields}
        self.tell(f"{service}.json", minute, json.dumps(record, ensure_ascii=False))

    def pay(self, minute: float, level: str, message: str, rid: str, **fields: Any) -> None:
        self.app("payment", minute, level, message, rid, "1.9.4", self.dice.whole(0, 1), **fields)

    def access(self, minute: float, shopper: Any, request: str, status: int, size: int) -> None:
        address, _, agent, _ = shopper
        line = f'{address} - - [{clf(minute)}] "{request} HTTP/1.1" {status} {size} '
        self.tell("nginx.log", minute, f'{line}"https://shop.example/" "{agent}"')

    def go(self, minute: float, level: str, message: str, rid: str, **pairs: Any) -> None:
        more = " ".join(f"{key}={value}" for key, value in pairs.items())
        head = f'ts={iso(minute)} level={level} msg="{message}"'
        self.tell("inventory.log", minute, f"{head} rid={rid} {more}")

    def java(self, minute: float, level: str, name: str, message: str) -> None:
        stamp = iso(minute).replace("T", " ").replace(".", ",").removesuffix("Z")
        head = f"{stamp} {level:<5} [http-nio-8080-exec-{self.dice.whole(1, 10)}]"
        self.tell("orders.log", minute, f"{head} c.e.shop.orders.{name} - {message}")

    def receipt(self, minute: float, rid: str, order: str) -> None:
        """One run of the function that mails the receipt; slow orders make it time out."""
        dice = self.dice
        free = [run for run in self.lambdas if run[0] < minute and minute - run[0] < 0.8]
        late = dice.chance(0.35 * trouble(minute))
        ms = 6_000.0 if late else dice.spread(110)
        init = 0.0 if free else dice.between(310, 520)
        stream = free[0][1] if free else f"2026/03/17/[$LATEST]{dice.hex(32)}"
        self.lambdas = [run for run in self.lambdas if run[1] != stream]
        self.lambdas.append((minute + ms / 60_000, stream))
        run = f"{dice.hex(8)}-{dice.hex(4)}-4{dice.hex(3)}-8{dice.hex(3)}-{dice.hex(12)}"
        end = minute + ms / 60_000

        def line(when: float, text: str) -> None:
            self.tell("receipts-lambda.log", when, f"{iso(when)} {text}")

        line(minute, f"START RequestId: {run} Version: $LATEST")
        text = f"receipt for {order}, request {rid}"
        line(minute + 1e-5, f"{iso(minute + 1e-5)}\t{run}\tINFO\t{text}")
        if late:
            line(end - 1e-6, f"{iso(end)} {run} Task timed out after 6.00 seconds")
        line(end, f"END RequestId: {run}")
        memory = f"Memory Size: 256 MB\tMax Memory Used: {dice.whole(74, 96)} MB"
        cold = f"\tInit Duration: {init:.2f} ms" if init else ""
        took = f"Duration: {ms:.2f} ms\tBilled Duration: {math.ceil(ms + init)} ms"
        line(end, f"REPORT RequestId: {run}\t{took}\t{memory}{cold}\t")

    # The machines around it ----------------------------------------------------------------

    def cluster(self) -> None:
        """Events of Kubernetes as its container runtime keeps them, and what the pods say."""
        for release, minutes in ((NEW, ROLLOUT), (OLD, ROLLBACK)):
            verb = "updated" if release == NEW else "rolled back"
            text = f"deployment checkout {verb} to {release}"
            self.kube(minutes[0] - 0.1, "Normal", "Deploying", text, "deployer")
            for pod, minute in enumerate(minutes):
                text = f"image shop/checkout:{release} is on the node"
                self.kube(minute - 0.05, "Normal", "Pulled", text, pod)
                self.pod_starts(minute, pod, release)
        for minute, pod in RESTARTS:
            for back in (0.5, 0.33, 0.17):
                text, seen = "liveness probe failed", {"status": 503, "ms": 2000}
                self.kube(minute - back, "Warning", "Unhealthy", text, pod, probe=seen)
            text = "container checkout failed its liveness probe"
            self.kube(minute - 0.02, "Normal", "Killing", text, pod)
            self.pod_starts(minute, pod, NEW)
        for minute in range(0, MINUTES, 2):
            job = "cart-cleanup"
            self.kube(minute + 0.4, "Normal", "Completed", f"cron job {job} finished", job)

    def pod_starts(self, minute: float, pod: int, release: str) -> None:
        self.kube(minute, "Normal", "Started", f"started container checkout {release}", pod)
        flags = {"one-click": True, "gift-cards": release == NEW}
        fields = {"port": 8080, "flags": flags, "regions": ["eu-1", "eu-2"]}
        text = f"checkout {release} is listening"
        self.app("checkout", minute + 0.03, "INFO", text, None, release, pod, **fields)

    def kube(
        self, minute: float, kind: str, reason: str, text: str, pod: int | str, **fields: Any
    ) -> None:
        name = f"checkout-{POD_NAMES[pod]}" if isinstance(pod, int) else pod
        about = {"type": kind, "reason": reason, "object": {"kind": "Pod", "name": name}}
        stamp = f"{iso(minute).removesuffix('Z')}{self.dice.whole(0, 999_999):06}Z"
        if reason == "Killing" and "dump" not in self.told:
            self.told.add("dump")
            place = {"state": "waiting", "at": "checkout/pool.py:41"}
            fields["dump"] = [{"thread": number, **place} for number in range(300)]
        message = json.dumps({**about, "note": text, **fields})
        while len(message) > RUNTIME_LIMIT:
            self.tell("kubernetes.log", minute, f"{stamp} stderr P {message[:RUNTIME_LIMIT]}")
            message = message[RUNTIME_LIMIT:]
        self.tell("kubernetes.log", minute, f"{stamp} stderr F {message}")

    def database_host(self) -> None:
        dice = self.dice
        for minute in range(MINUTES):
            if minute % 5 == 0:
                self.sys(minute + 0.02, f"CRON[{2210 + minute}]", "(postgres) CMD (archive-wal)")
                text = f"wrote {dice.whole(90, 700)} buffers in {dice.whole(80, 900)} ms"
                self.sys(minute + 0.5, "postgres[812]", f"LOG:  checkpoint complete: {text}")
            if minute % 17 == 3:
                self.sys(minute + 0.3, "systemd[1]", "Started backup-status.service.")
            if dice.chance(0.25):
                user, address = dice.pick(("admin", "test", "oracle")), dice.whole(1, 254)
                port = dice.whole(20_000, 60_000)
                text = f"Invalid user {user} from 198.51.100.{address} port {port}"
                self.sys(minute + 0.7, f"sshd[{dice.whole(3_000, 9_000)}]", text)
            refused = round(12 * trouble(minute) * dice.roll())
            for moment in sorted(dice.roll() for _ in range(refused)):
                user, client = dice.pick(("checkout", "orders")), f"10.0.2.{dice.whole(21, 23)}"
                who = f"user {user}, client {client}"
                text = f"FATAL:  too many connections for database shop ({who})"
                self.sys(minute + moment, f"postgres[{dice.whole(9_000, 9_900)}]", text)
        login = "publickey for oncall from 10.0.9.4 port 51522 ssh2"
        self.sys(40.4, "sshd[9127]", f"Accepted {login}")
        self.sys(41.8, "sudo[9140]", "oncall : USER=postgres ; COMMAND=/usr/bin/psql shop")
        self.sys(52.2, "sshd[9127]", "Disconnected from user oncall 10.0.9.4 port 51522")

    def sys(self, minute: float, program: str, text: str) -> None:
        self.tell("db-1.syslog", minute, f"{at(minute):%b %d %H:%M:%S} db-1 {program}: {text}")

    def network(self) -> None:
        """Flow records of the database's interface, one minute each."""
        dice = self.dice
        for minute in range(MINUTES):
            for pod in (21, 22, 23):
                for _ in range(1 + round(3 * trouble(minute)) + dice.whole(0, 1)):
                    ports, packets = f"{dice.whole(32_768, 60_999)} 5432", dice.whole(12, 60)
                    size = packets * dice.whole(90, 700)
                    ends = f"10.0.2.{pod} 10.0.3.15 {ports} 6 {packets} {size}"
                    self.flow(minute, ends, "ACCEPT OK")
            if dice.chance(0.5):
                scanner, port = f"198.51.100.{dice.whole(1, 254)}", dice.pick((22, 3389, 5432))
                ends = f"{scanner} 10.0.3.15 {dice.whole(1_024, 65_535)} {port} 6 1 40"
                self.flow(minute, ends, "REJECT OK")
            if minute % 30 == 29:
                self.flow(minute, "- - - - - - -", "- NODATA")

    def flow(self, minute: int, ends: str, outcome: str) -> None:
        start = int(at(minute).timestamp()) + self.dice.whole(0, 5)
        head = f"2 123456789012 eni-0d1b5db0a7c3e9f24 {ends}"
        self.tell("vpc-flow.log", minute, f"{head} {start} {start + 55} {outcome}")

    def shopper(self) -> tuple[str, int, str, str]:
        """Address, number, browser and city of somebody; the same number is the same person."""
        number = self.dice.whole(1, 240)
        return (f"203.0.113.{number}", 1000 + number, AGENTS[number % 4], CITIES[number % 7])

    def fails(self, minute: float, share: float) -> bool:
        return self.dice.chance(share * trouble(minute))


def trouble(minute: float) -> float:
    """How likely a request to checkout fails at this minute."""
    for (start, low), (end, high) in pairwise(TROUBLE):
        if start <= minute <= end:
            return low + (high - low) * (minute - start) / (end - start)
    return 0.0


def version(minute: float, pod: int) -> str:
    return NEW if ROLLOUT[pod] <= minute < ROLLBACK[pod] else OLD


def at(minute: float) -> datetime:
    return BEGIN + timedelta(milliseconds=round(minute * 60_000))


def iso(minute: float) -> str:
    return f"{at(minute):%Y-%m-%dT%H:%M:%S}.{at(minute).microsecond // 1000:03}Z"


def clf(minute: float) -> str:
    return f"{at(minute):%d/%b/%Y:%H:%M:%S} +0000"


def probe(minute: float) -> str:
    return f'10.0.9.2 - - [{clf(minute)}] "GET /healthz HTTP/1.1" 200 2 "-" "kube-probe/1.32"'


def main() -> None:
    for name, content in Story().files().items():
        (DIRECTORY / name).write_text(content, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
