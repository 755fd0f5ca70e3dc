"""The settings of the pipeline, in a file of their own: it stands in another account than what it deploys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from stacks.settings_file import SettingsError
from stacks.settings_section import Section

Account = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]$")]


class Delivered(Section):
    """One environment that the pipeline deploys."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,15}$", description="A file in config/.")
    account: Account = Field(description="Account, 12 digits in quotes; bootstrapped with --trust of the pipeline's.")
    region: Region = Field(description="Region.")
    approval: bool = Field(False, description="Wait for a person before this environment.")
    documents: bool = Field(False, description="Let the tests bring in documents, not only ask.")


class Delivery(Section):
    """The pipeline and its source."""

    account: Account = Field(description="The tooling account, 12 digits in quotes.")
    region: Region = Field(description="Region of the pipeline.")
    repository: str = Field(pattern=r"^[\w.-]+/[\w./-]+$", description="Owner and name of the repository.")
    branch: str = Field("main", pattern=r"^[\w./-]+$", description="The branch that is deployed.")
    connection_arn: str = Field(
        pattern=r"^arn:[a-z-]+:code(connections|star-connections):[a-z0-9-]+:[0-9]{12}:connection/[0-9a-f-]+$",
        description="ARN of the connection to the repository's host; a person confirms it once.",
    )
    alarm_email: str | None = Field(
        None, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="Address that failures and approvals are mailed to."
    )
    environments: list[Delivered] = Field(min_length=1, description="In the order in which a change reaches them.")


def read_delivery(path: Path) -> Delivery:
    """Return the settings of a pipeline. Raises: SettingsError with every error of the file."""
    try:
        return Delivery.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        lines = (f"{path}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise SettingsError("\n".join(lines)) from error
