"""LogQ as one object: a data directory, the engines on it, and the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from logq import settings
from logq.errors import InvalidConfig, NotFound

if TYPE_CHECKING:
    from logq.query.engine import Queries, Snapshots
    from logq.storage import Storage
    from logq.storage.findings import Report

CONFIG_NAME = "logq.toml"


def epoch_ms() -> int:
    """The time now in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class LogQ:
    """A data directory with its engines; each is built when it is first asked for."""

    def __init__(
        self,
        data: Path,
        config: Path | None = None,
        *,
        clock: Callable[[], int] = epoch_ms,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.data = data
        self.clock = clock
        self.config = find_config(data, config)
        self.options = read_config(self.config) if self.config else {}
        self.settings = settings.load(_table(self.options, "settings"), environ)

    @cached_property
    def storage(self) -> Storage:
        """The storage engine; opens or makes the data directory."""
        from logq.storage import Storage

        return Storage.open(self.data, self.clock, self.settings)

    @cached_property
    def queries(self) -> Queries:
        """The query engine over this directory's events."""
        return self.queries_over(self.storage)

    def queries_over(self, store: Snapshots) -> Queries:
        """A query engine over some of this directory's events."""
        from logq.query.engine import Queries
        from logq.storage.grams import may_contain

        return Queries(
            store,
            self.settings,
            self.clock,
            directory=str(self.data.absolute()),
            text_index=may_contain,
        )

    def doctor(
        self, repair: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Report:
        """Check the data directory, also one that cannot be opened; raises CatalogMissing."""
        from logq.storage.doctor import examine

        return examine(self.data, self.clock, repair, progress)

    def close(self) -> None:
        """Give the data directory back."""
        if "queries" in self.__dict__:
            self.queries.close()
        if "storage" in self.__dict__:
            self.storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def find_config(data: Path, config: Path | None) -> Path | None:
    """The configuration file: the one named, else ``logq.toml`` here, else beside the data."""
    if config is not None:
        if not config.is_file():
            raise NotFound(f"there is no configuration file {str(config)!r}")
        return config
    return next((p for p in (Path(CONFIG_NAME), data / CONFIG_NAME) if p.is_file()), None)


def read_config(path: Path) -> dict[str, Any]:
    """The tables of a configuration file; raises InvalidConfig."""
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"{path}: {error}", hint="the file must be valid TOML") from None


def _table(options: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = options.get(name, {})
    if not isinstance(table, Mapping):
        raise InvalidConfig(f"{name!r} must be a table", hint=f"write [{name}] on its own line")
    return table
