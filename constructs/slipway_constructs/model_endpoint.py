"""A SageMaker endpoint on instances that are always there: variants by weight, a shadow, canary and linear rollout.

Creates: models, endpoint configuration, endpoint, alarms that bring the old model back, and scaling if `max_copies` is
more than `min_copies`.   Grants: none.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests.html
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from slipway_constructs.endpoint_alarms import EndpointAlarms
from slipway_constructs.python_function import FunctionNetwork
from slipway_constructs.served_model import ModelContainer, ServedModel

MAIN = "main"
NVME_FREE = ("inf2",)  # families whose instances have no disks of their own: alone they take a volume and a key of ours
STARTUP_SECONDS = 1800
SCALE_IN_SECONDS = 300


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fleet:
    """The instances. `devices`: accelerators of one copy.   `volume_gigabytes`: where instances have no disks."""

    instance_type: str
    devices: int
    min_copies: int
    max_copies: int
    requests_per_copy: float
    copies_per_instance: int = 1
    volume_gigabytes: int = 256
    ami: str | None = None

    @property
    def has_disks(self) -> bool:
        """Return whether instances bring disks of their own, which are always encrypted."""
        return self.instance_type.split(".")[1] not in NVME_FREE


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rollout:
    """How a change reaches users. `kind`: ALL_AT_ONCE, CANARY or LINEAR.   Raises: ValueError beyond AWS's limits."""

    kind: str = "ALL_AT_ONCE"
    step_percent: int = 50
    bake_seconds: int = 600
    max_error_percent: float = 1
    max_latency_seconds: float = 30

    def __post_init__(self) -> None:
        if not 0 < self.step_percent <= 50:
            raise ValueError(f"a step is 1 to 50 % of the instances, got {self.step_percent}")
        if not 0 <= self.bake_seconds <= 3600:
            raise ValueError(f"a step is watched for up to 3600 s, got {self.bake_seconds}")

    @property
    def first_percent(self) -> int:
        """Return the share of requests that the new instances have first."""
        return 100 if self.kind == "ALL_AT_ONCE" else self.step_percent


@dataclasses.dataclass(frozen=True, kw_only=True)
class Serving:
    """What an endpoint shares with those that sleep. `capture_uri`: where captured requests go, if any."""

    name: str
    role: iam.Role
    fleet: Fleet
    rollout: Rollout
    topic_arn: str
    network: FunctionNetwork | None = None
    key_arn: str | None = None
    capture_uri: str = ""
    capture_percent: int = 0


