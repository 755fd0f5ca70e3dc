"""The command as a whole: its version, and errors that name the remedy."""

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from slipway_cli import synth
from slipway_cli.errors import CommandError
from slipway_cli.gateway import Gateway
from support.command import BIN, ROOT


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "COLUMNS": "200", "AWS_EC2_METADATA_DISABLED": "true"}
    command = [str(BIN / "slipway"), *arguments]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_it_says_its_version(tmp_path: Path) -> None:
    assert run(tmp_path, "--version").stdout == f"slipway {version('slipway-llmops')}\n"


def test_without_a_region_it_says_what_to_set(tmp_path: Path) -> None:
    done = run(tmp_path, "ask", "What is it?", "--aws")
    assert done.returncode == 1
    assert "You must specify a region. Set AWS_REGION" in done.stderr


@pytest.mark.parametrize("arguments", [("ingest", ""), ("documents", "--status", "x")])
def test_wrong_usage_is_told_before_anything_is_asked(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert run(tmp_path, *arguments).returncode == 2


def test_a_document_id_cannot_leave_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(Gateway, "call", lambda self, method, path, *more: called.append(path) or {})
    Gateway("http://localhost:1/v1", "key").delete_document("../models")
    assert called == ["/documents/..%2Fmodels"]


def test_a_synthesis_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.py").write_text("import sys, time\nprint('thinking', file=sys.stderr, flush=True)\ntime.sleep(60)")
    monkeypatch.setattr(synth, "TIMEOUT_SECONDS", 1)
    with pytest.raises(CommandError, match="did not end within 1 s; its last words: thinking"):
        synth.run_app(tmp_path, tmp_path / "out", {})
