"""What an endpoint may ask of SageMaker here; the rest is refused by name, before anything runs.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateInferenceComponent.html
"""

from typing import Any

from slipway_local.training.contract import JsonObject, UnsupportedJobError, check_shape

Refused = UnsupportedJobError
CONFIG = ("AsyncInferenceConfig", "ExplainerConfig", "CrossRegionTrafficConfig")
VARIANT = ("ServerlessConfig", "AcceleratorType", "InstancePools", "CapacityReservationConfig")


def check(operation: str, request: JsonObject) -> JsonObject:
    """Return the request. Raises: UnsupportedJobError for one that AWS, or this cloud, refuses."""
    check_shape(operation, request)
    if rule := RULES.get(operation):
        rule(request)
    return request


def _model(request: JsonObject) -> None:
    if len(request.get("Containers") or ()) > 1:
        raise Refused("several containers in a model; supported is one")
    container = request.get("PrimaryContainer") or (request.get("Containers") or [{}])[0]
    if not container.get("Image") and not container.get("ModelPackageName"):
        raise Refused("a model without Image or ModelPackageName")
    if container.get("Mode") == "MultiModel":
        raise Refused("Mode MultiModel; supported is SingleModel")


def _config(request: JsonObject) -> None:
    _refuse(CONFIG, request)
    production, shadows = request["ProductionVariants"], request.get("ShadowProductionVariants") or []
    for variant in [*production, *shadows]:
        _refuse(VARIANT, variant)
        if not variant.get("InstanceType"):
            raise Refused(f"the variant {variant['VariantName']} without InstanceType")
    names = [variant["VariantName"] for variant in [*production, *shadows]]
    if len(set(names)) < len(names):
        raise Refused("two variants of one name; SageMaker refuses it, too")
    if shadows and (len(production) > 1 or len(shadows) > 1):
        raise Refused("a shadow beside several variants; SageMaker takes one variant with one shadow")
    bare = [variant for variant in production if not variant.get("ModelName")]
    if bare and (len(production) > 1 or shadows):
        raise Refused("several variants where one is for inference components; SageMaker takes that one alone")
    if bare and not request.get("ExecutionRoleArn"):
        raise Refused("inference components without ExecutionRoleArn; SageMaker wants one")


def _component(request: JsonObject) -> None:
    if request.get("Specifications"):
        raise Refused("Specifications by instance type; supported is one Specification")
    specification = request.get("Specification") or {}
    _refuse(("BaseInferenceComponentName",), specification)
    if request.get("Specification") and not specification.get("ModelName"):
        raise Refused("an inference component without ModelName; supported is a Model of SageMaker's")


def _refuse(names: tuple[str, ...], request: JsonObject) -> None:
    for name in names:
        if request.get(name):
            raise Refused(f"{name}; leave it out")


RULES: dict[str, Any] = {
    "CreateModel": _model,
    "CreateEndpointConfig": _config,
    "CreateInferenceComponent": _component,
    "UpdateInferenceComponent": _component,
}