class ModelEndpoint(Construct):
    """The endpoint's name as `name`, those of its variants as `variants`: the own model's is `main`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        serving: Serving,
        container: ModelContainer,
        variants: Sequence[tuple[str, ModelContainer, float]] = (),
        shadow: tuple[ModelContainer, float] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._serving, self.name = serving, serving.name
        production = [self._variant(*one) for one in ((MAIN, container, 1.0), *variants)]
        shadows = [self._variant("shadow", shadow[0], shadow[1])] if shadow else None
        self.variants = [MAIN, *(name for name, _, _ in variants)]
        config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            production_variants=production,
            shadow_production_variants=shadows,
            data_capture_config=capture(serving),
            kms_key_id=None if serving.fleet.has_disks else serving.key_arn,
        )
        self.alarms = [alarm for name in self.variants for alarm in self._alarms(name).alarms]
        self.endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=serving.name,
            endpoint_config_name=config.attr_endpoint_config_name,
            deployment_config=deployment(self._serving.rollout, self.alarms),
            # How many instances there are at the moment is for the scaling to say.
            retain_all_variant_properties=True,
            exclude_retained_variant_properties=[
                sagemaker.CfnEndpoint.VariantPropertyProperty(variant_property_type="DesiredWeight")
            ],
        )
        if serving.fleet.max_copies > serving.fleet.min_copies:
            for name in self.variants:
                self._scale(name)

    def _variant(self, name: str, container: ModelContainer, weight: float) -> dict[str, Any]:
        serving, fleet = self._serving, self._serving.fleet
        model = ServedModel(self, name.capitalize(), container=container, role=serving.role, network=serving.network)
        return {
            "variantName": name,
            "modelName": model.name,
            "initialInstanceCount": fleet.min_copies,
            "initialVariantWeight": weight,
            **instance(fleet),
        }

    def _alarms(self, variant: str) -> EndpointAlarms:
        rollout = self._serving.rollout
        return EndpointAlarms(
            self,
            f"{variant.capitalize()}Alarms",
            dimensions={"EndpointName": self.name, "VariantName": variant},
            topic_arn=self._serving.topic_arn,
            max_error_percent=rollout.max_error_percent,
            max_latency_seconds=rollout.max_latency_seconds,
            step_percent=rollout.first_percent,
        )

    def _scale(self, variant: str) -> None:
        fleet = self._serving.fleet
        target = scaling.CfnScalableTarget(
            self,
            f"{variant.capitalize()}Target",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=f"endpoint/{self.name}/variant/{variant}",
            min_capacity=fleet.min_copies,
            max_capacity=fleet.max_copies,
        )
        target.node.add_dependency(self.endpoint)
        track(
            self,
            f"{variant.capitalize()}Tracking",
            target,
            fleet,
            "SageMakerVariantConcurrentRequestsPerModelHighResolution",
        )


def track(scope: Construct, construct_id: str, target: scaling.CfnScalableTarget, fleet: Fleet, metric: str) -> None:
    """Create the policy that keeps the requests at once of each copy at their goal."""
    scaling.CfnScalingPolicy(
        scope,
        construct_id,
        policy_name=f"{target.resource_id}-requests".replace("/", "-"),
        policy_type="TargetTrackingScaling",
        scaling_target_id=target.attr_id,
        target_tracking_scaling_policy_configuration={
            "predefinedMetricSpecification": {"predefinedMetricType": metric},
            "targetValue": fleet.requests_per_copy,
            "scaleInCooldown": SCALE_IN_SECONDS,
            "scaleOutCooldown": 0,
        },
    )


def instance(fleet: Fleet) -> dict[str, Any]:
    """Return the members of a variant that say on what it runs."""
    given = {
        "instanceType": fleet.instance_type,
        "inferenceAmiVersion": fleet.ami,
        "volumeSizeInGb": None if fleet.has_disks else fleet.volume_gigabytes,
        "containerStartupHealthCheckTimeoutInSeconds": STARTUP_SECONDS,
        "modelDataDownloadTimeoutInSeconds": STARTUP_SECONDS,
        "routingConfig": {"routingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
    }
    return {name: value for name, value in given.items() if value is not None}


def deployment(rollout: Rollout, alarms: Sequence[Any]) -> dict[str, Any]:
    """Return the DeploymentConfig of an endpoint."""
    routing: dict[str, Any] = {"type": rollout.kind, "waitIntervalInSeconds": rollout.bake_seconds}
    size = {"type": "CAPACITY_PERCENT", "value": rollout.step_percent}
    routing |= {"CANARY": {"canarySize": size}, "LINEAR": {"linearStepSize": size}}.get(rollout.kind, {})
    return {
        "autoRollbackConfiguration": rollback(alarms),
        "blueGreenUpdatePolicy": {
            "trafficRoutingConfiguration": routing,
            "terminationWaitInSeconds": rollout.bake_seconds,
        },
    }


def rollback(alarms: Sequence[Any]) -> dict[str, Any]:
    """Return an AutoRollbackConfiguration of alarms."""
    return {"alarms": [{"alarmName": alarm.ref} for alarm in alarms]}


def capture(serving: Serving) -> sagemaker.CfnEndpointConfig.DataCaptureConfigProperty | None:
    """Return what of the requests and answers is kept, None if nothing."""
    if not serving.capture_percent:
        return None
    return sagemaker.CfnEndpointConfig.DataCaptureConfigProperty(
        enable_capture=True,
        initial_sampling_percentage=serving.capture_percent,
        destination_s3_uri=serving.capture_uri,
        kms_key_id=serving.key_arn,
        capture_options=[
            sagemaker.CfnEndpointConfig.CaptureOptionProperty(capture_mode=mode) for mode in ("Input", "Output")
        ],
        capture_content_type_header=sagemaker.CfnEndpointConfig.CaptureContentTypeHeaderProperty(
            json_content_types=["application/json"]
        ),
    )
