"""What a client does wrong is refused with AWS's codes and texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from logq.app import LogQ
from tests.server.cloudwatch.conftest import client_of
from tests.server.cloudwatch.errors import CASES
from tests.server.cloudwatch.serving import serve


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of one server for all mistakes, with a log group ``app``."""
    with LogQ(tmp_path_factory.mktemp("errors"), environ={}) as logq, serve(logq) as served:
        logq.storage.groups.create("app")
        yield client_of(served, "logs")


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    CASES,
    ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)],
)
def test_a_mistake_is_refused_in_the_words_of_aws(
    operation: str, params: dict[str, Any], code: str, message: str, logs: Any
) -> None:
    with pytest.raises(ClientError) as error:
        getattr(logs, xform_name(operation))(**params)

    given = error.value.response["Error"]
    assert given["Code"] == code
    assert given["Message"].startswith(message)
    assert given["Message"]
