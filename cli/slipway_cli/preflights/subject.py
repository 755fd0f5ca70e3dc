"""What is examined: the stacks of one environment, with its settings, for one region and account."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from slipway_cli.preflights.intrinsics import resolve
from slipway_cli.upgrades.differences import references
from slipway_local.deploy.assembly import read_assembly
from stacks.regions import partition_of
from stacks.settings import Settings

SOME_ACCOUNT = "123456789012"  # all account numbers are equally long
SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}
LOOKED_UP = "AWS::SSM::Parameter::Value<String>"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One synthesised stack. `assets`: the folders and zips that go to Lambda, by the hash in their object key."""

    name: str
    template: dict[str, Any]
    bootstrap_version: int = 0
    assets: dict[str, Path] = field(default_factory=dict)

    @property
    def part(self) -> str:
        """What the name ends in: foundation, retrieval …"""
        return self.name.rsplit("-", 1)[-1]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources by logical id."""
        return dict(self.template["Resources"])


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource; in `properties` what is known before the deployment is resolved (region, account, names)."""

    stack: Stack
    name: str
    type: str
    properties: dict[str, Any]

    @property
    def where(self) -> str:
        """Its stack and logical id."""
        return f"{self.stack.name}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An environment as it would be deployed to `region`; `stacks` in the order of deployment."""

    environment: str
    settings: Settings
    region: str
    stacks: list[Stack]

    @property
    def partition(self) -> str:
        """The partition of the region."""
        return partition_of(self.region)

    @cached_property
    def resources(self) -> list[Resource]:
        """All resources of all stacks."""
        pseudo = {
            "AWS::Region": self.region,
            "AWS::AccountId": self.settings.account or SOME_ACCOUNT,
            "AWS::Partition": self.partition,
            "AWS::URLSuffix": SUFFIXES.get(self.partition, "amazonaws.com"),
        }
        return [
            Resource(
                stack=stack,
                name=name,
                type=item["Type"],
                properties=resolve(item.get("Properties", {}), pseudo | {"AWS::StackName": stack.name}),
            )
            for stack in self.stacks
            for name, item in stack.resources.items()
        ]

    def of(self, *types: str) -> Iterator[Resource]:
        """Yield the resources of some types."""
        return (resource for resource in self.resources if resource.type in types)

    def named(self, stack: Stack, value: Any) -> Resource | None:
        """The resource that a property names by Ref or GetAtt, also through a name that another stack publishes."""
        for name in references(value):
            if name in stack.resources:
                return next(item for item in self.resources if item.stack is stack and item.name == name)
            looked_up = stack.template.get("Parameters", {}).get(name, {})
            if looked_up.get("Type") == LOOKED_UP:
                for published in self.of("AWS::SSM::Parameter"):
                    if published.properties.get("Name") == looked_up["Default"]:
                        return self.named(published.stack, published.properties["Value"])
        return None


def read_subject(folder: Path, environment: str, settings: Settings, region: str) -> Subject:
    """The stacks of one environment of a cloud assembly."""
    stacks = [
        Stack(
            name=stack.name,
            template=json.loads(stack.template_path.read_text(encoding="utf-8")),
            bootstrap_version=stack.bootstrap_version,
            assets={key: path for manifest in stack.asset_manifests for key, path in _assets(manifest)},
        )
        for stack in read_assembly(folder)
        if stack.name.rsplit("-", 1)[0] == f"slipway-{environment}"
    ]
    return Subject(environment=environment, settings=settings, region=region, stacks=stacks)


def _assets(manifest: Path) -> Iterator[tuple[str, Path]]:
    for key, entry in json.loads(manifest.read_text(encoding="utf-8")).get("files", {}).items():
        if entry["source"]["packaging"] == "zip" or entry["source"]["path"].endswith(".zip"):
            yield key, manifest.parent / entry["source"]["path"]
