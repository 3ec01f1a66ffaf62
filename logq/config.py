"""The configuration file: where it is, and its tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from logq.errors import InvalidConfig, NotFound

CONFIG_NAME = "logq.toml"


def find_config(data: Path, config: Path | None) -> Path | None:
    """The configuration file: the one named, else ``logq.toml`` here, else beside the data."""
    if config is not None:
        if not config.is_file():
            raise NotFound(f"there is no configuration file {str(config)!r}")
        return config
    return next((p for p in (Path(CONFIG_NAME), data / CONFIG_NAME) if p.is_file()), None)


def read_config(path: Path) -> dict[str, Any]:
    """The tables of a configuration file; raises InvalidConfig."""
    import tomllib  # takes 13 ms, and most commands have no configuration file

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"{path}: {error}", hint="the file must be valid TOML") from None


def table(options: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = options.get(name, {})
    if not isinstance(table, Mapping):
        raise InvalidConfig(f"{name!r} must be a table", hint=f"write [{name}] on its own line")
    return table
