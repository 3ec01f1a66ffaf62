"""The cases of the specification, where it lies beside the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / "../shared/spec/alarm-cases.json"
CASES: dict[str, Any] = json.loads(FILE.read_text()) if FILE.is_file() else {}


def each(section: str, key: str = "id", having: str = "") -> list[Any]:
    """The cases of a section as parameters; one that is skipped where the file is absent.

    ``having`` is a member that they must have.
    """
    if not CASES:
        absent = pytest.mark.skip(reason="the specification is not beside this checkout")
        return [pytest.param({}, id="absent", marks=absent)]
    return [
        pytest.param(case, id=case[key]) for case in CASES[section] if having in case or not having
    ]
