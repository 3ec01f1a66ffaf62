"""Where one syslog message ends and the next begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logq.server.syslog.framing import Framing

LIMIT = 100


def read(data: bytes, *cuts: int, limit: int = LIMIT) -> list[bytes]:
    """The messages of a connection whose bytes come in pieces."""
    framing = Framing(limit)
    found: list[bytes] = []
    at = 0
    for cut in (*sorted(cuts), len(data)):
        found += framing.feed(data[at:cut])
        at = cut
    return found + framing.finish()


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        (b"<1>a\n<2>b\n", [b"<1>a", b"<2>b"]),
        (b"<1>a\r\n\r\n<2>b", [b"<1>a", b"<2>b"]),
        (b"4 <1>a4 <2>b", [b"<1>a", b"<2>b"]),
        (b"5 <1>a\n<2>b\n4 <3>c", [b"<1>a", b"<2>b", b"<3>c"]),
        (b"9 <1>a\nb\nc\n", [b"<1>a\nb\nc"]),
        (b"<1>a\x00\n\x004 <2>b\n", [b"<1>a", b"<2>b"]),
        (b"123\n<2>b\n", [b"123", b"<2>b"]),
        (b"0 a\n", [b"0 a"]),
        (b"10 short", [b"short"]),
        (b"10 ", []),
        (b"", []),
        (b"\n\n\r\n", []),
    ],
)
def test_both_framings_are_told_apart_message_by_message(
    data: bytes, messages: list[bytes]
) -> None:
    assert read(data) == messages
    assert read(data, *range(len(data))) == messages


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        (b"x" * 250 + b"\n<1>b\n", [b"x" * 100, b"<1>b"]),
        (b"250 " + b"x" * 250 + b"4 <1>b", [b"x" * 100, b"<1>b"]),
        (b"999999999 " + b"x" * 500, [b"x" * 100]),
        (b"x" * 250, [b"x" * 100]),
    ],
)
def test_a_message_over_the_limit_is_cut_and_counted(data: bytes, messages: list[bytes]) -> None:
    for cuts in (range(0), range(0, len(data), 7), range(len(data))):
        framing = Framing(LIMIT)
        found: list[bytes] = []
        at = 0
        for cut in (*cuts, len(data)):
            found += framing.feed(data[at:cut])
            at = cut
        assert found + framing.finish() == messages
        assert framing.cut == 1


TEXTS = st.binary(max_size=40).map(lambda data: b"<" + data.replace(b"\n", b"").strip(b"\r\0"))


@given(
    messages=st.lists(st.tuples(TEXTS, st.booleans()), max_size=8),
    cuts=st.lists(st.integers(0, 500), max_size=10),
)
def test_messages_come_out_as_they_went_in_however_the_bytes_arrive(
    messages: list[tuple[bytes, bool]], cuts: list[int]
) -> None:
    data = b"".join(
        b"%d %s" % (len(text), text) if counted else text + b"\n" for text, counted in messages
    )

    found = read(data, *(cut for cut in cuts if cut <= len(data)))

    assert found == [text for text, _ in messages]


@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=5))
def test_no_bytes_whatever_make_a_message_over_the_limit(data: bytes, cuts: list[int]) -> None:
    found = read(data, *(cut for cut in cuts if cut <= len(data)), limit=20)

    assert all(0 < len(message) <= 20 for message in found)
