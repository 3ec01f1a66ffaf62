"""Reading: whole lines, whatever the bytes, the packing and the size."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zlib
from pathlib import Path

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logq.errors import LogQError
from logq.ingest.reader import TAIL, Block, Splitter, read_blocks
from logq.ingest.sources import DamagedSource, advance, open_source, read_exactly

LIMIT = 1 << 20


class Bytes:
    """A source in memory."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, length: int) -> bytes:
        return self._file.read(length)

    def taken(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()


class Endless:
    """A line of a gigabyte."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, length: int) -> bytes:
        length = min(length, self._left)
        self._left -= length
        return b"x" * length

    def taken(self) -> int:
        return 0

    def close(self) -> None: ...


def lines_of(blocks: list[Block]) -> list[bytes]:
    return [line for block in blocks for line in block.lines.to_pylist()]


def expected_lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return lines[:-1] if not lines[-1] else lines


@given(
    st.lists(st.sampled_from([b"", b"a", b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"bc\n"])),
    st.integers(1, 7),
)
def test_lines_are_those_that_newlines_end_however_the_bytes_arrive(
    parts: list[bytes], step: int
) -> None:
    data = b"".join(parts)
    blocks = list(read_blocks(Bytes(data), LIMIT, step=step))
    assert lines_of(blocks) == expected_lines(data)
    for block in blocks:
        assert block.tail == data[max(0, block.end - TAIL) : block.end]
    assert not blocks or blocks[-1].end == len(data)


@given(st.lists(st.integers(0, 40), min_size=1), st.integers(1, 50), st.booleans(), st.booleans())
def test_a_line_over_the_limit_is_cut_and_what_is_missing_is_counted(
    lengths: list[int], step: int, returns: bool, last_newline: bool
) -> None:
    limit = 16
    ending = b"\r\n" if returns else b"\n"
    data = ending.join(b"y" * length for length in lengths) + (ending if last_newline else b"")
    blocks = list(read_blocks(Bytes(data), limit, step=step))
    whole = expected_lines(data)
    row = 0
    for block in blocks:
        for at, line in enumerate(block.lines.to_pylist()):
            wanted = whole[row]
            if at in block.cuts:
                assert len(line) == limit
                # The return of a CRLF is no part of the line.
                text = wanted.removesuffix(b"\r") if ending == b"\r\n" else wanted
                assert len(line) + block.cuts[at] in (len(text), len(wanted))
            else:
                assert line == wanted
            row += 1
        assert block.tail == data[max(0, block.end - TAIL) : block.end]
    assert row == len(whole)


def test_a_gigabyte_without_newline_takes_little_memory() -> None:
    tracemalloc.start()
    blocks = list(read_blocks(Endless(1 << 30), LIMIT))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [len(block.lines) for block in blocks] == [1]
    assert blocks[0].cuts == {0: (1 << 30) - LIMIT}
    assert peak < 40 << 20


def test_a_splitter_that_was_fed_nothing_has_no_last_line() -> None:
    assert Splitter(10).finish() is None


CONTENT = b"".join(b"line %d of a log\n" % number for number in range(20_000))


def pack(how: str, content: bytes) -> bytes:
    if how == "gz":
        return gzip.compress(content)
    return bytes(cramjam.zstd.compress(content)) if how == "zst" else content


@pytest.mark.parametrize("how", ["plain", "gz", "zst"])
def test_packed_files_are_known_by_their_bytes(tmp_path: Path, how: str) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(pack(how, CONTENT))
    assert lines_of(list(read_blocks(open_source(str(path)), LIMIT))) == expected_lines(CONTENT)


@pytest.mark.parametrize("how", ["gz", "zst"])
def test_packed_files_that_were_appended_to_each_other_are_one(tmp_path: Path, how: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(pack(how, b"a\nb") + pack(how, b"c\n"))
    assert lines_of(list(read_blocks(open_source(str(path)), LIMIT))) == [b"a", b"bc"]


@pytest.mark.parametrize("how", ["gz", "zst"])
def test_a_truncated_packed_file_gives_what_it_holds_and_then_an_error(
    tmp_path: Path, how: str
) -> None:
    path = tmp_path / "log"
    # Random-looking lines, so that the packed data has many blocks.
    content = b"".join(b"%032x\n" % (number * 2654435761 % 2**128) for number in range(40_000))
    packed = pack(how, content)
    path.write_bytes(packed[: len(packed) * 3 // 4])
    lines: list[bytes] = []
    with pytest.raises(DamagedSource, match=str(path)):
        for block in read_blocks(open_source(str(path)), LIMIT):
            lines += block.lines.to_pylist()
    assert len(lines) > 10_000
    assert expected_lines(content)[: len(lines) - 1] == lines[:-1]


def test_a_file_that_is_not_gzip_after_its_header_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(b"\x1f\x8b\x08" + b"junk" * 100)
    with pytest.raises(DamagedSource, match="not gzip"):
        list(read_blocks(open_source(str(path)), LIMIT))


@pytest.mark.parametrize("how", ["gz", "zst"])
def test_a_bomb_takes_little_memory(tmp_path: Path, how: str) -> None:
    path = tmp_path / "bomb"
    if how == "gz":
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        packed = b"".join(packer.compress(bytes(1 << 24)) for _ in range(16)) + packer.flush()
    else:
        packed = bytes(cramjam.zstd.compress(bytes(1 << 24))) * 16
    path.write_bytes(packed)
    del packed
    tracemalloc.start()
    blocks = list(read_blocks(open_source(str(path)), LIMIT))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert blocks[0].cuts == {0: (1 << 28) - LIMIT}
    assert peak < 40 << 20


@pytest.mark.parametrize("how", ["plain", "gz", "zst"])
def test_advancing_gives_the_bytes_before_the_place(tmp_path: Path, how: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(pack(how, CONTENT))
    source = open_source(str(path))
    assert advance(source, 300_000, 10) == CONTENT[299_990:300_000]
    assert read_exactly(source, 20) == CONTENT[300_000:300_020]
    assert advance(open_source(str(path)), len(CONTENT) + 1, 10) is None
    assert advance(open_source(str(path)), len(CONTENT) + 5000, 10) is None
    assert advance(open_source(str(path)), 3, 10) == CONTENT[:3]


def test_a_missing_file_and_a_directory_are_named(tmp_path: Path) -> None:
    with pytest.raises(LogQError, match=r"there is no file .*nowhere"):
        open_source(str(tmp_path / "nowhere"))
    with pytest.raises(LogQError, match="is a directory"):
        open_source(str(tmp_path))
