"""The sample logs and the story that is told with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SCRIPT = "demo.toml"


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of sample logs and where its events go."""

    path: Path
    group: str
    stream: str


@dataclass(frozen=True, slots=True)
class DemoQuery:
    """A question of the demo."""

    title: str
    sentence: str
    groups: tuple[str, ...]
    output: str
    text: str


@dataclass(frozen=True, slots=True)
class Next:
    """Something to type after the demo."""

    title: str
    command: str
    """Without the program and its data directory."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo loads and asks."""

    title: str
    read_at: float
    """When the samples were written, in epoch seconds."""
    samples: tuple[Sample, ...]
    queries: tuple[DemoQuery, ...]
    next: tuple[Next, ...]


def folder() -> Path:
    """The sample logs: ``logq/sample_logs`` in a wheel, ``sample_logs`` in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "sample_logs", package.parent / "sample_logs"):
        if (place / SCRIPT).is_file():
            return place
    raise FileNotFoundError(f"{SCRIPT} is not part of this installation")


def read_demo() -> Demo:
    """The demo as its script tells it."""
    import tomllib

    place = folder()
    script = tomllib.loads((place / SCRIPT).read_text(encoding="utf-8"))
    return Demo(
        script["title"],
        script["read_at"].timestamp(),
        tuple(Sample(place / s["file"], s["group"], s["stream"]) for s in script["load"]),
        tuple(
            DemoQuery(q["title"], q["sentence"], tuple(q["groups"]), q["output"], q["text"].strip())
            for q in script["query"]
        ),
        tuple(Next(n["title"], n["command"]) for n in script["next"]),
    )
