"""Kendra indexes."""

from slipway_local.deploy.providers.api import api
from slipway_local.deploy.providers.base import Provider

PROVIDERS: dict[str, Provider] = {
    "AWS::Kendra::Index": api(
        "kendra", "create_index", "@Id",
        attributes={"Id": "@Id", "Arn": "arn:{partition}:kendra:{region}:{account}:index/{id}"},
        update_call="update_index", update_with={"Id": "{id}"}, delete_call="delete_index", delete_with={"Id": "{id}"},
    ),
}  # fmt: skip
