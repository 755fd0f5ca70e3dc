"""Deployments: a copy of an API's configuration, which its stages serve until they point at another one.

moto keeps only an id and a date of a deployment and serves what is configured now.
Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-deploy-api.html
"""

import copy
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class DeployedResource:
    """A resource with its full path and its methods by verb."""

    id: str
    path: str
    methods: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What a deployment keeps, as copies of moto's records by id or name."""

    resources: list[DeployedResource]
    authorizers: dict[str, Any]
    models: dict[str, Any]
    request_validators: dict[str, Any]
    gateway_responses: dict[str, Any]
    binary_types: list[str]
    api_key_source: str


def install() -> None:
    """Let each deployment keep what was configured when it was made."""
    from moto.apigateway.models import RestAPI

    create = RestAPI.create_deployment

    def create_deployment(api: Any, *arguments: Any, **settings: Any) -> Any:
        deployment = create(api, *arguments, **settings)
        deployment.slipway_deployed = _freeze(api)
        return deployment

    RestAPI.create_deployment = create_deployment


def deployed(api: Any, stage: Any) -> Deployed | None:
    """Return what a stage serves; None where its deployment is gone."""
    deployment = api.deployments.get(stage.deployment_id)
    return getattr(deployment, "slipway_deployed", None)


def _freeze(api: Any) -> Deployed:
    return Deployed(
        resources=[
            DeployedResource(id=one.id, path=one.get_path(), methods=copy.deepcopy(one.resource_methods))
            for one in api.resources.values()
        ],
        authorizers=copy.deepcopy(api.authorizers),
        models={model.name: copy.deepcopy(model) for model in api.models.values()},
        request_validators=copy.deepcopy(api.request_validators),
        gateway_responses=copy.deepcopy(api.gateway_responses),
        binary_types=list(api.binaryMediaTypes or []),
        api_key_source=api.api_key_source,
    )
