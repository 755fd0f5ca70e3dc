"""What calls to SageMaker's registry, and to the scaling of its endpoints, need.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsapplicationautoscaling.html
"""

from slipway_local.permissions.calls import Call
from slipway_local.permissions.decision import Need

SCALING_KEYS = {"ServiceNamespace": "service-namespace", "ScalableDimension": "scalable-dimension"}


def sagemaker(call: Call) -> list[Need] | None:
    """Return the versions of a group, for calls that name the group and not yet, or no, version of it."""
    group = str(call.parameters.get("ModelPackageGroupName") or "").rsplit("/", 1)[-1]
    if group and call.operation in ("CreateModelPackage", "ListModelPackages"):
        return [Need(f"sagemaker:{call.operation}", call.arn(f"model-package/{group}/*"))]
    return None


def autoscaling(call: Call) -> list[Need] | None:
    """Return the scalable target, whose id only the service knows, with what the call says of it."""
    if "ResourceId" not in call.parameters:
        return None
    prefix = "application-autoscaling"
    told = {f"{prefix}:{key}": [str(call.parameters[name])] for name, key in SCALING_KEYS.items()}
    return [Need(f"{prefix}:{call.operation}", call.arn("scalable-target/*"), told)]
