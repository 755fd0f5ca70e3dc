"""An endpoint that serves what the model registry approves: its shell, its alarms, and the plan of its deployments.

What an endpoint runs has one owner. Here that is the deployment flow, which makes model, endpoint configuration and
endpoint (or inference component) and their scaling by SageMaker's API, as the plan says. CloudFormation knows no model:
a stack can be deployed before one is approved, and no later deployment of the stack brings an old one back.
Creates: the two alarms that judge a deployment; with `min_copies` 0 also the endpoint, empty.   Grants: none.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

from collections.abc import Mapping
from typing import Any

from constructs import Construct

from slipway_constructs.endpoint_alarms import NAMESPACE, EndpointAlarms
from slipway_constructs.model_endpoint import MAIN, SCALE_IN_SECONDS, Serving, deployment, instance
from slipway_constructs.served_model import vpc_config
from slipway_constructs.sleeping_endpoint import (
    SleepingEndpoint,
    asleep,
    component_deployment,
    component_specification,
    wake_configuration,
)

# As SageMaker's API spells what CloudFormation's library spells otherwise.
SPELLED = {"volumeSizeInGb": "VolumeSizeInGB"}


class FollowedEndpoint(Construct):
    """The plan as `plan`, in the terms of SageMaker's API, and the alarms as `alarms`."""

    def __init__(self, scope: Construct, construct_id: str, *, serving: Serving) -> None:
        super().__init__(scope, construct_id)
        self._serving, fleet = serving, serving.fleet
        self.shell = None if fleet.min_copies else SleepingEndpoint(self, "Shell", serving=serving, container=None)
        self.alarms = self.shell.alarms if self.shell else self._alarms()
        network = None if self.shell else vpc_config(serving.network)
        self.plan: dict[str, Any] = {
            "endpoint": serving.name,
            "role": serving.role.role_arn,
            "alarms": [alarm.ref for alarm in self.alarms],
            "network": pascal(network) if network else None,
            **(self._component() if self.shell else self._fleet()),
        }

    def _alarms(self) -> list[Any]:
        serving, rollout = self._serving, self._serving.rollout
        return EndpointAlarms(
            self,
            "Alarms",
            dimensions={"EndpointName": serving.name, "VariantName": MAIN},
            topic_arn=serving.topic_arn,
            max_error_percent=rollout.max_error_percent,
            max_latency_seconds=rollout.max_latency_seconds,
            step_percent=rollout.first_percent,
        ).alarms

    def _fleet(self) -> dict[str, Any]:
        serving, fleet = self._serving, self._serving.fleet
        variant = {"variantName": MAIN, "initialInstanceCount": fleet.min_copies, "initialVariantWeight": 1.0}
        resource = f"endpoint/{serving.name}/variant/{MAIN}"
        metric = "SageMakerVariantConcurrentRequestsPerModelHighResolution"
        scales = fleet.max_copies > fleet.min_copies
        return {
            "variant": pascal(variant | instance(fleet)),
            "deployment": pascal(deployment(serving.rollout, self.alarms)),
            "capture": _capture(serving),
            "key": None if fleet.has_disks else serving.key_arn,
            "scaling": self._scaling(resource, "variant:DesiredInstanceCount", metric) if scales else None,
        }

    def _component(self) -> dict[str, Any]:
        serving = self._serving
        resource = f"inference-component/{serving.name}"
        metric = "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution"
        scaling = self._scaling(resource, "inference-component:DesiredCopyCount", metric)
        scaling["policies"].append(
            {
                "PolicyName": f"{serving.name}-wake",
                "PolicyType": "StepScaling",
                "StepScalingPolicyConfiguration": pascal(wake_configuration()),
            }
        )
        alarm = pascal(asleep(serving.name) | {"namespace": NAMESPACE})
        return {
            "component": pascal(component_specification(serving.fleet)),
            "deployment": component_deployment(serving.rollout, self.alarms),
            "scaling": scaling | {"wake": alarm | {"AlarmName": f"{serving.name}-asleep"}},
        }

    def _scaling(self, resource: str, dimension: str, metric: str) -> dict[str, Any]:
        fleet = self._serving.fleet
        tracking = {
            "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
            "TargetValue": fleet.requests_per_copy,
            "ScaleInCooldown": SCALE_IN_SECONDS,
            "ScaleOutCooldown": 0,
        }
        return {
            "resource": {
                "ServiceNamespace": "sagemaker",
                "ScalableDimension": f"sagemaker:{dimension}",
                "ResourceId": resource,
            },
            "limits": {"MinCapacity": fleet.min_copies, "MaxCapacity": fleet.max_copies},
            "policies": [
                {
                    "PolicyName": f"{self._serving.name}-requests",
                    "PolicyType": "TargetTrackingScaling",
                    "TargetTrackingScalingPolicyConfiguration": tracking,
                }
            ],
        }


def pascal(value: Any) -> Any:
    """Return a value with the names of its members as AWS's APIs spell them."""
    if isinstance(value, Mapping):
        return {SPELLED.get(name, name[:1].upper() + name[1:]): pascal(each) for name, each in value.items()}
    return [pascal(each) for each in value] if isinstance(value, (list, tuple)) else value


def _capture(serving: Serving) -> dict[str, Any] | None:
    if not serving.capture_percent:
        return None
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": serving.capture_percent,
        "DestinationS3Uri": serving.capture_uri,
        "CaptureOptions": [{"CaptureMode": mode} for mode in ("Input", "Output")],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        **({"KmsKeyId": serving.key_arn} if serving.key_arn else {}),
    }
