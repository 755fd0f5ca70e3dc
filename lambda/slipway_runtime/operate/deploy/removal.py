"""Takes an endpoint away, with all that its deployments have made.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-delete-resources.html
"""

from collections.abc import Callable
from typing import Any

from slipway_runtime.operate.deploy.plan import MAIN
from slipway_runtime.operate.retry import error_code

MISSING, UNKNOWN_TARGET = "Could not find", "No scalable target found"


def asleep_alarm(endpoint: str) -> str:
    """Return the name of the alarm that wakes an endpoint."""
    return f"{endpoint}-asleep"


def remove(sagemaker: Any, endpoint: str, *, component: bool, wait: Callable[[], None]) -> None:
    """Delete an endpoint, or its component where a stack has made the endpoint, and wait until it has gone."""
    names = {"InferenceComponentName" if component else "EndpointName": endpoint}
    kind = "inference_component" if component else "endpoint"
    if not _done(sagemaker, getattr(sagemaker, f"delete_{kind}"), **names):
        return
    while _done(sagemaker, getattr(sagemaker, f"describe_{kind}"), **names):
        wait()


def remove_made(sagemaker: Any, *, model: str, config: str) -> None:
    """Delete a configuration and its model; what is not there is as good as deleted."""
    if config:
        _done(sagemaker, sagemaker.delete_endpoint_config, EndpointConfigName=config)
    _done(sagemaker, sagemaker.delete_model, ModelName=model)


def unscale(autoscaling: Any, cloudwatch: Any, endpoint: str, *, component: bool) -> None:
    """Take scaling away; the policies go with their target."""
    if component:
        _delete_alarm(cloudwatch, asleep_alarm(endpoint))
    resource = f"inference-component/{endpoint}" if component else f"endpoint/{endpoint}/variant/{MAIN}"
    dimension = "inference-component:DesiredCopyCount" if component else "variant:DesiredInstanceCount"
    try:
        autoscaling.deregister_scalable_target(
            ServiceNamespace="sagemaker", ResourceId=resource, ScalableDimension=f"sagemaker:{dimension}"
        )
    except autoscaling.exceptions.ClientError as error:
        if error_code(error) != "ObjectNotFoundException" and UNKNOWN_TARGET not in str(error):
            raise


def _delete_alarm(cloudwatch: Any, name: str) -> None:
    try:
        cloudwatch.delete_alarms(AlarmNames=[name])
    except cloudwatch.exceptions.ClientError as error:
        if not error_code(error).startswith("ResourceNotFound"):
            raise


def _done(sagemaker: Any, call: Callable[..., Any], **names: str) -> bool:
    """Return whether it was there."""
    try:
        call(**names)
    except sagemaker.exceptions.ClientError as error:
        if error_code(error) != "ValidationException" or MISSING not in str(error):
            raise
        return False
    return True
