"""SageMaker's models and endpoints, and the scaling of them."""

import time
from typing import Any

from slipway_local.deploy.providers.api import Api, Lookup, api
from slipway_local.deploy.providers.base import Context, Created, Properties, Provider, completing
from slipway_local.deploy.providers.calls import call

READY = "InService"
WAIT_SECONDS = 7200.0  # the longest rollout that a DeploymentConfig of a few steps describes
POLL_SECONDS = 0.2


class Awaited(Api):
    """An endpoint or a component: created and updated when it is in service, deleted when it is gone."""

    def create(self, context: Context, properties: Properties) -> Created:
        """Create it and wait."""
        created = super().create(context, properties)
        with completing(created):
            self._wait(context, created.physical_id)
        return created

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Update it and wait. Raises: RuntimeError if it was rolled back."""
        name = existing.physical_id.rpartition("/")[2]
        if new.get("RuntimeConfig") == old.get("RuntimeConfig"):  # how many copies there are is the scaling's by now
            old, new = _without(old, "RuntimeConfig"), _without(new, "RuntimeConfig")
        updated = super().update(context, Created(physical_id=name, attributes=existing.attributes), old, new)
        if reason := self._wait(context, name).get("FailureReason"):
            raise RuntimeError(reason)
        return Created(physical_id=existing.physical_id, attributes=updated.attributes)

    def _wait(self, context: Context, physical_id: str) -> Properties:
        kind = "endpoint" if self.create_call == "create_endpoint" else "inference_component"
        title = "".join(word.capitalize() for word in kind.split("_"))
        name, deadline = physical_id.rpartition("/")[2], time.monotonic() + WAIT_SECONDS
        while True:
            found = call(context.place, "sagemaker", f"describe_{kind}", {f"{title}Name": name})
            status = found[f"{title}Status"]
            if status == READY:
                return found
            if status == "Failed" or time.monotonic() > deadline:
                raise RuntimeError(f"{name} is {status}: {found.get('FailureReason', 'it took too long')}")
            time.sleep(POLL_SECONDS)


def _without(properties: Properties, name: str) -> Properties:
    return {key: value for key, value in properties.items() if key != name}


def _target(context: Context, properties: Properties) -> Properties:
    return _without(properties, "RoleARN")


def _policy(context: Context, properties: Properties) -> Properties:
    if target := properties.pop("ScalingTargetId", None):
        resource, dimension, namespace = target.split("|")
        properties |= {"ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": namespace}
    return properties


class Policy(Api):
    """AWS::ApplicationAutoScaling::ScalingPolicy, whose Ref is its ARN; putting one of a target's again replaces it."""

    def taken(self, context: Context, properties: Properties) -> str:
        """Return the name that a policy of the target has already."""
        given = _policy(context, dict(properties))
        every = call(context.place, self.service, "describe_scaling_policies", given)["ScalingPolicies"]
        same = ("PolicyName", "ResourceId", "ScalableDimension")
        return given["PolicyName"] if any(all(one[k] == given[k] for k in same) for one in every) else ""

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete the policy."""
        super().delete(context, existing, _policy(context, dict(properties)))


_NAMED: dict[str, Any] = {"PolicyName": "{PolicyName}", "ServiceNamespace": "{ServiceNamespace}",
                          "ResourceId": "{ResourceId}", "ScalableDimension": "{ScalableDimension}"}  # fmt: skip
_SCALED = {name: value for name, value in _NAMED.items() if name != "PolicyName"}
PROVIDERS: dict[str, Provider] = {
    "AWS::SageMaker::Model": api(
        "sagemaker", "create_model", "@ModelArn", name="ModelName", name_limit=63,
        attributes={"ModelName": "{ModelName}", "ModelArn": "@ModelArn"},
        delete_call="delete_model", delete_with={"ModelName": "{ModelName}"},
    ),
    "AWS::SageMaker::EndpointConfig": api(
        "sagemaker", "create_endpoint_config", "@EndpointConfigArn", name="EndpointConfigName", name_limit=63,
        attributes={"EndpointConfigName": "{EndpointConfigName}", "EndpointConfigArn": "@EndpointConfigArn"},
        delete_call="delete_endpoint_config", delete_with={"EndpointConfigName": "{EndpointConfigName}"},
    ),
    "AWS::SageMaker::Endpoint": Awaited(
        service="sagemaker", create_call="create_endpoint", ref="@EndpointArn", name="EndpointName", name_limit=63,
        attributes={"EndpointName": "{EndpointName}", "EndpointArn": "@EndpointArn"},
        update_call="update_endpoint", update_replaces=True, delete_call="delete_endpoint",
        delete_with={"EndpointName": "{EndpointName}"},
    ),
    "AWS::SageMaker::InferenceComponent": Awaited(
        service="sagemaker", create_call="create_inference_component", ref="@InferenceComponentArn",
        name="InferenceComponentName", name_limit=63,
        attributes={"InferenceComponentName": "{InferenceComponentName}",
                    "InferenceComponentArn": "@InferenceComponentArn"},
        update_call="update_inference_component", delete_call="delete_inference_component",
        delete_with={"InferenceComponentName": "{InferenceComponentName}"},
    ),
    "AWS::SageMaker::MlflowApp": api(
        "sagemaker", "create_mlflow_app", "@Arn", attributes={"Arn": "@Arn", "MlflowVersion": "3.17"},
        update_call="update_mlflow_app", update_with={"Arn": "{id}"},
        delete_call="delete_mlflow_app", delete_with={"Arn": "{id}"},
    ),
    "AWS::ApplicationAutoScaling::ScalableTarget": api(
        "application-autoscaling", "register_scalable_target", "{ResourceId}|{ScalableDimension}|{ServiceNamespace}",
        lookup=Lookup("describe_scalable_targets", {"ServiceNamespace": "{ServiceNamespace}",
            "ResourceIds": "{ResourceId}", "ScalableDimension": "{ScalableDimension}"}, "ScalableTargets.0"),
        prepare=_target, attributes={"Id": "{id}"}, update_call="register_scalable_target",
        delete_call="deregister_scalable_target", delete_with=_SCALED,
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": Policy(
        service="application-autoscaling", create_call="put_scaling_policy", ref="@PolicyARN", prepare=_policy,
        attributes={"Arn": "@PolicyARN"}, update_call="put_scaling_policy", update_replaces=True,
        delete_call="delete_scaling_policy", delete_with=_NAMED,
    ),
}  # fmt: skip
