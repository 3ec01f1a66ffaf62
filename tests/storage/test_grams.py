"""The text index says no only where the answer is no."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from logq.storage.grams import GramsBuilder, may_contain


def index(path: Path, *row_groups: list[str]) -> str:
    builder = GramsBuilder()
    for messages in row_groups:
        builder.add(pa.chunked_array([pa.array(messages, pa.string())]))
    path.write_bytes(builder.to_bytes())
    return str(path)


def test_each_row_group_answers_for_itself(tmp_path: Path) -> None:
    path = index(tmp_path / "a", ["connection refused", "ok"], ["time-out naïve 日本"])
    answers = {
        text: [may_contain(path, n, text.encode()) for n in (0, 1)]
        for text in ("connection refused", "time-out", "日本", "refuse ", "abc", "", "ok")
    }
    assert answers == {
        "connection refused": [True, False],
        "time-out": [False, True],
        "日本": [False, True],
        "refuse ": [False, False],
        "abc": [True, True],  # too short to say
        "": [True, True],
        "ok": [True, True],
    }


def test_a_missing_or_damaged_index_says_maybe(tmp_path: Path) -> None:
    assert may_contain(str(tmp_path / "none"), 0, b"nothing")
    whole = Path(index(tmp_path / "whole", ["some text here"])).read_bytes()
    for number, data in enumerate(
        [b"", b"LQG1", whole[:50], whole[:-1], b"LQG1\xff\xff\xff\xff" + whole[8:], b"x" * 999]
    ):
        path = tmp_path / f"cut-{number}"
        path.write_bytes(data)
        assert may_contain(str(path), 0, b"some text")
    assert may_contain(str(tmp_path / "whole"), 5, b"no such row group")
    assert may_contain(str(tmp_path / "whole"), -1, b"no such row group")


def test_no_flipped_bit_makes_an_index_say_no_to_what_is_there(tmp_path: Path) -> None:
    whole = Path(index(tmp_path / "whole", ["needle in the hay"])).read_bytes()
    for place in range(0, len(whole), 7):
        path = tmp_path / f"flip-{place}"
        path.write_bytes(
            whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :]
        )
        assert may_contain(str(path), 0, b"needle in the hay"), place
        path.unlink()


@given(st.lists(st.text(max_size=30), min_size=1, max_size=8), st.data())
@hypothesis_settings(max_examples=60, deadline=None)
def test_whatever_is_in_a_message_may_be_there(messages: list[str], data: st.DataObject) -> None:
    builder = GramsBuilder()
    encoded = [m.encode("utf-8", "replace") for m in messages]
    array = pa.array([b.decode() for b in encoded], pa.string())
    start = data.draw(st.integers(0, len(messages) - 1))
    builder.add(pa.chunked_array([array.slice(start)]))
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "i"
        path.write_bytes(builder.to_bytes())
        text = data.draw(st.sampled_from(encoded[start:]))
        first = data.draw(st.integers(0, len(text)))
        assert may_contain(str(path), 0, text[first : first + 9])
