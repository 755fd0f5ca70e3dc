"""The commands in the README and the docs do what they say: each runs, as written, against the dev environment."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.command import ROOT, Slipway

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def commands(prefix: str) -> list[str]:
    blocks = [block for page in PAGES for block in BLOCK.findall(page.read_text())]
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return sorted({line for line in lines if line.startswith(prefix)})


@pytest.mark.parametrize("command", [c for c in commands(".venv/bin/slipway") if "local down" not in c])
def test_a_documented_command_works(command: str, slipway: Slipway, dev: dict[str, Any]) -> None:
    slipway.run("ingest", "docs", "README.md")
    run = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=slipway.env, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout + run.stderr


def test_every_documented_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = {command.split()[1] for command in commands("make ")}
    assert used
    assert used <= targets


def test_the_python_of_the_readme_gets_a_cited_answer(slipway: Slipway, dev: dict[str, Any]) -> None:
    slipway.run("ingest", "docs", "README.md")
    (code,) = PYTHON.findall((ROOT / "README.md").read_text())
    command = [ROOT / ".venv/bin/python", "-c", code]
    run = subprocess.run(command, cwd=ROOT, env=slipway.env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "[1]" in run.stdout
    assert "'document': 'docs/" in run.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        assert (page.parent / link).exists(), link


def test_the_picture_is_current() -> None:
    command = [ROOT / ".venv/bin/python", "tools/architecture.py", "--check"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
