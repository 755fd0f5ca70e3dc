"""Synthesises each environment once for all tests of the stacks, in this process, without bundling."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

os.environ["CDK_VALIDATION"] = "false"  # four seconds a synthesis; tests/stacks/test_command_line.py has it on once

from slipway_local.deploy.assembly import read_assembly
from stacks import application
from support.shared import shared

ROOT = Path(__file__).parents[2]


class Templates(dict[str, dict[str, Any]]):
    """The templates of one environment's stacks, by part: foundation, network …; `protected`: those not deleted."""

    protected: set[str]

    def of(self, part: str, kind: str) -> list[dict[str, Any]]:
        """Return the resources of one type in one stack."""
        return [item for item in self[part]["Resources"].values() if item["Type"] == kind]

    def unpublished(self) -> list[str]:
        """Return the names that a stack looks up and no earlier stack published: such a deployment would fail."""
        published, missing = {"/cdk-bootstrap/hnb659fds/version"}, []
        for part, template in self.items():
            parameters = template.get("Parameters", {}).values()
            wanted = {item["Default"] for item in parameters if item["Type"] == "AWS::SSM::Parameter::Value<String>"}
            missing += sorted(wanted - published)
            published |= {item["Properties"]["Name"] for item in self.of(part, "AWS::SSM::Parameter")}
        return missing

    def one(self, part: str, kind: str) -> dict[str, Any]:
        """Return the properties of the only resource of a type in a stack."""
        (found,) = self.of(part, kind)
        return found["Properties"]

    def function(self, part: str, module: str) -> dict[str, Any]:
        """Return the properties of the function with a handler in this module."""
        handler = f"slipway_runtime.handlers.{module}.handler"
        (found,) = [
            item["Properties"]
            for item in self.of(part, "AWS::Lambda::Function")
            if item["Properties"]["Handler"] == handler
        ]
        return found

    def allowed(self, part: str, construct: str) -> set[str]:
        """Return the actions that the policies of a construct's role allow."""
        policies = [
            item["Properties"]["PolicyDocument"]
            for name, item in self[part]["Resources"].items()
            if item["Type"] == "AWS::IAM::Policy" and name.startswith(construct)
        ]
        lists = [statement["Action"] for policy in policies for statement in policy["Statement"]]
        return {action for item in lists for action in (item if isinstance(item, list) else [item])}


def templates_of(assembly: Path, stage: str) -> Templates:
    """Read the templates of one environment. Nothing may have been looked up in an account."""
    folder = assembly / f"assembly-{stage}"
    assert "missing" not in json.loads((folder / "manifest.json").read_text())
    stacks = {stack.name.rsplit("-", 1)[1]: stack for stack in read_assembly(folder)}
    found = Templates({part: json.loads(stack.template_path.read_text()) for part, stack in stacks.items()})
    found.protected = {part for part, stack in stacks.items() if stack.termination_protection}
    return found


@pytest.fixture(scope="session")
def assembly() -> Path:
    """The shipped environments, checked by cdk-nag as they were synthesised: a finding fails every test."""
    return shared("assemblies/shipped", "config", lambda folder: _synthesise(ROOT / "config", folder))


def _synthesise(config: Path, folder: Path) -> None:
    application.build(config, outdir=str(folder), context={"aws:cdk:bundling-stacks": []}).synth()


@pytest.fixture(scope="session")
def environments(assembly: Path) -> dict[str, Templates]:
    """The templates of the shipped environments, by name."""
    names = sorted(path.stem for path in (ROOT / "config").glob("*.yaml"))
    return {name: templates_of(assembly, name.capitalize()) for name in names}


@pytest.fixture(scope="session")
def dev(environments: dict[str, Templates]) -> Templates:
    return environments["dev"]


@pytest.fixture(scope="session")
def prod(environments: dict[str, Templates]) -> Templates:
    return environments["prod"]


@pytest.fixture
def synthesise(tmp_path: Path) -> Callable[[str], Templates]:
    """Returns a function that synthesises the environment `trial` from YAML, once a run, checked by cdk-nag."""

    def build(settings: str) -> Templates:
        (tmp_path / "config").mkdir(exist_ok=True)
        (tmp_path / "config" / "trial.yaml").write_text(settings)
        made = shared("assemblies/checked", settings, lambda folder: _synthesise(tmp_path / "config", folder))
        return templates_of(made, "Trial")

    return build
