"""Deployments and stage updates of HTTP APIs, which moto lacks.

A stage with automatic deployment serves what is configured now; any other serves a copy made by its deployment.
Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html
"""

import copy
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

STAGE_MEMBERS = ("defaultRouteSettings", "routeSettings", "stageVariables", "deploymentId", "autoDeploy", "description")
Answer = tuple[int, dict[str, str], str]


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Routes, integrations and authorizers as they were; `described` is what the API says of it."""

    routes: dict[str, Any]
    integrations: dict[str, Any]
    authorizers: dict[str, Any]
    described: dict[str, Any]


def install() -> None:
    """Put the missing operations into moto's API."""
    from moto.apigatewayv2.responses import ApiGatewayV2Response
    from moto.apigatewayv2.urls import url_paths

    path = "{0}/v2/apis/(?P<api_id>[^/]+)/deployments"
    url_paths[f"{path}$"] = url_paths[f"{path}/(?P<deployment_id>[^/]+)$"] = ApiGatewayV2Response.dispatch
    for operation in (create_deployment, get_deployment, get_deployments, delete_deployment, update_stage):
        setattr(ApiGatewayV2Response, operation.__name__, operation)


def served(api: Any, stage: Any) -> Any:
    """Return what a stage serves: an API or a deployment; None where it has nothing yet."""
    return api if stage.auto_deploy else _deployments(api).get(stage.config.get("deploymentId"))


def create_deployment(response: Any) -> Answer:
    """Answer CreateDeployment; with a stage's name the stage serves it from now on."""
    api, given = _api(response), json.loads(response.body or "{}")
    described = {
        "deploymentId": uuid.uuid4().hex[:8],
        "createdDate": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "deploymentStatus": "DEPLOYED",
        "description": given.get("description", ""),
        "autoDeployed": False,
    }
    if given.get("stageName"):
        api.get_stage(given["stageName"]).config["deploymentId"] = described["deploymentId"]
    _deployments(api)[described["deploymentId"]] = Deployment(
        routes=copy.deepcopy(api.routes),
        integrations=copy.deepcopy(api.integrations),
        authorizers=copy.deepcopy(api.authorizers),
        described=described,
    )
    return 201, {}, json.dumps(described)


def get_deployment(response: Any) -> Answer:
    """Answer GetDeployment."""
    return 200, {}, json.dumps(_deployments(_api(response))[response.path.split("/")[-1]].described)


def get_deployments(response: Any) -> Answer:
    """Answer GetDeployments."""
    return 200, {}, json.dumps({"items": [one.described for one in _deployments(_api(response)).values()]})


def delete_deployment(response: Any) -> Answer:
    """Answer DeleteDeployment."""
    _deployments(_api(response)).pop(response.path.split("/")[-1], None)
    return 204, {}, ""


def update_stage(response: Any) -> Answer:
    """Answer UpdateStage."""
    api = _api(response)
    old = api.get_stage(response.path.split("/")[-1].replace("%24", "$"))
    given = {name: value for name, value in json.loads(response.body).items() if name in STAGE_MEMBERS}
    stage = api.create_stage({**old.config, **given})
    return 200, {}, json.dumps(stage.to_json())


def _api(response: Any) -> Any:
    return response.apigatewayv2_backend.get_api(response.path.split("/")[3])


def _deployments(api: Any) -> dict[str, Deployment]:
    known: dict[str, Deployment] = api.__dict__.setdefault("slipway_deployments", {})
    return known
