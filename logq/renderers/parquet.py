"""A Parquet file."""

from __future__ import annotations

import os
from pathlib import Path

from logq.renderer import Answer, Options, renderer
from logq.renderers.arrow import reader
from logq.terminal import Screen


@renderer("parquet", "a Parquet file: -o parquet FILE", binary=True, needs_file=True, live=False)
def render(answer: Answer, screen: Screen, options: Options) -> int:
    """Write the file in one piece: it is there whole or not at all."""
    import pyarrow.parquet as pq

    target = Path(options.file or "")
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    count = 0
    rows = reader(answer)
    try:
        with pq.ParquetWriter(unfinished, rows.schema, compression="zstd") as writer:
            for batch in rows:
                writer.write_batch(batch)
                count += batch.num_rows
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return count
