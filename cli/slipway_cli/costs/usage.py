"""A usage file: what the tenants of an environment use in a month, by class of tenants.

    classes:
      free:     { tenants: 40, each: { apigateway.rest.requests: 1000, gateway/lambda.requests: 3000 } }
      business: { tenants: 3,  each: { apigateway.rest.requests: 200000 } }

Keys are those of prices.csv, with the stack before them where several stacks could be meant.
"""

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from slipway_cli.errors import UsageError
from stacks.settings_section import Section

Quantity = Annotated[float, Field(ge=0, strict=False)]


class TenantClass(Section):
    """Tenants that use about the same. `each`: units a month of one tenant, by price key."""

    tenants: int = Field(ge=1)
    each: dict[str, Quantity] = Field(default_factory=dict)


class Usage(Section):
    """The usage of one month, by the name of the class."""

    classes: dict[str, TenantClass] = Field(min_length=1)


def read_usage(path: Path) -> Usage:
    """Read a usage file. Raises: UsageError with what is wrong in it."""
    try:
        return Usage.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, ValidationError) as error:
        raise UsageError(f"{path}: {error}") from error
