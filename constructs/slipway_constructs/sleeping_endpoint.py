"""A SageMaker endpoint that costs nothing while nobody asks: an inference component that scales to zero and back.

Creates: model, endpoint configuration with managed instances from 0, endpoint, inference component, alarms that bring
the old model back, target tracking, and the alarm that wakes it: a request that found no copy.   Grants: none.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sagemaker-inferencecomponent.html
"""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from slipway_constructs.endpoint_alarms import NAMESPACE, EndpointAlarms
from slipway_constructs.model_endpoint import (
    MAIN,
    STARTUP_SECONDS,
    Fleet,
    Rollout,
    Serving,
    capture,
    instance,
    track,
)
from slipway_constructs.served_model import ModelContainer, ServedModel, vpc_config

WAKE_PERIOD_SECONDS = 30
WAKE_COOLDOWN_SECONDS = 60


class SleepingEndpoint(Construct):
    """The names of endpoint and component are both `name`. Without a container the endpoint is empty."""

    def __init__(
        self, scope: Construct, construct_id: str, *, serving: Serving, container: ModelContainer | None
    ) -> None:
        super().__init__(scope, construct_id)
        self._serving, self.name = serving, serving.name
        self.endpoint = self._endpoint()
        self.alarms = EndpointAlarms(
            self,
            "Alarms",
            dimensions={"InferenceComponentName": self.name},
            topic_arn=serving.topic_arn,
            max_error_percent=serving.rollout.max_error_percent,
            max_latency_seconds=serving.rollout.max_latency_seconds,
        ).alarms
        if container is None:
            return
        model = ServedModel(self, "Main", container=container, role=serving.role, network=None)
        self.component = self._component(model)
        self._scale()

    def _endpoint(self) -> sagemaker.CfnEndpoint:
        serving, fleet = self._serving, self._serving.fleet
        most = -(-fleet.max_copies // fleet.copies_per_instance)
        variant = {
            "variantName": MAIN,
            "initialInstanceCount": 1,
            "managedInstanceScaling": {"status": "ENABLED", "minInstanceCount": 0, "maxInstanceCount": most},
            **instance(fleet),
        }
        config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            production_variants=[variant],
            execution_role_arn=serving.role.role_arn,
            enable_network_isolation=True,
            vpc_config=vpc_config(serving.network),
            data_capture_config=capture(serving),
            kms_key_id=None if fleet.has_disks else serving.key_arn,
        )
        config.node.add_dependency(serving.role.node.find_child("DefaultPolicy"))
        return sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=serving.name,
            endpoint_config_name=config.attr_endpoint_config_name,
        )

    def _component(self, model: ServedModel) -> sagemaker.CfnInferenceComponent:
        rollout, fleet = self._serving.rollout, self._serving.fleet
        component = sagemaker.CfnInferenceComponent(
            self,
            "Component",
            endpoint_name=self.name,
            inference_component_name=self.name,
            variant_name=MAIN,
            specification={"modelName": model.name, **component_specification(fleet)},
            runtime_config={"copyCount": fleet.min_copies},
        )
        # Known to CloudFormation, not yet to the library.
        component.add_property_override("DeploymentConfig", component_deployment(rollout, self.alarms))
        component.add_dependency(self.endpoint)
        return component

    def _scale(self) -> None:
        fleet = self._serving.fleet
        target = scaling.CfnScalableTarget(
            self,
            "Target",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:inference-component:DesiredCopyCount",
            resource_id=f"inference-component/{self.name}",
            min_capacity=fleet.min_copies,
            max_capacity=fleet.max_copies,
        )
        target.node.add_dependency(self.component)
        track(self, "Tracking", target, fleet, "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution")
        wake = scaling.CfnScalingPolicy(
            self,
            "Wake",
            policy_name=f"{self.name}-wake",
            policy_type="StepScaling",
            scaling_target_id=target.attr_id,
            step_scaling_policy_configuration=wake_configuration(),
        )
        cloudwatch.CfnAlarm(self, "Asleep", namespace=NAMESPACE, alarm_actions=[wake.ref], **_snake(asleep(self.name)))


def component_specification(fleet: Fleet) -> dict[str, Any]:
    """Return what an inference component says of a copy, beside its model."""
    return {
        "startupParameters": {
            "containerStartupHealthCheckTimeoutInSeconds": STARTUP_SECONDS,
            "modelDataDownloadTimeoutInSeconds": STARTUP_SECONDS,
        },
        "computeResourceRequirements": {
            "numberOfAcceleratorDevicesRequired": fleet.devices,
            "minMemoryRequiredInMb": 1024,
        },
    }


def component_deployment(rollout: Rollout, alarms: Sequence[Any]) -> dict[str, Any]:
    """Return how copies are replaced, one by one, watched by alarms, in the terms of SageMaker's API."""
    return {
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm.ref} for alarm in alarms]},
        "RollingUpdatePolicy": {
            "MaximumBatchSize": {"Type": "COPY_COUNT", "Value": 1},
            "WaitIntervalInSeconds": rollout.bake_seconds,
        },
    }


def wake_configuration() -> dict[str, Any]:
    """Return the step scaling that adds a copy."""
    return {
        "adjustmentType": "ChangeInCapacity",
        "metricAggregationType": "Maximum",
        "cooldown": WAKE_COOLDOWN_SECONDS,
        "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1}],
    }


def asleep(component: str) -> dict[str, Any]:
    """Return the alarm that a request found no copy, without its namespace and action."""
    return {
        "metricName": "NoCapacityInvocationFailures",
        "dimensions": [{"name": "InferenceComponentName", "value": component}],
        "statistic": "Maximum",
        "period": WAKE_PERIOD_SECONDS,
        "evaluationPeriods": 1,
        "threshold": 1,
        "comparisonOperator": "GreaterThanOrEqualToThreshold",
        "treatMissingData": "missing",
        "alarmDescription": f"{component}: somebody asked while it slept. This wakes it; it takes minutes.",
    }


def _snake(members: dict[str, Any]) -> dict[str, Any]:
    return {"".join(f"_{one.lower()}" if one.isupper() else one for one in name): v for name, v in members.items()}
