"""The functions behind SOURCE: which log groups they mean, and queries that use them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from logq.app import LogQ
from logq.errors import LimitExceeded, LogQError, QueryError, UnknownLogGroup, WrongArguments
from logq.ingest.incoming import incoming
from logq.model import LogGroup
from logq.query.selection import MOST_GROUPS, LogGroups, Tag, selected

ELEVEN = ",".join(["'x'"] * 11)
NOW = 1_767_607_200_000
ACCOUNT = "111122223333"
GROUPS: dict[str, dict[str, Any]] = {
    "app/cart": {"tags": {"service": "payments", "environment": "production"}},
    "app/pay": {"tags": {"service": "payment-api", "environment": "test"}},
    "api/front": {"tags": {"service": "front", "dataSource": "amazon_vpc.flow"}},
    "prod/net": {"tags": {"dataSource": "amazon_vpc.flow"}},
    "cold": {"log_class": "INFREQUENT_ACCESS"},
    "net/flow": {"format": "vpcflow"},
}


@pytest.fixture(scope="module")
def logq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogQ]:
    environ = {"LOGQ_ACCOUNT": ACCOUNT}
    path = tmp_path_factory.mktemp("selection") / "data"
    with LogQ(path, clock=lambda: NOW, environ=environ) as opened:
        for name, options in GROUPS.items():
            opened.storage.groups.create(name, **options)
            opened.accept(name, incoming([f'{{"n":"{name}"}}'], [NOW - 1], "s"))
        yield opened


def read_by(logq: LogQ, source: str) -> list[str]:
    rows = logq.queries.run(f"SOURCE {source} | stats count(*) as n by @log").rows()
    return [row[0] for row in rows]


STANDARD = sorted(name for name in GROUPS if name != "cold")


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("logGroups()", STANDARD),
        ("LOGGROUPS ( )", STANDARD),
        ("logGroups(namePrefix: ['app', 'api'])", ["api/front", "app/cart", "app/pay"]),
        ("logGroups(namePrefix: 'app/c')", ["app/cart"]),
        ("logGroups(class: ['INFREQUENT_ACCESS'])", ["cold"]),
        ("logGroups(logGroupClass: 'INFREQUENT_ACCESS', namePrefix: ['c'])", ["cold"]),
        ("logGroups(class: ['STANDARD', 'INFREQUENT_ACCESS'])", sorted(GROUPS)),
        (f"logGroups(accountIdentifiers: ['{ACCOUNT}'])", STANDARD),
        (f"logGroups(accountIdentifier: '{ACCOUNT}', namePrefix: ['net'])", ["net/flow"]),
        ("dataSource(['amazon_vpc.flow'])", ["api/front", "prod/net"]),
        ("dataSource(['amazon_vpc.flow']) logGroups(namePrefix: ['prod'])", ["prod/net"]),
        ("dataSource(['vpcflow', 'amazon_vpc.flow'])", ["api/front", "net/flow", "prod/net"]),
        (
            """logGroupTags([{"key":"service","values":["payment*"]}])""",
            ["app/cart", "app/pay"],
        ),
        (
            """logGroupTags([{"key":"service","values":["payment*"]},
                             {"key":"environment","values":["!production"]}])""",
            ["app/pay"],
        ),
        (
            """logGroupTags([{"key":"environment","values":["!production"]}])""",
            sorted(name for name in GROUPS if name != "app/cart"),
        ),
        ("""logGroupTags([{"key":"environment"}])""", ["app/cart", "app/pay"]),
        (
            """logGroups(namePrefix:['app']) logGroupTags([{"key":"environment","values":"t*"}])""",
            ["app/pay"],
        ),
        ("'cold' | SOURCE logGroups(namePrefix: ['net'])", ["cold", "net/flow"]),
        ("'cold' start=-1h end=now | SOURCE 'net/flow'", ["cold", "net/flow"]),
        ("'cold' START=-7200s END=-3600s", []),
    ],
)
def test_a_source_means_log_groups(logq: LogQ, source: str, meant: list[str]) -> None:
    assert read_by(logq, source) == meant


@pytest.mark.parametrize(
    ("source", "kind", "told"),
    [
        ("logGroups(accountIdentifiers: ['999999999999'])", UnknownLogGroup, "no log group"),
        ("logGroups(namePrefix: ['nothing'])", UnknownLogGroup, "no log group"),
        ("logGroups(namePrefix: ['a','b','c','d','e','f'])", WrongArguments, "at most 5 prefixes"),
        ("logGroups(class: ['GOLD'])", WrongArguments, "no log class 'GOLD'"),
        ("logGroups(class: 'STANDARD', logGroupClass: 'STANDARD')", WrongArguments, "given twice"),
        ("logGroups(namePrefix: [1])", WrongArguments, "1 is no text"),
        ("logGroups(nothing: ['a'])", QueryError, ""),
        ("""logGroupTags([{"values":["a"]}])""", WrongArguments, "a key and its values"),
        ("""logGroupTags([{"key":"a","value":["a"]}])""", WrongArguments, "a key and its values"),
        (f"dataSource([{ELEVEN}])", WrongArguments, "at most 10 data sources"),
    ],
)  # fmt: skip
def test_what_a_source_cannot_mean_is_told(
    logq: LogQ, source: str, kind: type[LogQError], told: str
) -> None:
    with pytest.raises(kind) as caught:
        read_by(logq, source)

    assert told in caught.value.message
    if isinstance(caught.value, QueryError):
        assert caught.value.span is not None


def test_a_function_works_in_a_query_inside_a_query(logq: LogQ) -> None:
    text = (
        "filter n in (SOURCE logGroups(namePrefix: ['app/c']) | display n) | display n"
        " | union (SOURCE logGroups(namePrefix: ['prod']) | display n) | display n | sort n"
    )

    rows = list(logq.queries.run(text, groups=["*"]).rows())

    assert rows == [("app/cart",), ("prod/net",)]


def test_log_groups_are_named_in_one_place(logq: LogQ) -> None:
    with pytest.raises(QueryError, match="named twice"):
        logq.queries.run("SOURCE logGroups() | limit 1", groups=["cold"])


def test_more_log_groups_than_allowed_are_refused() -> None:
    groups = [LogGroup(n, f"g{n}", 0) for n in range(MOST_GROUPS + 1)]

    assert len(selected([LogGroups()], groups[1:], ACCOUNT)) == MOST_GROUPS
    with pytest.raises(LimitExceeded, match="10,001 log groups"):
        selected([LogGroups()], groups, ACCOUNT)


@pytest.mark.parametrize(
    ("values", "tag", "fits"),
    [
        (("a",), "a", True),
        (("a", "b"), "b", True),
        (("a",), "ab", False),
        (("a*",), "ab", True),
        (("*b*",), "abc", True),
        (("!a*",), "ab", False),
        (("!a*",), "b", True),
        (("!a*",), None, True),
        (("a*", "!ab"), "ab", False),
        (("a*", "!ab"), "ac", True),
        (("a*", "!ab"), None, False),
        (("a.c",), "abc", False),
        ((), "x", True),
        ((), None, False),
    ],
)
def test_a_tag_fits_any_wanted_value_and_no_denied_one(
    values: tuple[str, ...], tag: str | None, fits: bool
) -> None:
    assert Tag("k", values).fits({} if tag is None else {"k": tag}) is fits
