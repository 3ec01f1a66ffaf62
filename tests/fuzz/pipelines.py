"""Random queries that make sense: every command, every function with arguments of its kinds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from logq.query.function import Function, Parameter, functions
from tests.query.query_maker import Maker

CONSTANTS = {
    "format": ('"%Y-%m-%d %H"', '"%s"', '"x"'),
    "pattern": ('"yyyy-MM-dd HH:mm:ss"', '"yyyy"', '"EEE"'),
    "tz": ('"Europe/Berlin"', '"UTC"', '"nowhere"'),
    "regex": ('"a(.)"', '"[0-9]+"', '"("'),
    "with_": ('"$1"', '"\\\\1"', '"x"'),
    "cidr": ('"10.0.0.0/8"', '"::/0"', '"x"'),
    "k": ("1", "3", "0"),
    "n": ("1", "4", "0"),
    "p": ("0", "50", "99.9", "101"),
    "width": ("1", "10", "0.5"),
}
PATHS = ('"a.b"', '"x"', '"[0]"', '"z.0"')
OTHER = ("1", "2.5", '"a"', "true", '"x y"')


@cache
def _functions(aggregate: bool) -> tuple[Function, ...]:
    return tuple(f for f in functions() if f.aggregate is aggregate and not f.window)


@cache
def _windows() -> tuple[Function, ...]:
    return tuple(f for f in functions() if f.window)


class Pipelines(Maker):
    """Queries whose parts fit each other, mostly."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._inside = 0

    def query(self) -> str:
        """A query, now and then over names of its own."""
        made = super().query()
        if self.random.random() < 0.9:
            return made
        self._names = ["i", "s", "b"]
        return f"let v = {self.expression(1)}; {made} | filter v > 1"

    def _stage(self) -> str:
        name, alias = self._name, self._alias
        more: list[Callable[[], str]] = [
            lambda: f"eventstats {self._total()} as e{self._by()}",
            lambda: f"window {self._windowed()} as w{self._by()}{self._order()}{self._rows()}",
            lambda: f"rename {name()} as {alias()}",
            lambda: f"drop {name()}{self._one('', ', s', ', o*', ', *')}",
            lambda: f"dedup {name()}, {name()}",
            lambda: f"countFrequent {name()}{self._one('', ', s')}",
            lambda: f"accum {name()}{self._one('', ' as a')}",
            lambda: (
                f"autoregress {name()}{self._one('', ' as a')}{self._one('', ' p=2', ' p=1-3')}"
            ),
            lambda: f"filldown{self._one('', ' f', ' f b', ' *', ' o*')}",
            lambda: f"addtotals {self._one('', 'col=true ', 'row=false col=true ')}{name()}",
            lambda: f"outlier {self._one('', 'action=remove ', 'uselower=true ')}{name()}",
            lambda: f"sessionize {name()}{self._one('', ' maxspan 10s')}{self._one('', ' as z')}",
            lambda: f"expand {name()}",
            lambda: f"unnest {name()} into u",
            lambda: f"json field={name()} {self._one(*PATHS)} as j",
            lambda: f"parse {name()} {self._mode()}",
            lambda: f"lookup levels s {self._one('OUTPUT', 'OUTPUTNEW')} word",
            lambda: f"cidrlookup nets {name()} OUTPUT net",
            lambda: f"limit any {self._one('1', '5')}",
            lambda: self._one("estimate", "anomaly", "diff", "diff previousDay"),
            lambda: f"pattern {self._one('@message', 's', name())}",
            lambda: f"relevantfields {self._one('', name() + ' ')}where {self.condition(1)}",
            lambda: f"logcompare timeshift {self._one('1d', '10s')}",
            lambda: f"filterIndex {name()} = {self.literal()}",
            lambda: (
                f"top {self._one('1', '3')} {name()} by {self._total()} as o"
                + self._one("", " other")
            ),
            lambda: f"pivot {name()} on {self._one('b', 's', name())}",
            lambda: self._one("facets", "facets 2", "fieldnames", "sample 50%"),
            lambda: f"fieldvalues {name()}",
            lambda: f"context 1 before, 2 after{self._one('', ' by s')}",
            lambda: f"filter {name()} is {self._one('', 'not ')}{self._one('missing', 'present')}",
        ]
        if not self._grouped:
            more += [
                lambda: (
                    f"timeseries {self._total()} as t by {self._one('', 's, ')}bin(10s)"
                    + self._one("", " fill 0", " fill null", " fill prev", ' tz "Europe/Berlin"')
                ),
                lambda: (
                    f"stats {self._total()} as t by bin({self._one('1s', '10s')})"
                    + self._one("", " | fillmissing with 0 for t", " | fillmissing")
                ),
            ]
        if self._inside < 2:
            more += [
                lambda: (
                    f"join {self._one('', 'type=left ', 'type=anti ')}left=a right=b "
                    f"where a.{self._plain()} = b.{self._plain()}{self._one('', ' within 5s')} "
                    f"({self._inner()})"
                ),
                lambda: f"union ({self._inner()})",
                lambda: f"appendcols {self._one('', 'override=true ', 'max=3 ')}({self._inner()})",
                lambda: f"filter {name()} in ({self._inner()} | display {self._plain()})",
                lambda: self._one("$S()", "$S(x = 3)", '$S(x = "a\' | b")'),
            ]
        if self.random.random() < 0.55:
            return super()._stage()
        return self.random.choice(more)()

    def _inner(self) -> str:
        names, grouped = list(self._names), self._grouped
        self._inside += 1
        try:
            inner = Maker.query(self) if self.random.random() < 0.8 else "limit 3"
        finally:
            self._inside -= 1
            self._names, self._grouped = names, grouped
        return self._one("", "SOURCE 'app' | ", "SOURCE logGroups() | ") + inner

    def _plain(self) -> str:
        return self._one("i", "s", "mixed", "b", "o.x")

    def _by(self) -> str:
        return "" if self.random.random() < 0.5 else f" by {self._name()}"

    def _order(self) -> str:
        return (
            "" if self.random.random() < 0.5 else f" order {self._name()}{self._one('', ' desc')}"
        )

    def _rows(self) -> str:
        return self._one("", "", " rows 3")

    def _mode(self) -> str:
        return self._one(
            *("logfmt as m", "csv as c1, c2", "kv as m", "syslog as m", 'grok "%{INT:g} %{WORD}"'),
            *('xml "/a/b" as x', r"/(?<d>\d)/ multi", r"/(\w)(\w)/ as d, e multi", '"* *" as d, e'),
            *('kv sep ":" pair ";" as m', '"a*" as d'),
        )

    def _total(self) -> str:
        if self.random.random() < 0.2:
            return f"count(*) where {self.condition(1)}"
        return self.call(self.random.choice(_functions(True)), 1)

    def _windowed(self) -> str:
        return self.call(self.random.choice((*_windows(), *_functions(True))), 1)

    def _aggregate(self) -> str:
        return self._total() if self.random.random() < 0.5 else super()._aggregate()

    def expression(self, depth: int) -> str:
        if depth and self.random.random() < 0.4:
            return self.call(self.random.choice(_functions(False)), depth - 1)
        return super().expression(depth)

    def call(self, function: Function, depth: int) -> str:
        """A call of a function with arguments of the kinds that it takes."""
        most = function.most if function.most is not None else len(function.parameters) + 2
        count = self.random.randint(function.least, most)
        if self.random.random() < 0.03:
            count += self.random.choice([-1, 1])
        arguments = [
            self._argument(function.parameter(n), depth) if function.parameters else "1"
            for n in range(max(0, count))
        ]
        return f"{self._one(function.name, *function.aliases)}({', '.join(arguments)})"

    def _argument(self, parameter: Parameter, depth: int) -> str:
        match parameter.kind:
            case "period":
                return self._one("1s", "5m", "1h", "1d", "1mo", "3q")
            case "constant":
                return self._one(*CONSTANTS.get(parameter.name, OTHER))
            case "any_or_star":
                return self._one("*", self.expression(depth))
            case "truth":
                return self.condition(depth)
            case "time":
                return self._one("@timestamp", "@ingestionTime", "fromMillis(i * 1e12)", "bin(1h)")
            case "number":
                return self._one("i", "f", "big", "-1", "2.5", self.expression(depth))
            case _:
                return self.expression(depth)
