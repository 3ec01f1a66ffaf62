"""The data directory: where things are, and the file operations that survive a power cut."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from logq.errors import DiskFull, StorageError
from logq.failpoints import reach


@dataclass(frozen=True, slots=True)
class Directory:
    """The places inside one data directory."""

    root: Path

    @property
    def catalog(self) -> Path:
        return self.root / "catalog.sqlite"

    @property
    def marker(self) -> Path:
        return self.root / "LOGQ"

    @property
    def groups(self) -> Path:
        return self.root / "groups"

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    @property
    def answers(self) -> Path:
        """Rows of queries that were started to be fetched later."""
        return self.root / "answers"

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    def group(self, group_id: int) -> Path:
        """The directory of a log group's segments."""
        return self.groups / str(group_id)

    def segment(self, group_id: int, day: str, segment_id: str) -> Path:
        """The Parquet file of a segment."""
        return self.group(group_id) / f"dt={day}" / f"{segment_id}.parquet"

    def grams(self, group_id: int, day: str, segment_id: str) -> Path:
        """The text index of a segment; the underscore hides it from Spark and its like."""
        return self.group(group_id) / f"dt={day}" / f"_{segment_id}.grams"

    def relative(self, path: Path) -> str:
        """A path as the catalog writes it."""
        return path.relative_to(self.root).as_posix()

    def segment_files(self) -> Iterator[Path]:
        """Every Parquet file that is there, listed in the catalog or not."""
        return self.groups.glob("*/dt=*/*.parquet")


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Say what the disk refused, in words; raises DiskFull or StorageError for OSError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"no space left on the disk while {what}",
                hint="free some space, delete a log group or give one a shorter retention",
            ) from error
        reason = error.strerror or str(error)
        raise StorageError(
            f"{what} failed: {reason}", hint="look at the disk and the directory's permissions"
        ) from error


def is_damage(error: BaseException) -> bool:
    """Whether an error in reading a file speaks against the file, not against this process."""
    return getattr(error, "errno", None) not in _OURS


_OURS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES, errno.EPERM, errno.EINTR)


class HashingFile:
    """A binary file for pyarrow that knows the SHA-256 of what was meant to be written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._size = 0
        self.closed = False

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self._file.write(view)
        self._hash.update(view)
        self._size += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self.closed = True

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


@contextmanager
def new_file(directory: Directory, target: Path) -> Iterator[HashingFile]:
    """Write ``target`` so that after the block it is there, complete and durable, or not at all."""
    temporary = directory.tmp / target.name
    try:
        with disk_errors("writing a segment"):
            reach("file.before-write")
            with temporary.open("xb") as file:
                sink = HashingFile(file)
                yield sink
                file.flush()
                reach("file.before-fsync")
                os.fsync(file.fileno())
            reach("file.before-rename")
            _move(temporary, target, directory.groups)
            reach("file.after-rename")
            sync_directory(target.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _move(temporary: Path, target: Path, root: Path) -> None:
    for _ in range(8):
        make_directory(target.parent, root)
        try:
            temporary.rename(target)
            return
        except FileNotFoundError:
            continue  # the directory was empty and somebody removed it just now
    raise FileNotFoundError(errno.ENOENT, "the directory vanishes again and again", str(target))


def make_directory(path: Path, root: Path) -> None:
    """Make ``path`` below ``root``, durably."""
    if path == root or path.is_dir():
        return
    make_directory(path.parent, root)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """The SHA-256 of a file as it is on the disk now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
