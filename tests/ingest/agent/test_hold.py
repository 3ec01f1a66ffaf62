"""Holding back unfinished lines, and cutting endless ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logq.ingest.checkpoint import Rest
from logq.ingest.hold import Hold, Piece, complete_characters
from tests.ingest.agent.standins import held_until


def hold(limit: int = 100, rest: Rest = Rest.LINE, start: str | None = None) -> Hold:
    return Hold(0, b"", rest, limit, None if start is None else held_until(start))


def feed(held: Hold, *blocks: bytes) -> list[Piece]:
    return [piece for block in blocks for piece in held.feed(block)]


def test_a_line_goes_out_with_its_newline_only() -> None:
    held = hold()

    assert feed(held, b"ha", b"lf") == []
    (piece,) = feed(held, b" line\nnext")
    assert (piece.data, piece.end, piece.tail) == (b"half line\n", 10, b"half line\n")
    assert held.has_unfinished_line


def test_a_line_of_exactly_the_limit_is_not_cut() -> None:
    pieces = feed(hold(limit=5), b"12345", b"\n12345\r\n")

    assert [(p.data, p.cut) for p in pieces] == [(b"12345\n12345\r\n", 0)]


def test_a_line_over_the_limit_is_cut_and_counted() -> None:
    pieces = feed(hold(limit=5), b"1234567", b"89\r\nnext\n")

    assert [(p.data, p.cut, p.end) for p in pieces] == [(b"12345", 4, 11), (b"next\n", 0, 16)]


def test_the_cut_does_not_split_a_character() -> None:
    pieces = feed(hold(limit=5), "abc€€".encode(), b"\n")

    assert [(p.data, p.cut) for p in pieces] == [(b"abc", 6)]


def test_endless_text_is_never_held() -> None:
    held = hold(limit=1000)
    for _ in range(1000):
        assert held.feed(b"x" * 100_000) == []

    (piece,) = held.feed(b"\n")
    assert len(piece.data) == 1000
    assert piece.cut == 100_000_000 - 1000


def test_an_event_that_may_go_on_is_held_until_the_next_one_begins() -> None:
    held = hold(start="ERROR")

    assert feed(held, b"ERROR 1\n at a\n", b" at b\n") == []
    (piece,) = feed(held, b"ERROR 2\n")
    assert piece.data == b"ERROR 1\n at a\n at b\n"
    assert [p.data for p in held.flush_lines()] == [b"ERROR 2\n"]


def test_a_line_over_the_limit_ends_the_event_before_it() -> None:
    pieces = feed(hold(limit=10, start="ERROR"), b"ERROR 1\n at a\n", b"x" * 50, b"\n")

    assert [(p.data, p.cut) for p in pieces] == [(b"ERROR 1\n at a\n", 0), (b"x" * 10, 40)]


def test_flushing_keeps_half_a_character_unless_it_is_the_last() -> None:
    held = hold()
    held.feed("a€".encode()[:3])

    assert [p.data for p in held.flush()] == [b"a"]
    assert [p.data for p in held.flush()] == []
    assert [p.data for p in held.flush(final=True)] == ["€".encode()[:2]]


def test_the_remainder_of_a_flushed_line_is_marked() -> None:
    held = hold()
    held.feed(b"half ")
    (half,) = held.flush()
    rest = feed(Hold(half.end, half.tail, half.rest, 100), b"line\nnext\n")

    assert (half.unfinished, half.rest) == (True, Rest.CONTINUED)
    assert [(p.data, p.continued, p.end) for p in rest] == [
        (b"line\n", True, 10),
        (b"next\n", False, 15),
    ]


def test_the_remainder_of_a_flushed_cut_line_is_left_out() -> None:
    held = hold(limit=3)
    held.feed(b"12345")
    (half,) = held.flush()
    rest = feed(Hold(half.end, half.tail, half.rest, 3), b"678", b"9\nab\n")

    assert (half.data, half.cut, half.rest) == (b"123", 2, Rest.DISCARDED)
    assert [(p.data, p.end) for p in rest] == [(b"ab\n", 13)]


@given(st.binary(max_size=60), st.lists(st.integers(1, 7), max_size=30))
def test_every_byte_goes_out_once_however_the_file_is_read(data: bytes, sizes: list[int]) -> None:
    held, pieces, place = hold(limit=1000), [], 0
    for size in [*sizes, len(data)]:
        pieces += held.feed(data[place : place + size]) if data[place : place + size] else []
        place += size
    pieces += held.flush(final=True)

    assert b"".join(piece.data for piece in pieces) == data
    assert [p.end for p in pieces] == sorted(p.end for p in pieces)
    for piece in pieces:
        assert data[: piece.end].endswith(piece.tail)


@given(st.text(max_size=20), st.integers(0, 20))
def test_complete_characters_leaves_valid_text(text: str, cut: int) -> None:
    data = text.encode()[:cut]

    kept = data[: complete_characters(data)]
    assert kept.decode() == data.decode("utf-8", "ignore")
