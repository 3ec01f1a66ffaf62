"""Cells of one metric and resolution as one compressed piece of bytes.

Like numbers stand together: where values differ, they differ in the same bytes. Figures are left
out where the samples give them again, which is nearly always.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import islice

import cramjam
import orjson

from logq.metrics.cells import Cell, Place
from logq.metrics.summary import NOTHING, Figures, Summary

SLOTS = 1_440
"""How many buckets a block spans."""

_LEVEL = 3
_SCALES = range(4)
_LARGEST = 2.0**40
_HEAD = struct.Struct("<I")
_COUNTED, _FOLDED, _OPAQUE = 1, 2, 4


def number_of(resolution: int, start: int) -> int:
    """The number of the block in which a bucket lies."""
    return start // (resolution * SLOTS)


def pack(cells: Sequence[Cell]) -> bytes:
    """The bytes of cells of one block; not empty."""
    resolution = cells[0].place.resolution
    base = number_of(resolution, cells[0].place.start) * SLOTS
    units = sorted({cell.place.unit for cell in cells})
    slots: list[int] = []
    kinds: list[int] = []
    sizes: list[int] = []
    values: list[float] = []
    counts: list[float] = []
    bins: list[int] = []
    figures: list[float] = []
    for cell in cells:
        summary = cell.summary
        weights = summary.counts
        counted = any(weight != 1.0 for weight in weights)
        slots.append(cell.place.start // resolution - base)
        kinds.append(counted | bool(summary.bins) << 1 | summary.opaque << 2)
        sizes.append(len(weights))
        bins.extend(sorted(summary.bins))
        values.extend(sorted(summary.values))
        counts.extend(weights if counted else ())
        figures.extend(summary.rest if summary.rest.samples else ())
    many = len(cells)
    columns = (values, counts, figures)
    scales = [_scale(numbers) for numbers in columns]
    lengths = [many, len(values), len(counts), len(figures), len(bins)]
    head = orjson.dumps([*lengths, units, scales])
    body = b"".join(
        (
            struct.pack(f"<{many}H", *slots),
            struct.pack(f"<{many}H", *sizes),
            bytes(kinds),
            bytes(units.index(cell.place.unit) for cell in cells),
            struct.pack(f"<{len(bins)}h", *bins),
            *(_spread(*each) for each in zip(columns, scales, strict=True)),
        )
    )
    return _HEAD.pack(len(head)) + head + bytes(cramjam.zstd.compress(body, _LEVEL))


def unpack(metric: int, resolution: int, number: int, data: bytes) -> Iterator[Cell]:
    """The cells that were packed, in their order."""
    (length,) = _HEAD.unpack_from(data)
    start = _HEAD.size + length
    many, *lengths, n_bins, units, scales = orjson.loads(data[_HEAD.size : start])
    body = bytes(cramjam.zstd.decompress(data[start:]))
    slots = struct.unpack_from(f"<{many}H", body)
    sizes = struct.unpack_from(f"<{many}H", body, 2 * many)
    kinds, unit_numbers = body[4 * many : 5 * many], body[5 * many : 6 * many]
    at = 6 * many
    bins = iter(struct.unpack_from(f"<{n_bins}h", body, at))
    at += 2 * n_bins
    columns = []
    for size, scale in zip(lengths, scales, strict=True):
        columns.append(iter(_gathered(body[at : at + 8 * size], scale)))
        at += 8 * size
    values, counts, figures = columns
    for slot, size, kind, unit in zip(slots, sizes, kinds, unit_numbers, strict=True):
        weights = list(islice(counts, size)) if kind & _COUNTED else [1.0] * size
        summary = Summary(opaque=bool(kind & _OPAQUE))
        if kind & _FOLDED:
            summary.bins = dict(zip(islice(bins, size), weights, strict=True))
        else:
            summary.values = dict(zip(islice(values, size), weights, strict=True))
        rest = kind & (_FOLDED | _OPAQUE)
        summary.rest = Figures(*islice(figures, 4)) if rest else NOTHING
        place = Place(resolution, (number * SLOTS + slot) * resolution, metric, units[unit])
        yield Cell(place, summary.figures, summary.detail())


def _scale(numbers: Sequence[float]) -> int | None:
    """The power of ten that makes whole numbers of them all, if a small one does."""
    for scale in _SCALES:
        power = 10**scale
        if all(abs(n) < _LARGEST and round(n * power) / power == n for n in numbers):
            return scale
    return None


def _spread(numbers: Sequence[float], scale: int | None) -> bytes:
    """All first bytes, then all second bytes, and so on; of whole numbers where they are such."""
    if scale is None:
        data = struct.pack(f"<{len(numbers)}d", *numbers)
    else:
        data = struct.pack(f"<{len(numbers)}q", *(round(n * 10**scale) for n in numbers))
    return b"".join(data[at::8] for at in range(8))


def _gathered(data: bytes, scale: int | None) -> Sequence[float]:
    many = len(data) // 8
    mixed = bytearray(len(data))
    for at in range(8):
        mixed[at::8] = data[at * many : (at + 1) * many]
    if scale is None:
        return struct.unpack(f"<{many}d", mixed)
    return [number / 10**scale for number in struct.unpack(f"<{many}q", mixed)]
