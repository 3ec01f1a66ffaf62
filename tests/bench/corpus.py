"""Log files to measure with, the same bytes on every machine: JSON events and lines of text.

Events come in time order over one day that begins at 06:00 UTC, no two in the same millisecond,
spread at random over ``STREAMS`` files. What the questions look for is in there on purpose:
``PHRASE`` in one event of a hundred, ``GAVE_UP`` in one of two hundred, ``RARE`` in seven.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

VERSION = 1
"""To be raised with every change of what is written, or old files are used."""
STREAMS = 6
START = 1_793_512_800_000
"""2026-11-01T06:00:00Z, epoch milliseconds."""
DAY = 86_400_000
PHRASE = "connection reset by peer"
GAVE_UP = "gave up after"
RARE = "deadlock"
_RARE_EVENTS = 7

_LEVELS = ("INFO",) * 80 + ("DEBUG",) * 12 + ("WARN",) * 6 + ("ERROR",) * 2
_SERVICES = ("checkout", "catalog", "search", "payment", "basket", "login", "mailer", "stock")
_ROUTES = tuple(f"/api/v{v}/{noun}" for v in (1, 2) for noun in (*_SERVICES, "orders", "items"))
_METHODS = ("GET",) * 7 + ("POST", "PUT", "DELETE")
_STATUS = (200,) * 85 + (201,) * 5 + (304,) * 3 + (404,) * 4 + (500, 502, 503)
_COUNTRIES = ("DE", "FR", "US", "GB", "IN", "BR", "JP", "PL", "SE", "ZA")
_ZONES = ("eu-west-1a", "eu-west-1b", "us-east-1a", "us-east-1c", "ap-south-1b")
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "okhttp/5.1.0",
    "curl/8.14.1",
)
_CLASSES = tuple(f"com.example.shop.{s}.{s.title()}Service" for s in _SERVICES)


def json_files(cache: Path, events: int) -> list[Path]:
    """Files of JSON events, about 300 bytes each; written if they are not there yet."""
    names = [f"app-{n}.ndjson" for n in range(STREAMS)]
    return _cached(cache / f"json-{events}-v{VERSION}", names, _json_lines(events))


def text_files(cache: Path, lines: int) -> list[Path]:
    """Files of text lines, half access logs as of nginx and half logs of Java programs."""
    names = [f"access-{n}.log" for n in range(STREAMS // 2)]
    names += [f"java-{n}.log" for n in range(STREAMS // 2)]
    return _cached(cache / f"text-{lines}-v{VERSION}", names, _text_lines(lines))


def _cached(directory: Path, names: list[str], lines: Iterator[tuple[int, str]]) -> list[Path]:
    paths = [directory / name for name in names]
    done = directory / "done"
    if not done.exists():
        directory.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            files: list[Any] = [
                stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
                for path in paths
            ]
            for stream, line in lines:
                files[stream].write(line)
        done.touch()
    return paths


def _times(rng: random.Random, events: int) -> Iterator[int]:
    """Rising epoch milliseconds, each in its own slot of the day."""
    step = max(1, DAY // events)
    for number in range(events):
        yield START + number * step + int(rng.random() * step)


def _rare(events: int) -> set[int]:
    return {(2 * n + 1) * events // (2 * _RARE_EVENTS) for n in range(_RARE_EVENTS)}


def _what(rng: random.Random, number: int, rare: set[int]) -> str:
    """The text of an event."""
    if number in rare:
        return f"transaction {number} aborted: {RARE} detected, victim chosen"
    chance = rng.random()
    if chance < 0.010:
        return f"upstream node-{int(chance * 5000)}: {PHRASE} while reading response header"
    if chance < 0.015:
        return f"task {number} {GAVE_UP} {int(chance * 1000)} attempts, requeued"
    if chance < 0.400:
        return f"order {int(chance * 1e7)} priced with {int(chance * 40)} items in cart"
    if chance < 0.700:
        return f"cache lookup for key user:{int(chance * 1e6)} took {int(chance * 90)} us"
    return f"request handled by worker-{int(chance * 64)} queue={int(chance * 17)}"


def _json_lines(events: int) -> Iterator[tuple[int, str]]:
    rng = random.Random(f"json {events}")
    rare = _rare(events)
    for number, time in enumerate(_times(rng, events)):
        chance = rng.random()
        extra = ""
        if chance < 0.02:
            extra = f',"error":{{"type":"TimeoutError","code":{int(chance * 5000)}}}'
        elif chance < 0.025:
            extra = f',"retry":{{"count":{int(chance * 1000) % 5},"backoff_ms":250}}'
        elif chance < 0.0252:
            extra = ',"feature_flag":"new-basket"'
        yield (
            int(rng.random() * STREAMS),
            f'{{"timestamp":"{_iso(time)}","level":"{rng.choice(_LEVELS)}",'
            f'"service":"{rng.choice(_SERVICES)}","request_id":"{rng.getrandbits(128):032x}",'
            f'"message":"{_what(rng, number, rare)}",'
            f'"duration_ms":{rng.expovariate(1 / 45):.3f},'
            f'"http":{{"method":"{rng.choice(_METHODS)}","route":"{rng.choice(_ROUTES)}",'
            f'"status":{rng.choice(_STATUS)},"bytes":{int(rng.expovariate(1 / 4000))}}},'
            f'"user":{{"id":{int(rng.random() ** 3 * 50_000)},'
            f'"country":"{rng.choice(_COUNTRIES)}"}},'
            f'"tags":["{rng.choice(_ZONES)}","canary"]{extra}}}\n',
        )


def _text_lines(lines: int) -> Iterator[tuple[int, str]]:
    rng = random.Random(f"text {lines}")
    rare = _rare(lines)
    half = STREAMS // 2
    for number, time in enumerate(_times(rng, lines)):
        stream = int(rng.random() * STREAMS)
        what = _what(rng, number, rare)
        if stream < half:
            when = datetime.fromtimestamp(time // 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
            address = ".".join(str(byte) for byte in rng.getrandbits(32).to_bytes(4, "big"))
            path = f"{rng.choice(_ROUTES)}/{int(rng.random() * 1e6)}?q={what.replace(' ', '+')}"
            if number in rare or PHRASE in what or GAVE_UP in what:
                path = f"{rng.choice(_ROUTES)}"
                agent = what
            else:
                agent = rng.choice(_AGENTS)
            yield (
                stream,
                f'{address} - - [{when}] "{rng.choice(_METHODS)} {path} HTTP/1.1" '
                f"{rng.choice(_STATUS)} {int(rng.expovariate(1 / 4000))} "
                f'"https://shop.example{rng.choice(_ROUTES)}" "{agent}"\n',
            )
        else:
            yield (
                stream,
                f"{_iso(time).replace('T', ' ')[:-1]} [http-nio-8080-exec-{int(rng.random() * 40)}"
                f"] {rng.choice(_LEVELS)} {rng.choice(_CLASSES)} - {what} "
                f"[trace={rng.getrandbits(128):032x} span={rng.getrandbits(64):016x} "
                f"user={int(rng.random() ** 3 * 50_000)} zone={rng.choice(_ZONES)} "
                f"route={rng.choice(_ROUTES)} elapsed={rng.expovariate(1 / 45):.3f}ms]\n",
            )


def _iso(time: int) -> str:
    seconds, ms = divmod(time, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"
