"""Endpoints of SageMaker: instances and images of the region, scaling to zero, rollouts, and names that stay."""

import re
from collections.abc import Iterator
from typing import Any

from slipway_cli.preflights.blame import setting_of
from slipway_cli.preflights.finding import Finding, Severity
from slipway_cli.preflights.regions import region_table
from slipway_cli.preflights.subject import Resource, Subject
from slipway_local.deploy.schemas import extension

PRICES = "https://aws.amazon.com/sagemaker/ai/pricing/"
IMAGES = "https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html"
ZERO = "https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html"
ROLLOUTS = "https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html"
NAMES = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sagemaker-endpointconfig.html"
)
IMAGE = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[^/]+/(?P<repository>[^:@]+)")
# Seen on 2026-08-27: https://github.com/stdapi-ai/stdapi.ai/issues/43
NO_ZERO = ("eu-west-3",)
MOST_CANARY_PERCENT, MOST_ALARMS = 50, 10
NAMED = {"AWS::SageMaker::EndpointConfig": "EndpointConfigName", "AWS::SageMaker::Model": "ModelName"}


def instances(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each instance type that SageMaker does not host on in the region."""
    offered = extension("aws_sagemaker_hosting", "instancetype_enum").get(subject.region, {}).get("enum")
    for config, variant in _variants(subject):
        kind = variant.get("InstanceType")
        if offered and isinstance(kind, str) and kind not in offered:
            what = f"SageMaker hosts nothing on {kind} in {subject.region}"
            yield _finding(config, "instance-region", what, "Choose an instance of the region.", PRICES)


def scale_to_zero(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each variant that is to scale to zero without what that needs."""
    for config, variant in _variants(subject):
        if variant.get("ManagedInstanceScaling", {}).get("MinInstanceCount") != 0:
            continue
        if "ModelName" in variant:
            what = "only a variant without ModelName, with inference components, scales to zero"
            yield _finding(config, "scale-to-zero", what, "Make the model an inference component.", ZERO)
        if subject.region in NO_ZERO:
            what = f"SageMaker has refused to scale to zero in {subject.region}"
            yield _finding(config, "scale-to-zero", what, "Let one instance stay.", ZERO)
        if "ExecutionRoleArn" not in config.properties:
            what = "scaling to zero with inference components needs ExecutionRoleArn"
            yield _finding(config, "scale-to-zero", what, "Give the configuration its role.", ZERO)


def rollouts(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each rollout that SageMaker refuses, or that nothing would roll back."""
    for endpoint in subject.of("AWS::SageMaker::Endpoint"):
        deployment = endpoint.properties.get("DeploymentConfig")
        if not deployment:
            continue
        routing = deployment.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
        for name in ("CanarySize", "LinearStepSize"):
            size = routing.get(name, {})
            if size.get("Type") == "CAPACITY_PERCENT" and int(size.get("Value", 0)) > MOST_CANARY_PERCENT:
                what = f"{name} is {size['Value']} %, of at most {MOST_CANARY_PERCENT} %"
                yield _finding(endpoint, "rollout", what, "Make the first step smaller.", ROLLOUTS)
        alarms = len(deployment.get("AutoRollbackConfiguration", {}).get("Alarms", []))
        if alarms > MOST_ALARMS:
            what = f"{alarms} alarms roll back, of at most {MOST_ALARMS}"
            yield _finding(endpoint, "rollout", what, "Join alarms into a composite one.", ROLLOUTS)
        if not alarms:
            what = "no alarm is named, so a bad rollout is never rolled back"
            remedy = "Name alarms in AutoRollbackConfiguration."
            yield _finding(endpoint, "rollout", what, remedy, ROLLOUTS, Severity.WARNING)


def images(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each image of another region, or of AWS's account of another region."""
    accounts = {entry["image_account"] for entry in region_table().values()} - {None}
    here = region_table().get(subject.region, {}).get("image_account")
    for model in subject.of("AWS::SageMaker::Model", "AWS::SageMaker::InferenceComponent"):
        for found in IMAGE.finditer(str(model.properties)):
            if found["region"] != subject.region:
                what = f"the image {found['repository']} is in {found['region']}: SageMaker pulls from {subject.region}"
            elif here and found["account"] in accounts and found["account"] != here:
                what = f"AWS's images are in the account {here} in {subject.region}, not in {found['account']}"
            else:
                continue
            yield _finding(model, "image", what, "Name the image of this region.", IMAGES)


def fixed_names(subject: Subject) -> Iterator[Finding]:
    """Yield an error for what is replaced at each change, and has a name that the replacement cannot have too."""
    for resource in subject.of(*NAMED):
        name = resource.properties.get(NAMED[resource.type])
        if isinstance(name, str):
            what = f"the name {name} stays: the next change makes a second one of that name, and fails"
            yield _finding(resource, "fixed-name", what, "Leave the name out, or make its content a part of it.", NAMES)


def _variants(subject: Subject) -> Iterator[tuple[Resource, dict[str, Any]]]:
    for config in subject.of("AWS::SageMaker::EndpointConfig"):
        for name in ("ProductionVariants", "ShadowProductionVariants"):
            for variant in config.properties.get(name, []):
                yield config, variant


def _finding(
    resource: Resource, check: str, what: str, remedy: str, documentation: str, severity: Severity = Severity.ERROR
) -> Finding:
    return Finding(
        check=check, what=what, where=resource.where, setting=setting_of(resource), remedy=remedy,
        documentation=documentation, severity=severity,
    )  # fmt: skip
