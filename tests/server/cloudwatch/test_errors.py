"""What a client does wrong is refused with AWS's codes and texts."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.server.cloudwatch.errors import CASES


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    CASES,
    ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)],
)
def test_a_mistake_is_refused_in_the_words_of_aws(
    operation: str, params: dict[str, Any], code: str, message: str, logs: Any
) -> None:
    logs.create_log_group(logGroupName="app")

    with pytest.raises(ClientError) as error:
        getattr(logs, xform_name(operation))(**params)

    given = error.value.response["Error"]
    assert given["Code"] == code
    assert given["Message"].startswith(message)
    assert given["Message"]
