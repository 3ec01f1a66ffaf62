"""The shape of the house: who may import whom, and what a file may look like.

The tables below are the architecture. A new arrow is a decision: edit the table in the same change
and say why. ``if TYPE_CHECKING`` imports count like any other.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "logq"

GROUND = frozenset({"arns", "config", "database", "errors", "event", "failpoints"}) | {
    "metric",
    "model",
    "notification",
    "outgoing",
    "settings",
    "units",
}
ENGINES = frozenset({"access", "audit", "ingest", "query", "storage"}) | {
    "alarms",
    "events",
    "metrics",
    "notify",
}

ROOMS: dict[str, frozenset[str]] = {
    # room of logq/ -> the other rooms it may import
    "__init__": frozenset(),
    **dict.fromkeys(GROUND, GROUND),
    **dict.fromkeys(ENGINES, GROUND),
    # Filter patterns are compiled by the query engine: metric filters, subscription filters.
    "alarms": GROUND | {"query"},  # the one reader of grammars
    "metrics": GROUND | {"query"},
    "events": GROUND | {"query"},
    "terminal": GROUND,
    "values": GROUND,
    "renderer": GROUND | {"terminal", "values"},
    "drawing": GROUND | {"terminal", "values"},
    "renderers": GROUND | {"drawing", "renderer", "terminal", "values"},
    # The engines that watch, wired to each other; what events send is handed to the others.
    "dispatch": GROUND | {"events"},
    # What the outbox has for log groups, through whoever accepts events.
    "appending": GROUND | {"ingest", "storage"},
    "monitoring": GROUND | ENGINES | {"appending", "dispatch", "evidence"},
    # What goes into a notification, and what is called by the clock.
    "evidence": GROUND | ENGINES,
    "rounds": GROUND | ENGINES | {"monitoring"},
    "app": GROUND | ENGINES | {"monitoring"},
    # The hall's upper floor: queries of other people, and what a caller may ask for at all.
    # Worker processes write answers with the renderers, to the screen that is their pipe.
    "work": GROUND | ENGINES | {"__init__", "app", "renderer", "terminal", "values"},
    "actions": GROUND | ENGINES | {"app", "values", "work"},
    # What files declare is planned and made by the actions, one after the other.
    "declared": GROUND | ENGINES | {"actions", "app"},
    # The terminal's rules of safe text hold for the server's log too; upkeep is storage's keeper.
    "server": GROUND
    | {
        "__init__",
        "access",
        "actions",
        "app",
        "declared",
        "ingest",
        "rounds",
        "storage",
        "terminal",
    }
    | {"values", "work"}
    # Its documents show what people define as it is.
    | {"alarms", "events", "metrics", "notify"},
    # Speaks HTTP to a server in place of opening a data directory.
    # Its answers and reports are those that the engines give.
    "client": GROUND | {"__init__", "app", *ENGINES},
    # Late only (see LATE): help, completion and follow read the registries and types of engines.
    "cli": GROUND
    | ENGINES
    | {
        "__init__",
        "actions",
        "app",
        "client",
        "declared",
        "renderer",
        "server",
        "terminal",
        "values",
        "work",
    },
    "__main__": frozenset({"cli"}),
}

PACKAGES: dict[str, frozenset[str]] = {
    # room -> the third-party packages it may import; rooms not named here may import none
    "audit": frozenset({"pyarrow"}),  # to prove what is in segments
    "query": frozenset({"duckdb", "lark", "orjson", "pyarrow", "re2", "sqlglot"}),
    "storage": frozenset({"cramjam", "duckdb", "filelock", "orjson", "pyarrow", "re2"}),
    "ingest": frozenset({"cramjam", "orjson", "pyarrow", "re2", "watchdog"})
    | {"google", "opentelemetry"},  # the messages of what is pushed
    "alarms": frozenset({"lark"}),
    "events": frozenset({"orjson", "pyarrow"}),
    "metrics": frozenset({"cramjam", "lark", "orjson", "pyarrow"}),
    "notify": frozenset({"apprise", "cryptography"}),
    "monitoring": frozenset({"pyarrow"}),
    "app": frozenset(),
    "evidence": frozenset(),
    "rounds": frozenset(),
    "values": frozenset({"orjson"}),
    "renderer": frozenset({"pyarrow"}),
    "renderers": frozenset({"orjson", "pyarrow"}),
    "cli": frozenset({"pyarrow", "rich", "typer"}),
    "work": frozenset({"orjson", "pyarrow"}),
    "actions": frozenset({"orjson", "pyarrow"}),
    "declared": frozenset({"yaml"}),
    "server": frozenset({"anyio", "fastapi", "orjson", "pydantic", "starlette", "uvicorn"})
    | {"botocore", "cbor2"}  # the wire protocol
    | {"cramjam", "google", "opentelemetry"}  # push ingestion
    | {"h11", "httptools", "prometheus_client", "pyarrow"},
    "client": frozenset({"cramjam", "httpx2", "orjson", "pyarrow"}),
}

HEAVY = frozenset().union(*PACKAGES.values()) - {"filelock", "typer"}
LATE = ENGINES | HEAVY | {"actions", "app", "client", "server", "work"}
"""What the modules of ``cli`` import only inside functions, so that ``logq --version`` is quick."""


@dataclass(frozen=True)
class Import:
    """One imported module as a file names it."""

    module: str
    line: int
    inside_function: bool
    type_checking: bool

    @property
    def top(self) -> str:
        return self.module.split(".")[0]

    @property
    def room(self) -> str:
        """The room of logq that is meant; ``__init__`` for the package itself."""
        return self.module.split(".")[1] if "." in self.module else "__init__"


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[Import]:
    yield from _imports(ast.parse(path.read_text()), inside=False, typing=False)


def _imports(node: ast.AST, *, inside: bool, typing: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, inside, typing)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"relative import in line {child.lineno}"
            base = child.module or ""
            names = [f"{base}.{alias.name}" for alias in child.names] if base == "logq" else [base]
            for module in names:
                whole = module == "logq.__version__"
                yield Import("logq" if whole else module, child.lineno, inside, typing)
        else:
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            guard = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            yield from _imports(child, inside=inside or function, typing=typing or guard)


def check_no_circle(arrows: Mapping[str, AbstractSet[str]]) -> None:
    """Take away what stands on nothing that is left, until nothing is left."""
    left = dict(arrows)
    while left:
        bottom = {room for room, below in left.items() if not below & left.keys()}
        assert bottom, f"these import each other: {sorted(left)}"
        left = {room: below for room, below in left.items() if room not in bottom}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", modules(), ids=name)
def test_imports_follow_the_table(path: Path) -> None:
    room = room_of(path)
    assert room in ROOMS, f"{room} is no room of the house yet: add it to the table"

    wrong = [
        f"{name(path)}:{found.line} imports {found.module}"
        for found in imports(path)
        if found.top == "logq" and found.room != room and found.room not in ROOMS[room]
    ]

    assert not wrong


@pytest.mark.parametrize("path", modules(), ids=name)
def test_third_party_packages_stay_where_they_belong(path: Path) -> None:
    allowed = PACKAGES.get(room_of(path), frozenset()) | sys.stdlib_module_names | {"logq"}

    wrong = [
        f"{name(path)}:{found.line} imports {found.module}"
        for found in imports(path)
        if found.top not in allowed
    ]

    assert not wrong


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").rglob("*.py")), ids=name)
def test_the_command_line_imports_engines_only_inside_functions(path: Path) -> None:
    wrong = [
        f"{name(path)}:{found.line} imports {found.module}"
        for found in imports(path)
        if not found.inside_function and not found.type_checking
        if (found.room if found.top == "logq" else found.top) in LATE
    ]

    assert not wrong


def test_importing_the_command_line_loads_no_engine() -> None:
    script = "import sys, logq.cli; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    late = {f"logq.{part}" if part in ROOMS else part for part in LATE}
    assert not late & set(loaded)


def test_the_house_has_no_circles() -> None:
    """Rooms only: files inside one room may lean on each other."""
    check_no_circle({room: below for room, below in ROOMS.items() if room not in GROUND})


def test_ground_modules_import_each_other_without_circles() -> None:
    arrows = {
        module: {found.room for found in imports(PACKAGE / f"{module}.py") if found.top == "logq"}
        for module in GROUND
    }
    check_no_circle(arrows)


@pytest.mark.parametrize("path", modules(), ids=name)
def test_no_module_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", modules(), ids=name)
def test_every_module_says_what_it_is(path: Path) -> None:
    words = ast.get_docstring(ast.parse(path.read_text()))

    assert words, f"{name(path)} has no docstring"
    assert words.splitlines()[0].endswith((".", ":", "?")), words.splitlines()[0]


@pytest.mark.parametrize("path", modules(), ids=name)
def test_no_module_leaves_work_lying_about(path: Path) -> None:
    assert not re.findall(r"\b(?:TODO|FIXME|XXX)\b.*", path.read_text())


def test_the_top_level_belongs_to_the_user() -> None:
    ignored = {line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}

    top = {path.name for path in ROOT.iterdir()} - ignored - {".git"}

    house = {"pyproject.toml", "README.md", "logq", "grammar", "tests", "sample_logs"}
    company = {"CHANGELOG.md", "LICENSE", ".ci", ".gitignore"}
    assert top <= house | company


def test_nothing_we_ship_names_a_place_outside_the_project() -> None:
    shipped = [
        path
        for pattern in ("logq/**/*", "grammar/*", "sample_logs/*", "*.md", "pyproject.toml")
        for path in ROOT.glob(pattern)
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert shipped

    wrong = [
        name(path)
        for path in shipped
        if any(place in path.read_bytes() for place in (b"/work/", b"../shared"))
    ]

    assert not wrong


def test_every_import_form_is_seen() -> None:
    """The reader of imports itself, on every way of writing one."""
    text = (
        "import duckdb\n"
        "from logq import errors\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from logq.storage.catalog import Catalog\n"
        "def f():\n    import logq.query.sql\n"
    )

    found = list(_imports(ast.parse(text), inside=False, typing=False))

    seen = [(i.top, i.room if i.top == "logq" else "", i.inside_function) for i in found]
    assert seen == [
        ("duckdb", "", False),
        ("logq", "errors", False),
        ("typing", "", False),
        ("logq", "storage", False),
        ("logq", "query", True),
    ]
    assert [i.type_checking for i in found] == [False, False, False, True, False]


SHORT = 30
"""Seconds that a busy machine may take for anything at all."""
CLOCKS = ("time.monotonic()", "time.perf_counter()", "time.time()")


def hurried(node: ast.AST) -> bool:
    """Whether a piece of a test wants something to happen in less than half a minute."""
    limits: list[ast.expr] = []
    if isinstance(node, ast.Call):
        limits += [k.value for k in node.keywords if k.arg == "timeout"]
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in ("soon", "until", "wait", "join", "result", "settimeout", "wait_for"):
            limits += node.args[-1:]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        limits += [node.right] if ast.unparse(node.left) in CLOCKS else []
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Lt | ast.LtE):
        began = ast.unparse(node.left)
        limits += node.comparators if any(began.startswith(f"{c} -") for c in CLOCKS) else []
    numbers = [limit.value for limit in limits if isinstance(limit, ast.Constant)]
    return any(isinstance(n, int | float) and 0.5 <= n < SHORT for n in numbers)


def test_no_test_depends_on_how_fast_the_machine_is() -> None:
    """Wait for a state, a minute if need be; a figure is for a test that is marked ``soak``."""
    found: list[str] = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if "bench" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        soak = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
            and any(ast.unparse(mark) == "pytest.mark.soak" for mark in node.decorator_list)
            for inner in ast.walk(node)
        }
        found += [
            f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
            for node in ast.walk(tree)
            if isinstance(node, ast.expr) and node not in soak and hurried(node)
        ]

    assert not found
