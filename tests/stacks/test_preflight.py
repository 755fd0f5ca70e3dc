"""Preflight finds each planted fault, taken from the issue tracker that is named beside it, and nothing else.

Each plant changes one thing in the shipped prod environment, as it is synthesised.
"""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.preflights.checks import offline
from slipway_cli.preflights.finding import Finding, Severity
from slipway_cli.preflights.subject import Stack, Subject
from stacks.settings_file import read_settings
from support.planted import Trial
from support.planted_hosting import HOSTING
from support.planted_platform import PLATFORM

ROOT = Path(__file__).parents[2]


@pytest.fixture
def trial(prod: Any, tmp_path: Path) -> Trial:
    return Trial(copy.deepcopy(dict(prod)), read_settings(ROOT / "config" / "prod.yaml"), tmp_path)


@pytest.mark.capability("O12")
@pytest.mark.parametrize(("plant", "check", "severity", "setting", "seen"), [*PLATFORM, *HOSTING])
def test_each_planted_fault_is_found(
    trial: Trial, plant: Callable[[Trial], None], check: str, severity: Severity, setting: str, seen: str
) -> None:
    plant(trial)
    found = offline(trial.subject())
    mine = [item for item in found if (item.check, item.severity) == (check, severity)]
    assert mine, (seen, found)
    assert setting in {item.setting for item in mine}, mine
    assert all(item.remedy and item.documentation.startswith("https://") for item in mine)


@pytest.mark.capability("O12")
@pytest.mark.parametrize("region", ["us-east-1", "us-west-2", "eu-west-1", "ap-southeast-2"])
def test_nothing_is_found_in_the_shipped_environments(environments: dict[str, Any], region: str) -> None:
    found: dict[str, list[Finding]] = {}
    for name, templates in environments.items():
        stacks = [Stack(name=f"slipway-{name}-{part}", template=item) for part, item in templates.items()]
        settings = read_settings(ROOT / "config" / f"{name}.yaml")
        found[name] = offline(Subject(environment=name, settings=settings, region=region, stacks=stacks))
    # Kendra takes no new customers, which whoever chooses this store is to know.
    assert [item.check for item in found.pop("kendra")] == ["closed-service"]
    assert not any(found.values()), found
