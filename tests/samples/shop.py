"""Requests to the shop, as nginx, four services and a Lambda function log them."""

from __future__ import annotations

import math
from typing import Any

from tests.samples.facts import MINUTES, Story, at, iso, trouble, version

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


class Shop:
    """Everything one request leaves behind."""

    def __init__(self, story: Story) -> None:
        self.story, self.dice = story, story.dice
        self.orders = 48120
        self.lambdas: list[tuple[float, str]] = []  # busy until, stream

    def shoppers(self) -> None:
        dice = self.dice
        for minute in range(MINUTES):
            self.story.tell("nginx.log", minute + 0.05, probe(minute + 0.05))
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
            status = 503 if self.story.fails(minute, 0.4) else 200
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
        if self.story.fails(minute, 0.85):
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
        if self.story.fails(minute, 0.6):
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
            self.story.app("checkout", late, "ERROR", text, rid, release, pod, **fields)
        elif waiting and dice.chance(0.4):
            fields = {"db": {"pool": pool}}
            text = "waiting for a connection"
            self.story.app("checkout", minute, "WARN", text, rid, release, pod, **fields)
        http = {"method": method, "route": route, "status": status, "client-ip": shopper[0]}
        if order:
            extra = {**extra, "order": {"id": order, **extra["order"]}}
        level = "ERROR" if status >= 500 else "INFO"
        fields = {"http": http, "duration_ms": round(ms, 1), "attempt": attempt, **extra}
        self.story.app(
            "checkout", done, level, f"{method} {route} {status}", rid, release, pod, **fields
        )
        size = dice.whole(180, 900) if status < 500 else 197
        self.access(done, shopper, f"{method} {route}?rid={rid}", status, size)

    def pay(self, minute: float, level: str, message: str, rid: str, **fields: Any) -> None:
        self.story.app(
            "payment", minute, level, message, rid, "1.9.4", self.dice.whole(0, 1), **fields
        )

    def access(self, minute: float, shopper: Any, request: str, status: int, size: int) -> None:
        address, _, agent, _ = shopper
        line = f'{address} - - [{clf(minute)}] "{request} HTTP/1.1" {status} {size} '
        self.story.tell("nginx.log", minute, f'{line}"https://shop.example/" "{agent}"')

    def go(self, minute: float, level: str, message: str, rid: str, **pairs: Any) -> None:
        more = " ".join(f"{key}={value}" for key, value in pairs.items())
        head = f'ts={iso(minute)} level={level} msg="{message}"'
        self.story.tell("inventory.log", minute, f"{head} rid={rid} {more}")

    def java(self, minute: float, level: str, name: str, message: str) -> None:
        stamp = iso(minute).replace("T", " ").replace(".", ",").removesuffix("Z")
        head = f"{stamp} {level:<5} [http-nio-8080-exec-{self.dice.whole(1, 10)}]"
        self.story.tell("orders.log", minute, f"{head} c.e.shop.orders.{name} - {message}")

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
            self.story.tell("receipts-lambda.log", when, f"{iso(when)} {text}")

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

    def shopper(self) -> tuple[str, int, str, str]:
        """Address, number, browser and city of somebody; the same number is the same person."""
        number = self.dice.whole(1, 240)
        return (f"203.0.113.{number}", 1000 + number, AGENTS[number % 4], CITIES[number % 7])


def clf(minute: float) -> str:
    return f"{at(minute):%d/%b/%Y:%H:%M:%S} +0000"


def probe(minute: float) -> str:
    return f'10.0.9.2 - - [{clf(minute)}] "GET /healthz HTTP/1.1" 200 2 "-" "kube-probe/1.32"'
