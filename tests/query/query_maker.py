"""Random events and random queries over them, from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

WORDS = (
    "alpha",
    "beta",
    "a10",
    "a9",
    "a010",
    "",
    "x y",
    "200",
    "-7",
    "1e3",
    "true",
    "ä😀",
    "q'\"\\%",
)
FIELDS = ("i", "f", "b", "s", "mixed", "o.x", "o.y", "l.0", "l", "o", "rare", "Case", "case", "big")
SYSTEM = ("@timestamp", "@message", "@logStream", "@log")


class Maker:
    """Makes one corpus of events and any number of queries."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._names: list[str] = [*FIELDS, *SYSTEM, "absent"]
        self._grouped = False

    # ---- events ----

    def documents(self, count: int) -> list[dict[str, Any]]:
        return [self._document(n) for n in range(count)]

    def _document(self, number: int) -> dict[str, Any]:
        pick = self.random
        document: dict[str, Any] = {"i": pick.randrange(-3, 9), "s": pick.choice(WORDS)}
        document["mixed"] = pick.choice(
            [
                1,
                0,
                2.5,
                -1e300,
                "1",
                "01",
                "abc",
                True,
                False,
                None,
                {"k": 1},
                [1, "a"],
                2**53 + 1,
                "",
            ]
        )
        if pick.random() < 0.7:
            document["f"] = pick.choice([0.5, -0.25, 100.0, 1e15, 3.0, 7])
        if pick.random() < 0.6:
            document["b"] = pick.random() < 0.5
        if pick.random() < 0.5:
            document["o"] = {"x": pick.choice([1, 2, "1"]), "y": pick.choice(WORDS)}
        if pick.random() < 0.3:
            document["l"] = [
                pick.choice([1, "1", None, {"z": 2}]) for _ in range(pick.randrange(3))
            ]
        if number % 13 == 12:
            document["rare"] = pick.choice([number, str(number)])
        if pick.random() < 0.2:
            document |= {"Case": pick.randrange(3), "case": pick.choice("ab")}
        if pick.random() < 0.2:
            document["big"] = pick.choice([2**62, 2**53 + 1, 5, 10**25])
        return document

    # ---- queries ----

    def query(self) -> str:
        self._names = [*FIELDS, *SYSTEM, "absent"]
        self._grouped = False
        stages = [self._stage() for _ in range(self.random.randrange(1, 6))]
        return " | ".join(stages)

    def _stage(self) -> str:
        makers: list[tuple[int, Callable[[], str]]] = [
            (5, lambda: f"{self._one('filter', 'where')} {self.condition(3)}"),
            (4, lambda: f"{self._one('fields', 'display')} {self._items()}"),
            (4, self._stats),
            (4, self._sort),
            (2, lambda: f"{self._one('limit', 'head', 'tail')} {self._one('1', '3', '7', '50')}"),
            (1, lambda: f"dedup {self._name()}"),
        ]
        if not self._grouped:
            makers.append((2, self._parse))
        weights, chosen = zip(*makers, strict=True)
        return str(self.random.choices(chosen, weights)[0]())

    def _one(self, *choices: str) -> str:
        return self.random.choice(choices)

    def _name(self) -> str:
        return self.random.choice(self._names)

    def _alias(self) -> str:
        return self._one("p", "q", "r", "i", "`a b`", "Case", "P")

    def _items(self) -> str:
        items = []
        for _ in range(self.random.randrange(1, 4)):
            if self.random.random() < 0.4:
                items.append(self._name())
            else:
                alias = self._alias()
                items.append(f"{self.expression(2)} as {alias}")
                self._names.append(alias)
        return ", ".join(items)

    def _stats(self) -> str:
        keys: list[str] = []
        names: list[str] = []
        for _ in range(self.random.choice([0, 1, 1, 2])):
            if not self._grouped and self.random.random() < 0.2:
                key = f"bin({self._one('1s', '7s', '1h', '1mo')})"
            else:
                key = self._name() if self.random.random() < 0.7 else self.expression(1)
            name = f"k{len(names)}"
            keys.append(f"{key} as {name}")
            names.append(name)
        items = []
        for n in range(self.random.randrange(1, 4)):
            items.append(f"{self._aggregate()} as v{n}")
            names.append(f"v{n}")
        self._names = names
        self._grouped = True
        return f"stats {', '.join(items)}" + (f" by {', '.join(keys)}" if keys else "")

    def _aggregate(self) -> str:
        function = self._one(
            "count",
            "countDistinct",
            "sum",
            "avg",
            "min",
            "max",
            "stddev",
            "sortsFirst",
            "sortsLast",
        )
        if not self._grouped and self.random.random() < 0.2:
            function = self._one("earliest", "latest")
        if self.random.random() < 0.1:
            return self._one("count(*)", f"pct({self._name()}, {self._one('0', '50', '99.9')})")
        return f"{function}({self.expression(1)})"

    def _sort(self) -> str:
        keys = [
            f"{self._name() if self.random.random() < 0.7 else self.expression(1)}"
            f"{self._one('', ' asc', ' desc')}"
            for _ in range(self.random.randrange(1, 3))
        ]
        return f"{self._one('sort', 'order by')} {', '.join(keys)}"

    def _parse(self) -> str:
        source = self._one("", "s ", "@message ", "mixed ")
        self._names += ["x", "y"]
        return f"parse {source}" + self._one(
            '"*a*" as x, y', '"* *" as x, y', r"/(?<x>\d+)(?<y>[a-z]*)/", r"/(?<x>a)?(?<y>.)/"
        )

    def condition(self, depth: int) -> str:
        if depth and self.random.random() < 0.5:
            inner = self.condition(depth - 1)
            kind = self.random.randrange(3)
            if kind == 0:
                return f"not ({inner})"
            return f"({inner} {self._one('and', 'or')} {self.condition(depth - 1)})"
        left = self.expression(1)
        match self.random.randrange(5):
            case 0:
                return f"{left} {self._one('in', 'not in')} [{self.literal()}, {self.literal()}]"
            case 1:
                part = self._one("a", "1", "", "0:0", '"')
                return f"{left} {self._one('like', 'not like')} '{part}'"
            case 2:
                pattern = self._one("^a", "(?i)ALPHA|b", r"\d{2}", "x|", "[[:alpha:]]+$")
                return f"{left} {self._one('like', 'not like', '=~')} /{pattern}/"
            case 3:
                return self._one(
                    f"ispresent({left})", f"isempty({left})", f"isNumeric({left})", left
                )
            case _:
                sign = self._one("=", "!=", "<", "<=", ">", ">=")
                return f"{left} {sign} {self.expression(1)}"

    def literal(self) -> str:
        return self._one(
            "1", "0", "-2.5", "200", '"1"', '"abc"', '"a9"', "true", '""', "9007199254740993"
        )

    def expression(self, depth: int) -> str:
        if not depth or self.random.random() < 0.4:
            return self._name() if self.random.random() < 0.8 else self.literal()
        a, b = self.expression(depth - 1), self.expression(depth - 1)
        return self._one(
            f"({a} {self._one(*'+-*/%^')} {b})",
            f"-{a}" if a[0] not in "-'\"" else a,
            f"concat({a}, {b})",
            f"coalesce({a}, {b})",
            f"if({a} > {b}, {a}, {b})",
            f"case({a} = 1, {b}, {b} = '1', {a})",
            f"substr({a}, {self._one('0', '2', b)})",
            f"strlen({a})",
            f"greatest({a}, {b})",
            f"{self._one('abs', 'ceil', 'floor', 'round', 'sqrt', 'log')}({a})",
            f"{self._one('toupper', 'tolower', 'trim', 'toNumber')}({a})",
            f"replace({a}, 'a', {b})",
            f"{self._one('startsWith', 'endsWith', 'strcontains')}({a}, {b})",
            f"{self._one('fromMillis', 'toMillis')}({a})",
            f"dateceil({a}, {self._one('1h', '1d')})",
        )
