"""The CDK application: every environment of a folder of settings, checked by cdk-nag as it is synthesised."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from stacks.environment import EnvironmentStage
from stacks.settings import Settings
from stacks.settings_file import SettingsError, read_environments
from stacks.slipway_stack import ROOT


def build(folder: Path | None = None, only: str | None = None, *, checked: bool = True, **app_options: Any) -> cdk.App:
    """Return the application, not yet synthesised.

    `folder`, `only`: settings to read and the one environment to make; left out, CDK's context `config` and `env` say.
    `checked`: with cdk-nag's rules, whose findings make synthesis fail.
    Raises: SettingsError with every error of the settings.
    """
    # The CDK CLI passes on what cdk.json holds; read here, it also holds for `python app.py` and in tests.
    context = {**json.loads((ROOT / "cdk.json").read_text())["context"], **app_options.pop("context", {})}
    app = cdk.App(context=context, tree_metadata=False, **app_options)
    here = folder or Path(app.node.try_get_context("config") or ROOT / "config")
    environments = read_environments(here, only or app.node.try_get_context("env"))
    if pipeline := app.node.try_get_context("delivery"):
        _deliver(app, Path(pipeline), environments)
    else:
        for name, settings in environments.items():
            EnvironmentStage(app, name=name, settings=settings)
    if checked:
        add_checks(app)
    return app


def _deliver(app: cdk.App, file: Path, environments: dict[str, Settings]) -> None:
    """Make the pipeline in the place of the environments, which it deploys."""
    from stacks.delivery import DeliveryStack  # noqa: PLC0415 - the libraries of pipelines, for the tooling account
    from stacks.settings_delivery import read_delivery  # noqa: PLC0415

    delivery = read_delivery(file)
    if unknown := sorted({each.name for each in delivery.environments} - environments.keys()):
        raise SettingsError(f"{file}: environments: expected files in config/, got {', '.join(unknown)}")
    DeliveryStack(app, delivery=delivery, environments=environments)


def add_checks(app: cdk.App) -> None:
    """Let cdk-nag refuse the application when it is synthesised: by its five packs that are current."""
    import cdk_nag  # noqa: PLC0415 - half a second, for nothing where checks are off

    packs = (
        cdk_nag.AwsSolutionsChecks,
        cdk_nag.HIPAASecurityChecks,
        cdk_nag.NIST80053R5Checks,  # R4 is what it replaces
        cdk_nag.PCIDSS321Checks,
        cdk_nag.ServerlessChecks,
    )
    cdk.Validations.of(app).add_plugins(*(pack(app) for pack in packs))


def main() -> None:
    """Synthesise; on errors in the settings print them and exit with 1."""
    try:
        # CDK_VALIDATION=false is the CDK's own switch for its validation; it turns off ours too.
        app = build(checked=os.environ.get("CDK_VALIDATION") != "false")
    except SettingsError as error:
        sys.exit(str(error))
    app.synth()
