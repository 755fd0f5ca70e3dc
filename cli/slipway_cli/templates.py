"""The synthesised templates of a cloud assembly, which a command compares, prices or examines."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway_cli.errors import UsageError
from slipway_local.deploy.assembly import read_assembly

Resources = dict[str, dict[str, Any]]
WITHOUT_BUNDLING: dict[str, object] = {"aws:cdk:bundling-stacks": []}


@dataclass(frozen=True, kw_only=True)
class StackTemplate:
    """One stack: its name `slipway-<environment>-<part>`, and its resources by logical id."""

    name: str
    region: str
    resources: Resources

    @property
    def part(self) -> str:
        """What the name ends in: foundation, retrieval …; the whole name where it has no hyphen."""
        return self.name.rsplit("-", 1)[-1]

    @property
    def environment(self) -> str:
        """The environment that the name tells; empty for a stack that is named otherwise."""
        return self.name.rsplit("-", 1)[0].removeprefix("slipway-") if self.name.startswith("slipway-") else ""


def read_templates(folder: Path, environment: str | None = None) -> list[StackTemplate]:
    """The stacks of a cloud assembly in deployment order; only those of `environment` if it is given.

    Raises: UsageError if the folder is no cloud assembly.
    """
    try:
        stacks = read_assembly(folder)
    except FileNotFoundError as error:
        raise UsageError(f"{folder} is no cloud assembly (it has no manifest.json); `make synth` writes one") from error
    found = [
        StackTemplate(
            name=stack.name, region=stack.region, resources=json.loads(stack.template_path.read_text())["Resources"]
        )
        for stack in stacks
    ]
    return [stack for stack in found if environment in (None, stack.environment)]
