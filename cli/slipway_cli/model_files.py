"""`slipway models register`: a folder with a model becomes a version of the registry, which waits for approval."""

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError
from rich.markup import escape

from slipway_cli import fine_tune
from slipway_cli.errors import UsageError
from slipway_cli.models import Models
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, print_json
from slipway_cli.project import project
from slipway_cli.target import Target, find_target

CONFIG = "config.json"


def register(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model's name in the registry.")],
    folder: Annotated[Path, typer.Argument(help="A Hugging Face model: config.json, weights, tokenizer.")],
    comment: Annotated[str, typer.Option(help="What it is; it is kept with the version.")] = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Register a model made elsewhere, for example in another environment. `slipway models approve` is next."""
    found = add(find_target(project(), env, aws=aws), name, folder, comment)
    if as_json:
        print_json(found)
    else:
        answers.print(escape(f"{found['name']}/{found['version']}  {found['status']}"), highlight=False)


def add(target: Target, name: str, folder: Path, comment: str = "") -> dict[str, Any]:
    """Upload a folder and register it. Raises: UsageError for a folder that is no model."""
    if not (folder / CONFIG).is_file():
        raise UsageError(f"{folder} has no {CONFIG}: name the folder of a Hugging Face model")
    sagemaker, group = target.client("sagemaker"), f"slipway-{target.environment}-{name}"
    place = fine_tune.upload(target, folder)
    try:
        sagemaker.create_model_package_group(
            ModelPackageGroupName=group, ModelPackageGroupDescription=f"Versions of {name}"
        )
    except ClientError as error:
        if "already exists" not in str(error):
            raise
    bucket = target.parameter("foundation/artifacts-bucket-name")
    made = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelPackageDescription=comment or f"From the folder {folder.name}",
        ModelApprovalStatus="PendingManualApproval",
        SourceUri=f"s3://{bucket}/{place}",
        CustomerMetadataProperties={"registered_by": getpass.getuser()},
    )
    return Models(target).described(made["ModelPackageArn"])
