"""The workflows of GitHub Actions: valid, pinned, without keys that last, and with commands that exist.

tests/support/github_workflow.schema.json is SchemaStore's description of workflows (Apache-2.0), as check-jsonschema
0.39.0 ships it. Source of the rules:
https://docs.github.com/en/actions/reference/security/secure-use#using-third-party-actions
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml

from slipway_cli.main import app
from support.command import ROOT
from tools import change_report

SCHEMA = json.loads((ROOT / "tests" / "support" / "github_workflow.schema.json").read_text())
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
UNTRUSTED = re.compile(r"\$\{\{[^}]*(github\.event|github\.head_ref|inputs)[^}]*\}\}")


class Loader(yaml.SafeLoader):
    """YAML 1.2's booleans: `on` is a word."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(file: Path) -> dict[str, Any]:
    return yaml.load(file.read_text(), Loader)  # type: ignore[no-any-return]


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job.get("steps", [])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_workflow_is_valid(file: Path) -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(read(file))


def test_the_schema_refuses_what_is_wrong() -> None:
    wrong = read(FILES[0])
    next(iter(wrong["jobs"].values()))["step"] = []
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SCHEMA).validate(wrong)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_actions_are_pinned_and_rights_are_named(file: Path) -> None:
    workflow = read(file)
    assert workflow["permissions"]["contents"] == "read"
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    used += [job["uses"] for job in workflow["jobs"].values() if "uses" in job]
    assert used
    for action in used:
        assert action.startswith("./") or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] == "false" or step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_key_lasts_and_no_input_becomes_a_command(file: Path) -> None:
    text = file.read_text()
    assert "AWS_SECRET_ACCESS_KEY" not in text
    assert "aws-secret-access-key" not in text
    assert "secrets." not in text
    assert "pull_request_target" not in text
    for step in steps(read(file)):
        assert not UNTRUSTED.search(step.get("run", "")), "by a variable of the environment, never into the script"


def test_commands_and_files_that_the_workflows_run_exist() -> None:
    group: Any = typer.main.get_command(app)
    seen = set()
    for file in FILES:
        for step in steps(read(file)):
            for command in re.findall(r"bin/slipway (\S+)", step.get("run", "")):
                seen.add(command)
                assert command in group.commands
            for module in re.findall(r"-m tools\.(\w+)", step.get("run", "")):
                seen.add(module)
                assert (ROOT / "tools" / f"{module}.py").is_file()
            for script in re.findall(r"^(tools/\S+|\.ci/run)", step.get("run", ""), re.MULTILINE):
                seen.add(script)
                assert (ROOT / script).stat().st_mode & 0o100
    assert {"preflight", "integration", "change_report", "tools/deploy.sh", ".ci/run"} <= seen


def test_the_comment_of_a_pull_request_holds_every_part_and_fails_with_any(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(*arguments: str) -> tuple[str, int]:
        return f"said by {' '.join(arguments)}", int(arguments == ("preflight", "--env", "prod"))

    monkeypatch.setattr(change_report, "_slipway", said)
    text, well = change_report.report("0123456789abcdef", ["dev", "prod"])
    assert not well
    assert "said by upgrade-check 0123456789abcdef --format markdown" in text
    assert "said by cost --env dev --diff 0123456789abcdef --format markdown" in text
    assert "❌ Preflight of prod" in text
    assert "✅ Preflight of dev" in text
    assert change_report.report("0123456789abcdef", ["dev"])[1]


def test_the_script_refuses_other_actions() -> None:
    run = subprocess.run([ROOT / "tools" / "deploy.sh", "destroy", "prod"], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "usage" in run.stderr
