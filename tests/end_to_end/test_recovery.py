"""The dev environment after a stop, after a crash and after a reset, driven by the command as a user drives it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command import Slipway
from support.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.capability("O14"), pytest.mark.timeout(600)]
QUESTION = "How long does a kettle take to boil two litres of water?"
SAME = ("gateway_url", "api_key", "endpoint_url", "resources")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slipway]:
    """A home of its own: what is stopped and killed here is nobody else's."""
    own = Slipway(tmp_path_factory.mktemp("recovery"))
    yield own
    own.run("local", "down")


@pytest.fixture(scope="module")
def first(own: Slipway, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The status after the first start and one document."""
    folder: Path = tmp_path_factory.mktemp("documents") / "kettles"
    folder.mkdir()
    (folder / "kettle.md").write_text("# Kettles\n\nA kettle boils two litres of water in four minutes.\n")
    status: dict[str, Any] = own.json("local", "up")
    assert own.json("ingest", folder)["documents"] == 1
    return status


def answered(own: Slipway) -> list[str]:
    return [citation["document"] for citation in own.json("ask", QUESTION)["citations"]]


def test_after_a_stop_everything_is_where_it_was(own: Slipway, first: dict[str, Any]) -> None:
    stopped = own.run("local", "down")
    assert stopped.returncode == 0
    assert own.json("local", "status")["state"] == "stopped"
    again = own.json("local", "up")
    assert {key: again[key] for key in SAME} == {key: first[key] for key in SAME}
    assert again["notices"] == []
    assert answered(own) == ["kettles/kettle.md"]


def test_after_a_crash_it_says_so_and_the_documents_are_there(own: Slipway, first: dict[str, Any]) -> None:
    state = own.project.state("dev")
    os.kill(int((state / "daemon.lock").read_text()), signal.SIGKILL)
    assert wait_for(lambda: own.json("local", "status")["state"] == "failed")
    again = own.json("local", "up")
    assert {key: again[key] for key in SAME} == {key: first[key] for key in SAME}
    assert any("rebuilt from its snapshot" in notice for notice in again["notices"])
    assert "rebuilt from its snapshot" in own.run("local", "status").stdout
    assert answered(own) == ["kettles/kettle.md"]


def test_reset_asks_and_then_removes_the_state(own: Slipway, first: dict[str, Any]) -> None:
    state = own.project.state("dev")
    asked = own.run("local", "reset")
    assert asked.returncode != 0
    assert "slipway-dev-foundation" in asked.stderr
    assert "databases" in asked.stderr
    assert own.json("local", "status")["state"] == "running"
    assert own.run("local", "reset", "--yes").returncode == 0
    assert not state.exists()
    assert own.json("local", "status")["state"] == "stopped"


def test_a_home_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = Slipway(tmp_path / "file" / "home").run("local", "up")
    assert done.returncode == 1
    assert "cannot be written to" in done.stderr
    assert "Traceback" not in done.stderr
