"""The master key: 32 random bytes in a file of its own, outside of the data directory.

Secrets of access keys are derived from it, so that the data directory alone, a backup of it or a
stolen copy, lets nobody in. It is made when it is first needed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from logq.errors import InvalidConfig, StorageError

SIZE = 32


def key_file(setting: str, data: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the master key is: the setting, else below ``$XDG_CONFIG_HOME``, else the home.

    Raises InvalidConfig for a file inside the data directory.
    """
    if setting:
        path = Path(setting).expanduser().absolute()
    else:
        base = environ.get("XDG_CONFIG_HOME")
        path = (Path(base) if base else Path.home() / ".config") / "logq" / "master.key"
    if path.resolve().is_relative_to(data.resolve()):
        raise InvalidConfig(
            f"the master key {path} would be inside the data directory",
            hint="choose another place with the setting key_file or LOGQ_KEY_FILE",
        )
    return path


class MasterKey:
    """The key of one file; read, or made, when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def derive(self, purpose: str, name: str = "") -> bytes:
        """32 bytes that only this key yields, other ones for each purpose and name."""
        text = f"logq\0{purpose}\0{name}".encode()
        return hmac.digest(self._key, text, "sha256")

    @property
    def fingerprint(self) -> str:
        """Tells this key from others and gives nothing of it away."""
        return hashlib.sha256(self.derive("fingerprint")).hexdigest()[:16]

    @cached_property
    def _key(self) -> bytes:
        try:
            return self._read() if self.path.exists() else self._make()
        except OSError as error:
            raise StorageError(
                f"the master key {self.path} cannot be used: {(error.strerror or '').lower()}",
                hint="choose its place with the setting key_file or LOGQ_KEY_FILE",
            ) from None

    def _read(self) -> bytes:
        if self.path.stat().st_mode & 0o077:
            raise StorageError(
                f"the master key {self.path} can be read by others",
                hint=f"chmod 600 {self.path}; and make new keys if somebody may have read it",
            )
        try:
            key = bytes.fromhex(self.path.read_text("ascii").strip())
        except ValueError:
            key = b""
        if len(key) != SIZE:
            raise StorageError(
                f"the master key {self.path} is damaged: it must hold {2 * SIZE} hex digits",
                hint="restore it from a backup; with another one every access key is made anew",
            )
        return key

    def _make(self) -> bytes:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self.path.with_name(f".{self.path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(file, "w") as out:
                out.write(secrets.token_hex(SIZE) + "\n")
                out.flush()
                os.fsync(out.fileno())
            with suppress(FileExistsError):  # another process was quicker
                os.link(unfinished, self.path)  # unlike a rename it never replaces
        finally:
            unfinished.unlink()
        directory = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return self._read()
