"""Serving: models of your own on SageMaker endpoints, each with its alarms and its way back."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from slipway_constructs.endpoint_monitor import EndpointMonitor
from slipway_constructs.followed_endpoint import FollowedEndpoint
from slipway_constructs.model_endpoint import MAIN, Fleet, ModelEndpoint, Rollout
from slipway_constructs.model_endpoint import Serving as Shared
from slipway_constructs.monitoring import Monitor
from slipway_constructs.served_model import ModelContainer, endpoint_role
from slipway_constructs.sleeping_endpoint import SleepingEndpoint
from stacks import serving_images
from stacks.serving_container import environment, volume_gigabytes
from stacks.serving_fit import limits
from stacks.serving_instances import INSTANCES
from stacks.serving_names import full_name
from stacks.serving_removal import Removal
from stacks.settings import Settings
from stacks.settings_serving import Endpoint, ServedModel
from stacks.settings_serving_rules import models, plan, tensor_parallel
from stacks.slipway_stack import SlipwayStack
from stacks.training_job import MODELS, RUNS

CAPTURED = "captured"  # below it in the artifacts bucket: the endpoint's name


class ServingStack(SlipwayStack):
    """Publishes <name>-endpoint-name for each endpoint; of one that follows the registry also -plan and -role-arn."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "serving", name=name, settings=settings)
        self._images: dict[str, str] = {}
        self._removal = Removal(self)
        names = {f"{each.name}-endpoint-name": full_name(name, each) for each in settings.serving.endpoints}
        for endpoint in settings.serving.endpoints:
            names |= self._followed(endpoint) if endpoint.model.registry else self._endpoint(endpoint)
        self.publish(names)

    def _followed(self, endpoint: Endpoint) -> dict[str, str]:
        """Make what a followed endpoint has without a model, and return what its deployments need to know."""
        planned, image = plan(endpoint, endpoint.model), self._image(endpoint.container)
        bucket = self.look_up("foundation", "artifacts-bucket-name")
        places = [ModelContainer(image=image, bucket=bucket, prefix=f"{each}/") for each in (MODELS, RUNS)]
        scope = self._scope(endpoint)
        shared = self._shared(scope, endpoint, places)
        made = FollowedEndpoint(scope, "Endpoint", serving=shared)
        self._removal.add(endpoint.name, shared.name, made)
        told = {
            "group": f"slipway-{self.environment_name}-{endpoint.model.registry}",
            "image": image,
            "environment": environment(planned),
            "on_approval": endpoint.rollout.on_approval,
            "fit": limits(planned),
        }
        return {
            f"{endpoint.name}-plan": self.to_json_string(made.plan | told),
            f"{endpoint.name}-role-arn": shared.role.role_arn,
        }

    def _scope(self, endpoint: Endpoint) -> Construct:
        return Construct(self, "".join(word.capitalize() for word in endpoint.name.split("-")))

    def _endpoint(self, endpoint: Endpoint) -> dict[str, str]:
        scope = self._scope(endpoint)
        containers = [self._container(endpoint, model) for _, model in models(endpoint)]
        shared = self._shared(scope, endpoint, containers)
        if not endpoint.scaling.min:
            SleepingEndpoint(scope, "Endpoint", serving=shared, container=containers[0])
            return {}
        others = containers[1 : 1 + len(endpoint.variants)]
        ModelEndpoint(
            scope,
            "Endpoint",
            serving=shared,
            container=containers[0],
            variants=[(one.name, own, one.weight) for one, own in zip(endpoint.variants, others, strict=True)],
            shadow=(containers[-1], endpoint.shadow.share_percent / 100) if endpoint.shadow else None,
        )
        return {}

    def _shared(self, scope: Construct, endpoint: Endpoint, containers: list[ModelContainer]) -> Shared:
        name, key, rollout = full_name(self.environment_name, endpoint), self.key(), endpoint.rollout
        bucket, captured = self.look_up("foundation", "artifacts-bucket-name"), f"{CAPTURED}/{endpoint.name}"
        role = endpoint_role(
            scope,
            "Role",
            name=name,
            containers=containers,
            capture_arn=f"{self.bucket_arn('artifacts')}/{captured}/*" if endpoint.capture_percent else None,
            key_arn=key.key_arn if key else None,
            network=self.function_network(),
        )
        return Shared(
            name=name,
            role=role,
            fleet=fleet(endpoint),
            rollout=Rollout(
                kind=rollout.kind.upper(),
                step_percent=rollout.step_percent,
                bake_seconds=rollout.bake_minutes * 60,
                max_error_percent=rollout.max_error_percent,
                max_latency_seconds=rollout.max_latency_seconds,
            ),
            topic_arn=self.look_up("foundation", "alarm-topic-arn"),
            network=self.function_network(),
            key_arn=key.key_arn if key else None,
            capture_uri=f"s3://{bucket}/{captured}",
            capture_percent=endpoint.capture_percent,
        )

    def _container(self, endpoint: Endpoint, model: ServedModel) -> ModelContainer:
        if model.package:
            arn = self.format_arn(service="sagemaker", resource="model-package", resource_name=model.package)
            return ModelContainer(package_arn=arn)
        bucket, prefix = self.look_up("foundation", "artifacts-bucket-name"), model.artifacts or ""
        if model.s3:
            bucket, _, prefix = model.s3.removeprefix("s3://").partition("/")
        image = self._image(endpoint.container)
        return ModelContainer(image=image, environment=environment(plan(endpoint, model)), bucket=bucket, prefix=prefix)

    def _image(self, container: str) -> str:
        """Return the image of the environment's region; where that is open, the region deployed to decides."""
        if container not in self._images:
            accounts = serving_images.accounts(container)
            if self.settings.region:
                account = accounts[self.settings.region]
            else:
                mapping = {region: {"account": one} for region, one in accounts.items()}
                table = cdk.CfnMapping(self, f"{container.replace('-', '').capitalize()}Images", mapping=mapping)
                account = table.find_in_map(cdk.Aws.REGION, "account")
            host = f"{account}.dkr.ecr.{self.region}.{self.url_suffix}"
            self._images[container] = f"{host}/{serving_images.suffix(container)}"
        return self._images[container]


def fleet(endpoint: Endpoint) -> Fleet:
    """Return the instances of an endpoint. Without components an instance has one copy, whatever its size."""
    one, degree, scaling = INSTANCES[endpoint.instance], tensor_parallel(endpoint), endpoint.scaling
    return Fleet(
        instance_type=endpoint.instance,
        devices=-(-degree // one.accelerator.cores),
        min_copies=scaling.min,
        max_copies=scaling.max,
        requests_per_copy=scaling.requests_per_copy,
        copies_per_instance=max(one.ranks // degree, 1),
        volume_gigabytes=volume_gigabytes(plan(endpoint, endpoint.model)),
        ami=serving_images.AMI.get(endpoint.container),
    )


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch each endpoint."""
    return [_monitor(stack, topic_arn, endpoint) for endpoint in stack.settings.serving.endpoints]


def _monitor(stack: SlipwayStack, topic_arn: str, endpoint: Endpoint) -> EndpointMonitor:
    name, one = full_name(stack.environment_name, endpoint), INSTANCES[endpoint.instance]
    return EndpointMonitor(
        stack,
        "Endpoint" + "".join(word.capitalize() for word in endpoint.name.split("-")),
        topic_arn=topic_arn,
        endpoint=name,
        variants=[MAIN, *(variant.name for variant in endpoint.variants)],
        gpus=0 if one.accelerator.neuron else one.devices,
        component="" if endpoint.scaling.min else name,
    )
