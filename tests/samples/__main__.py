"""Write the files of ``sample_logs/`` anew."""

from __future__ import annotations

from tests.samples import DIRECTORY, tell

for name, content in tell().items():
    (DIRECTORY / name).write_text(content, encoding="utf-8", newline="\n")
