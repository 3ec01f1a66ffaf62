"""Every operation that is registered is an operation of AWS and has a test."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore import xform_name

from logq.actions.action import actions
from logq.server.cloudwatch.operation import operations
from logq.server.cloudwatch.services import service

TESTS = "\n".join(path.read_text() for path in sorted(Path(__file__).parent.glob("*.py")))


@pytest.mark.parametrize("key", operations(), ids=".".join)
def test_an_operation_is_one_of_aws(key: tuple[str, str]) -> None:
    name, operation = key

    assert operation in service(name).operation_names


@pytest.mark.parametrize("key", operations(), ids=".".join)
def test_an_operation_is_called_by_a_test(key: tuple[str, str]) -> None:
    _, name = key

    words = (f"{xform_name(name)}(", f'"{xform_name(name)}"', f'"{name}"')
    assert any(word in TESTS for word in words), f"no test calls {name}"


@pytest.mark.parametrize("key", operations(), ids=".".join)
def test_an_operation_has_an_action_that_policies_can_name(key: tuple[str, str]) -> None:
    assert operations()[key].action in actions()
