"""The files that ``logq ingest`` is told to read, and the streams that they become."""

from __future__ import annotations

import glob
import re
import socket
from collections.abc import Sequence
from pathlib import Path

from logq.errors import InvalidValue
from logq.ingest.sources import STDIN

STREAM = "{file}"
PLACEHOLDERS = ("file", "name", "path", "directory", "host")
"""Of a stream template: file name, the same without endings, whole path, last directory, host."""

_WILD = re.compile(r"[*?\[]")


def expand(paths: Sequence[str]) -> list[str]:
    """The files that names and globs stand for, each once, in the order given.

    A name that exists is that file, whatever characters are in it; a glob that matches nothing
    stays, so that it is reported as missing.
    """
    names: dict[str, None] = {}
    for path in paths:
        if path == STDIN or not _WILD.search(path) or Path(path).exists():
            names[path] = None
            continue
        # Not pathlib's: it cannot keep a relative name as the user wrote it.
        matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207
        files = [match for match in matches if not Path(match).is_dir()]
        names.update(dict.fromkeys(files or [path]))
    return list(names)


def stream_name(template: str, path: str) -> str:
    """The log stream of a file; raises InvalidValue for a template that cannot be filled in."""
    whole = Path("stdin") if path == STDIN else Path(path).absolute()
    values = {
        "file": whole.name,
        "name": whole.name.partition(".")[0] or whole.name,
        "path": str(whole),
        "directory": whole.parent.name,
        "host": socket.gethostname(),
    }
    try:
        filled = template.format_map(values)
    except (KeyError, ValueError, IndexError, AttributeError, TypeError):
        raise InvalidValue(
            f"stream template {template!r} cannot be filled in",
            hint=f"placeholders: {', '.join('{' + name + '}' for name in PLACEHOLDERS)}",
        ) from None
    return filled.encode("utf-8", "replace").decode() or whole.name


def is_regular(path: str) -> bool:
    """Whether a path is a file that can be read again; pipes and standard input are not."""
    return path != STDIN and Path(path).is_file()


def size_of(path: str) -> int:
    """Bytes of a file on disk; 0 if that is not known."""
    try:
        return Path(path).stat().st_size if is_regular(path) else 0
    except OSError:
        return 0


def modified(path: str) -> int | None:
    """When a file was last written, epoch milliseconds."""
    try:
        return int(Path(path).stat().st_mtime * 1000) if is_regular(path) else None
    except OSError:
        return None
