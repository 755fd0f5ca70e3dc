"""The two commands on git revisions and on this checkout: the commands of docs/cost.md and docs/upgrading.md."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from slipway_cli.costs.usage import read_usage
from slipway_cli.errors import UsageError
from slipway_cli.main import app
from slipway_cli.revisions import synthesised
from support.command import ROOT, Slipway

GIT = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com"}
GIT |= {"GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.com"}
APP = """
import json, os, pathlib
from stacks import NAME
out = pathlib.Path(os.environ["CDK_OUTDIR"]); out.mkdir()
stack = {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
         "properties": {"templateFile": "t.json", "stackName": "slipway-dev-foundation"}}
(out / "manifest.json").write_text(json.dumps({"version": "1", "artifacts": {"T": stack}}))
(out / "t.json").write_text(json.dumps({"Resources": {NAME: {"Type": "AWS::S3::Bucket"}}}))
"""


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, env=os.environ | GIT, capture_output=True)


@pytest.mark.capability("O13")
def test_a_revision_is_synthesised_from_its_own_sources(tmp_path: Path) -> None:
    """Its package `stacks`, not the one that is installed."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "app.py").write_text(APP)
    git(tmp_path, "init", "-q")
    for name in ("Old", "New"):
        (tmp_path / "stacks" / "__init__.py").write_text(f"NAME = '{name}'\n")
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-qm", name)
    for revision, name in (("HEAD~1", "Old"), ("HEAD", "New")):
        with synthesised(tmp_path, revision) as made:
            assert list(json.loads((made.assembly / "t.json").read_text())["Resources"]) == [name]
    kept = made.assembly / "t.json"
    kept.write_text(kept.read_text().replace("New", "Kept"))
    with synthesised(tmp_path, "HEAD~0") as again:
        assert "Kept" in (again.assembly / "t.json").read_text(), "the same content is not synthesised twice"
    (tmp_path / "stacks" / "__init__.py").write_text("NAME = 'Newer'\n")
    git(tmp_path, "commit", "-qam", "Newer")
    with synthesised(tmp_path, "HEAD") as newer:
        assert list(json.loads((newer.assembly / "t.json").read_text())["Resources"]) == ["Newer"]
    with (
        pytest.raises(UsageError, match="'nowhere' is neither a folder nor a git revision"),
        synthesised(tmp_path, "nowhere"),
    ):
        pass


@pytest.mark.capability("O8")
def test_the_command_prices_dev_of_this_checkout_offline(tmp_path: Path) -> None:
    found = Slipway(tmp_path).json("cost", "--env", "dev", "--usage", ROOT / "examples" / "usage.yaml")
    assert 0 < found["idle_usd_per_month"] <= 5
    assert set(found["by_class"]) == {"free", "business"}
    assert found["priced_on"] and found["by_stack"] and found["items"]


def test_an_environment_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no environment 'nowhere'"):
        CliRunner().invoke(app, ["cost", "--env", "nowhere"], catch_exceptions=False)
    with pytest.raises(UsageError, match="neither a folder nor a git revision"):
        CliRunner().invoke(app, ["upgrade-check", "nowhere", "HEAD"], catch_exceptions=False)


def test_the_documents_name_only_commands_and_options_that_exist(tmp_path: Path) -> None:
    group: Any = typer.main.get_command(app)
    helps = {name: {o for p in group.commands[name].params for o in p.opts} for name in ("cost", "upgrade-check")}
    seen = 0
    for document in ("cost.md", "upgrading.md"):
        text = (ROOT / "docs" / document).read_text()
        for command, options in re.findall(r"bin/slipway (\S+)(.*)", text):
            seen += 1
            assert all(option in helps[command] for option in re.findall(r"--[a-z-]+", options)), (document, options)
    assert seen >= 6
    shutil.copy(ROOT / "examples" / "usage.yaml", tmp_path / "usage.yaml")
    assert read_usage(tmp_path / "usage.yaml").classes
