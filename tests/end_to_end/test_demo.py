"""`make demo` itself, with the project's own documents and with a user's folder."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.command import ROOT, Slipway
from support.training import HAS_TORCH

pytestmark = pytest.mark.slow


def demo(slipway: Slipway, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / ".venv/bin/python"), "tools/demo.py", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=slipway.env, capture_output=True, text=True, check=False, timeout=550)


@pytest.mark.timeout(900)
@pytest.mark.capability("O14")
@pytest.mark.capability("R8")
def test_the_demo_ends_well_and_running_it_again_is_harmless(slipway: Slipway, dev: dict[str, Any]) -> None:
    first = demo(slipway)
    assert first.returncode == 0, first.stderr
    again = demo(slipway)
    assert again.returncode == 0, again.stderr
    assert "refused: not in the documents" in again.stdout
    assert re.search(r"[1-9]\d* already there", again.stdout)
    assert "extractive stand-in" in again.stdout.lower()
    if HAS_TORCH:
        (version,) = slipway.json("models", "list", "demo")
        assert version["status"] == "Approved"
        assert slipway.json("models", "list", "demo-worse") == []
    else:
        assert "make torch" in again.stdout


@pytest.mark.timeout(600)
def test_the_demo_takes_a_folder(slipway: Slipway, dev: dict[str, Any], npm_docs: Path) -> None:
    run = demo(slipway, "--docs", npm_docs / "configuring-npm")
    assert run.returncode == 0, run.stderr
    assert "citations" in run.stdout


def test_the_demo_fails_when_a_step_does_not_work(slipway: Slipway, dev: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing else")
    run = demo(slipway, "--docs", tmp_path)
    assert run.returncode == 1
    assert "not one document became searchable" in run.stderr


@pytest.mark.timeout(600)
@pytest.mark.capability("O14")
def test_the_demo_passes_through_the_cdk_cli_with_policies_enforced(tmp_path: Path) -> None:
    """Nothing but AWS_ENDPOINT_URL tells the CDK CLI where it deploys to."""
    elsewhere = Slipway(tmp_path)
    try:
        done = demo(elsewhere, "--via", "cdk", "--enforce-iam")
        assert done.returncode == 0, done.stderr
        roles = elsewhere.json("local", "permissions")["roles"]
        assert not [role["denied"] for role in roles if role["denied"]]
        assert any(role["used"] for role in roles)
    finally:
        elsewhere.run("local", "reset", "--yes")
