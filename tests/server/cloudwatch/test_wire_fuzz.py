"""Whatever is sent to an operation, the answer is never a fault of the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import orjson
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logq.app import LogQ
from logq.server.cloudwatch.operation import operations
from logq.server.cloudwatch.services import by_prefix, service
from tests.server.cloudwatch.serving import NOW, Served, serve

pytestmark = pytest.mark.slow
STREAMS = ("StartLiveTail", "StartQuery", "GetLogGroupFields")
"""Need workers or do not end."""
LOGS = [name for kind, name in operations() if kind == "logs" and name not in STREAMS]
PREFIX = next(prefix for prefix, model in by_prefix().items() if model.service_name == "logs")
NUMBERS = (0, 1, 7, 50, NOW, -1, 1 << 62)
MISFITS: tuple[Any, ...] = (None, 0, 1.5, "x", True, [], {}, [[]], {"a": None})
NAMES = ("app", "s", "f", "arn:aws:logs:us-east-1:000000000000:log-group:app", "*", "", "/")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with LogQ(tmp_path_factory.mktemp("fuzz"), clock=lambda: NOW, environ={}) as logq:
        logq.storage.groups.create("app")
        logq.storage.groups.create_stream("app", "s")
        with serve(logq) as served:
            yield served


def values(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Mostly values of the shape, and now and then anything."""
    if isinstance(shape, StructureShape):
        members = {name: values(member, depth + 1) for name, member in shape.members.items()}
        required = {name: members.pop(name) for name in shape.required_members}
        right: st.SearchStrategy[Any] = st.fixed_dictionaries(required, optional=members)
    elif isinstance(shape, ListShape):
        right = st.lists(values(shape.member, depth + 1), max_size=3)
    elif isinstance(shape, MapShape):
        right = st.dictionaries(st.text(max_size=3), values(shape.value, depth + 1), max_size=3)
    elif shape.type_name == "string":
        given = st.sampled_from(shape.metadata.get("enum", NAMES))
        right = given | st.text(max_size=6)
    elif shape.type_name in ("integer", "long"):
        right = st.sampled_from(NUMBERS) | st.integers(-(1 << 63), (1 << 63) - 1)
    elif shape.type_name == "boolean":
        right = st.booleans()
    else:
        right = st.floats()
    if depth == 0:
        return right
    wrong: st.SearchStrategy[Any] = st.sampled_from(
        (None, 0, 1.5, "x", True, [], {}, [[]], {"a": None})
    )
    return st.integers(0, 19).flatmap(lambda n: wrong if n == 0 else right)


@pytest.mark.parametrize("name", LOGS)
def test_no_parameters_make_the_server_fail(name: str, target: Served) -> None:
    shape = service("logs").operation_model(name).input_shape

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(values(shape))
    def check(params: Any) -> None:
        answer = client.post(
            target.url,
            content=orjson.dumps(params),
            headers={"X-Amz-Target": f"{PREFIX}.{name}"},
        )
        assert answer.status_code in (200, 400), (params, answer.text)
        if answer.status_code == 400:
            assert answer.json()["__type"].isalpha()
            assert answer.json()["message"]

    with httpx2.Client() as client:
        check()
