"""Where LogQ may post to: only public addresses, looked up once, except what a setting names."""

from __future__ import annotations

import pytest

from logq.errors import InvalidConfig, InvalidValue
from logq.notify.guard import Allowed, Refused, check, destination
from logq.notify.transport import Request, Transport, Unreachable
from tests.notify.service import Service, serving

NOT_PUBLIC = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "192.0.0.192", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="which the setting notify_allow does not name"):
        check(destination("https://chat.example.com/x"), [address], Allowed())


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_a_public_address_is_good(address: str) -> None:
    assert check(destination("https://chat.example.com/x"), [address], Allowed()) == [address]


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(Refused):
        check(destination("https://chat.example.com/x"), ["1.1.1.1", "10.0.0.1"], Allowed())


@pytest.mark.parametrize(
    ("setting", "address", "good"),
    [
        ("chat.internal", "10.0.0.1", True),
        ("CHAT.internal.", "fd12::1", True),
        ("10.0.0.0/8", "10.0.0.1", True),
        ("10.0.0.0/8", "::ffff:10.0.0.1", True),
        ("10.0.0.1, other", "10.0.0.1", True),
        ("other", "10.0.0.1", False),
        ("192.168.0.0/16", "10.0.0.1", False),
        # Only an address itself opens what is worse than private.
        ("chat.internal", "127.0.0.1", False),
        ("chat.internal", "169.254.169.254", False),
        ("0.0.0.0/0", "127.0.0.1", False),
        ("::/0", "::1", False),
        ("fc00::/7", "fd00:ec2::254", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("[::1]", "::1", True),
    ],
)
def test_a_setting_opens_what_it_names(setting: str, address: str, good: bool) -> None:
    allowed = Allowed.parse(setting)
    place = destination("https://chat.internal/x")
    if good:
        assert check(place, [address], allowed)
    else:
        with pytest.raises(Refused):
            check(place, [address], allowed)


@pytest.mark.parametrize("setting", ["10.0.0.0/33", "http://x", "10.0.0.1/8", "a/b"])
def test_a_setting_that_names_nothing_is_said(setting: str) -> None:
    with pytest.raises(InvalidConfig, match="notify_allow"):
        Allowed.parse(setting)


@pytest.mark.parametrize(
    "url",
    ["", "x", "ftp://h/", "https://", "https:///x", "https://h:99999/", "https://[::1/", "//h/x",
     "https://h/a b", "https://h/\r\nx", "https://user:pw@h/", "https://ü.example/", "file:///etc",
     "https://h\\@127.0.0.1/", "gopher://h/", "https://h/\x00"],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue):
        destination(url)


@pytest.mark.parametrize(
    "url",
    ["http://2130706433/", "http://127.1/", "http://0x7f.0.0.1/", "http://localhost/",
     "http://[::ffff:127.0.0.1]/", "https://localhost:1/", "http://0/"],
)  # fmt: skip
def test_other_spellings_of_loopback_are_looked_up_and_refused(url: str) -> None:
    with pytest.raises((Refused, Unreachable)):
        Transport(Allowed(), seconds=60)(Request(url, b""))


def test_a_host_is_looked_up_once_and_that_address_is_used(service: Service) -> None:
    """A name that means another address the next time gets nowhere."""
    asked: list[str] = []

    def lookup(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    port = int(service.url.rpartition(":")[2])
    allowed = Allowed.parse("127.0.0.1")

    reply = Transport(allowed, lookup, seconds=60)(
        Request(f"http://chat.example.com:{port}/a%2Fb?c=%20d", b"{}")
    )

    assert reply.status == 200
    assert asked == ["chat.example.com"]
    assert service.got[0].headers["host"] == f"chat.example.com:{port}"
    assert service.got[0].path == "/a%2Fb?c=%20d"


def test_a_reply_is_read_up_to_a_limit_and_redirects_are_not_followed(service: Service) -> None:
    service.answer(302, b"x" * (1 << 20), Location="http://169.254.169.254/")

    reply = Transport(Allowed.parse("127.0.0.1"), seconds=60)(Request(service.url, b""))

    assert (reply.status, len(reply.body), len(service.got)) == (302, 64 << 10, 1)


def test_a_receiver_that_does_not_answer_is_given_up_in_time() -> None:
    """The clock is not the one of the wall: a second passes whenever somebody looks."""
    seconds = iter(range(1000))
    with serving() as silent:
        silent.silent.set()
        transport = Transport(
            Allowed.parse("127.0.0.1"), seconds=3, clock=lambda: float(next(seconds))
        )
        with pytest.raises(Unreachable, match="did not answer in 3 s"):
            transport(Request(silent.url, b"{}"))


@pytest.mark.parametrize("headers", [{"x": "a\r\nHost: b"}, {"x\n": "a"}, {"x": "ü"}])
def test_a_header_cannot_hold_another(service: Service, headers: dict[str, str]) -> None:
    with pytest.raises(Refused):
        Transport(Allowed.parse("127.0.0.1"), seconds=60)(Request(service.url, b"", headers))
    assert service.got == []
