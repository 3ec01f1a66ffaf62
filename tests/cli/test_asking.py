"""The REST API inside this process answers as a server does."""

from __future__ import annotations

from pathlib import Path

import pytest

from logq.app import LogQ
from logq.cli.asking import asking
from logq.cli.session import Session
from logq.client.server import segment
from logq.errors import NotFound, UnknownLogGroup


def test_a_data_directory_answers_like_a_server_and_records_who_asked(tmp_path: Path) -> None:
    run = Session(no_color=True)
    run.data = str(tmp_path / "data")
    name = "/app/b#c"
    with asking(run, create=True) as server:
        server.call("PUT", f"/groups/{segment(name)}", json={})
        assert server.call("GET", f"/groups/{segment(name)}")["name"] == name
        with pytest.raises(UnknownLogGroup) as caught:
            server.call("GET", f"/groups/{segment('/nowhere')}")
        assert caught.value.hint

    with LogQ(tmp_path / "data") as logq:
        audited = logq.storage.snapshot(["/logq/audit"]).pieces
        text = "".join(str(piece.table.column("@message").to_pylist()) for piece in audited)
    assert "CreateLogGroup" in text
    assert "logq/" in text


def test_a_directory_that_is_not_there_is_not_made_by_asking(tmp_path: Path) -> None:
    run = Session(no_color=True)
    run.data = str(tmp_path / "data")
    with pytest.raises(NotFound, match="no data directory"), asking(run):
        pass
    assert not (tmp_path / "data").exists()


def test_keys_do_not_lock_out_whoever_owns_the_directory(tmp_path: Path) -> None:
    run = Session(no_color=True)
    run.data = str(tmp_path / "data")
    with asking(run, create=True) as server:
        server.call("POST", "/keys", json={"name": "a", "policies": ["LogQReadOnly"]})
        assert len(server.call("GET", "/keys")["keys"]) == 1
