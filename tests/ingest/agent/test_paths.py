"""Glob patterns and the names that rotation makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from logq.ingest.paths import base, expand, family, is_excluded, matches


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "a.log",
        "b.txt",
        ".hidden.log",
        "x/c.log",
        "x/y/d.log",
        "x/.git/e.log",
        "x[1].log",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.log", ["a.log", "x[1].log"]),
        ("a.log", ["a.log"]),
        ("none.log", []),
        ("?.log", ["a.log"]),
        ("[ab].*", ["a.log", "b.txt"]),
        ("[!a].*", ["b.txt"]),
        (".*.log", [".hidden.log"]),
        ("**/*.log", ["a.log", "x/c.log", "x/y/d.log", "x[1].log"]),
        ("x/**", ["x/c.log", "x/y/d.log"]),
        ("*/c.log", ["x/c.log"]),
        ("x[[]1].log", ["x[1].log"]),
    ],
)
def test_patterns_find_files(tree: Path, pattern: str, found: list[str]) -> None:
    full = f"{tree}/{pattern}"

    assert sorted(expand(full)) == [f"{tree}/{name}" for name in found]
    assert all(matches(f"{tree}/{name}", full) for name in found)


def test_symlinks_are_followed_but_not_in_circles(tree: Path) -> None:
    (tree / "x" / "loop").symlink_to(tree)
    (tree / "link.log").symlink_to("b.txt")
    found = list(expand(f"{tree}/**/*.log"))

    assert found.count(f"{tree}/link.log") == 1
    assert len(found) < 20


@pytest.mark.parametrize(
    ("path", "exclude", "expected"),
    [
        ("/var/log/a.gz", ["*.gz"], True),
        ("/var/log/a.log", ["*.gz"], False),
        ("/var/log/x/a.log", ["/var/log/x/*"], True),
        ("/var/log/x/y/a.log", ["/var/log/x/*"], False),
        ("/var/log/x/y/a.log", ["/var/**/a.log"], True),
    ],
)
def test_exclusion_is_by_name_or_by_whole_path(
    path: str, exclude: list[str], expected: bool
) -> None:
    assert is_excluded(path, exclude) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/var/log/app.log", ("/var/log", False)),
        ("/var/log/*.log", ("/var/log", False)),
        ("/var/log/*/app.log", ("/var/log", True)),
        ("/var/log/**/app.log", ("/var/log", True)),
        ("/var/log/**", ("/var/log", True)),
    ],
)
def test_the_directory_to_watch(pattern: str, expected: tuple[str, bool]) -> None:
    assert base(pattern) == expected


@pytest.mark.parametrize(
    "name",
    [
        "app.log",
        "app.log.1",
        "app.log.12.gz",
        "app.log-20261123",
        "app.log-20261123.gz",
        "app.log.2026-11-23",
        "app-20261123.log",
        "app.2026-11-23.log.gz",
        "app-2026-11-23_10.log",
        "app.log-20261123-1790000000.gz",
        "/var/log/app.log.2.gz",
    ],
)
def test_rotated_names_belong_to_one_family(name: str) -> None:
    assert family(name) == "app.log"


@pytest.mark.parametrize("name", ["worker-1.log", "db2.log", "2.log", "x.json"])
def test_other_names_are_their_own_family(name: str) -> None:
    assert family(name) == name
