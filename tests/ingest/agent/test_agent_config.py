"""The agent's configuration, and what is said about mistakes in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from logq.errors import InvalidConfig, InvalidValue
from logq.ingest.agent import Agent
from logq.ingest.agent_config import Mask, config_from_arguments, load_config
from tests.ingest.agent.standins import START, FakeStorage

WHOLE = """
[agent]
sweep_seconds = 2
unfinished_seconds = 0.5

[[agent.source]]
paths = ["logs/**/*.log", "/var/log/app.log"]
exclude = ["*.gz", "tmp/*"]
group = "app"
stream = "{host}/{directory}/{name}"
format = "json"
multiline = "java"
labels = { env = "prod" }
masks = ["email", { name = "user", pattern = "u-[0-9]+" }]
zone = "Europe/Berlin"
start = "end"
max_event_bytes = 5000

[[agent.source]]
paths = "/x.log"
group = "x"
multiline = false
"""


def load(directory: Path, text: str) -> InvalidConfig:
    path = directory / "logq.toml"
    path.write_text(text)
    with pytest.raises(InvalidConfig) as caught:
        load_config(path)
    assert str(path) in caught.value.message
    return caught.value


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "logq.toml").write_text(WHOLE)
    config = load_config(tmp_path / "logq.toml")
    first, second = config.sources

    assert (config.sweep_seconds, config.unfinished_seconds) == (2.0, 0.5)
    assert first.paths == (f"{tmp_path}/logs/**/*.log", "/var/log/app.log")
    assert first.exclude == ("*.gz", f"{tmp_path}/tmp/*")
    assert first.stream_of("/var/log/app.1.log", "web-1") == "web-1/log/app"
    assert (first.format, first.multiline, first.zone) == ("json", "java", "Europe/Berlin")
    assert first.masks == (Mask("email"), Mask("user", "u-[0-9]+"))
    assert (first.labels, first.start, first.max_event_bytes) == ({"env": "prod"}, "end", 5000)
    assert (second.paths, second.multiline) == (("/x.log",), None)


def source(text: str) -> str:
    return f'[[agent.source]]\npaths = ["/a"]\ngroup = "g"\n{text}'


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[agent\n", "is not TOML: Expected ']' at the end of a table", "help agent"),
        ("x = 1", "has no [[agent.source]]", "paths"),
        ("[agent]", "agent.source is missing", "[[agent.source]]"),
        ('[[agent.source]]\npaths = ["/a"]', "agent.source[0].group is missing", "log group"),
        ('[[agent.source]]\ngroup = "g"', "agent.source[0].paths is missing", "paths ="),
        (source("fromat = 'json'"), "agent.source[0].fromat is not known", "'format'"),
        (source("start = 'begin'"), "agent.source[0].start cannot be 'begin'", "beginning, end"),
        (source("stream = '{hots}'"), "stream has no placeholder {hots}", "did you mean host?"),
        (source("stream = '{host'"), "agent.source[0].stream is not a template", "brace"),
        (source("stream = '{path.__class__}'"), "has no placeholder {path.__class__}", "path"),
        (source("zone = 'Mars'"), "agent.source[0].zone: there is no time zone 'Mars'", "UTC"),
        (source("labels = { a = 1 }"), "agent.source[0].labels.a must be a text, not 1", "quotes"),
        (source("masks = [1]"), "agent.source[0].masks[0] must be a text, not 1", "quotes"),
        (source("masks = [{ name = 'x' }]"), "masks[0].pattern must be a text", "quotes"),
        (source("max_event_bytes = 0"), "must be a number of bytes, not 0", "1048576"),
        (source("paths2 = 1"), "agent.source[0].paths2 is not known", "'paths'"),
        ("[agent]\nsweep_secs = 1\n" + source(""), "agent.sweep_secs is not known", "sweep_sec"),
        ("[agent]\nsweep_seconds = 0\n" + source(""), "must be a number of seconds, not 0", "0.5"),
    ],
)
def test_mistakes_are_named_with_their_place(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    error = load(tmp_path, text)

    assert message in error.message
    assert hint in (error.hint or "")


def test_a_mistake_in_toml_names_its_line(tmp_path: Path) -> None:
    assert "line 3" in load(tmp_path, '[agent]\n\nsweep_seconds = "\n').message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="cannot be read: No such file"):
        load_config(tmp_path / "nothing.toml")


def test_arguments_make_one_source_with_absolute_paths(tmp_path: Path) -> None:
    config = config_from_arguments(["*.log", "/x"], "app", directory=tmp_path, stream="{file}")

    assert config.sources[0].paths == (f"{tmp_path}/*.log", "/x")
    assert (config.sources[0].group, config.sources[0].stream) == ("app", "{file}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"masks": ["e-mail"]}, "there is no mask 'e-mail'"),
        ({"format": "jsno"}, "there is no log format 'jsno'"),
        ({"masks": [{"name": "x", "pattern": "("}]}, "mask '(' is not a regular expression"),
        ({"multiline": "jawa"}, "there is no multi-line preset 'jawa'"),
    ],
)
def test_unknown_formats_masks_and_presets_stop_the_start(
    options: dict[str, Any], message: str
) -> None:
    config = config_from_arguments(["/x.log"], "app", **options)

    with pytest.raises(InvalidValue) as caught:
        Agent(config, FakeStorage(), START)
    assert message in caught.value.message
