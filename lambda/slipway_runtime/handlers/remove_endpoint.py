"""Custom::DeployedEndpoint: what deployments have made goes when the settings, or the stack, lose the endpoint."""

import time
from typing import Any

from slipway_runtime import settings
from slipway_runtime.handlers.custom_resource import answer
from slipway_runtime.handlers.events import CustomResourceEvent
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.deploy import removal
from slipway_runtime.operate.deploy.deployments import Deployments
from slipway_runtime.operate.observability import logger, observed

POLL_SECONDS = 2


@observed
def handler(event: dict[str, Any], _context: Any) -> None:
    """Take the endpoint away on Delete; on Create and Update do nothing."""
    answer(event, "deployed-endpoint", _remove)


def _remove(request: CustomResourceEvent) -> dict[str, str]:
    if request.request_type != "Delete":
        return {}
    given = request.resource_properties
    name, endpoint, component = given["Name"], given["Endpoint"], given["Component"] == "true"
    sagemaker = client("sagemaker")
    deployments = Deployments(
        client=client("dynamodb"), states=client("stepfunctions"), table=settings.required("DEPLOYMENTS_TABLE")
    )
    removal.unscale(client("application-autoscaling"), client("cloudwatch"), endpoint, component=component)
    removal.remove(sagemaker, endpoint, component=component, wait=lambda: time.sleep(POLL_SECONDS))
    standing = deployments.standing(name)
    for served in (standing.current, standing.previous):
        if served:
            removal.remove_made(sagemaker, model=served.model, config=served.config)
    deployments.write(name, None, None)
    logger.info("removed", extra={"endpoint": endpoint})
    return {}
