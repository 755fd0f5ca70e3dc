"""What a region lacks: resource types, services, zones, image accounts, and models of Bedrock.

Sources: cfn-lint's schemas of each region, botocore's endpoints.json, and regions.json (tools/region_tables.py).
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from slipway_cli.preflights.actions import allowed_services
from slipway_cli.preflights.blame import BY_SERVICE, setting_of
from slipway_cli.preflights.finding import Finding
from slipway_cli.preflights.subject import Subject
from slipway_local.deploy.schemas import types_in
from stacks.regions import can_call

SERVICES = "https://aws.amazon.com/about-aws/global-infrastructure/regional-product-services/"
ZONES = "https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html"
PROFILES = "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html"
# botocore's list of these is complete; it no longer tells the regions of many others.
FEW_REGIONS = ("bedrock", "comprehend", "kendra", "textract", "translate")
OWN_TYPES = ("Custom::", "AWS::CDK::", "AWS::CloudFormation::CustomResource")


@cache
def region_table() -> dict[str, dict[str, Any]]:
    """Zones and image account of each region."""
    text = Path(__file__).with_name("regions.json").read_text(encoding="utf-8")
    return dict(json.loads(text)["regions"])


def resource_types(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each resource type that the region does not have."""
    known = types_in(subject.region)
    if known is None:
        yield Finding(
            check="region-unknown",
            what=f"no list of the resource types of {subject.region} is installed",
            where=subject.environment,
            setting="region",
            remedy="Check the spelling; for a region that is new, bring cfn-lint up to date.",
            documentation=SERVICES,
        )
        return
    missing = {item.type: item for item in subject.resources if item.type not in known | {"AWS::CDK::Metadata"}}
    for kind, item in missing.items():
        if not kind.startswith(OWN_TYPES):
            yield Finding(
                check="region-type",
                what=f"CloudFormation has no {kind} in {subject.region}",
                where=item.where,
                setting=setting_of(item),
                remedy="Choose another region, or another value of this setting.",
                documentation=SERVICES,
            )


def services(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each service that a role may call, which the region does not have."""
    session = boto3.Session()
    for service, where in sorted(allowed_services(subject).items()):
        if service in FEW_REGIONS and subject.region not in session.get_available_regions(service, subject.partition):
            yield Finding(
                check="region-service",
                what=f"{service} is not offered in {subject.region}",
                where=where,
                setting=BY_SERVICE.get(service, ""),
                remedy="Choose another region, or another value of this setting.",
                documentation=SERVICES,
            )


def zones(subject: Subject) -> Iterator[Finding]:
    """Yield an error for zones that the region does not have, or not so many."""
    network, here = subject.settings.network, region_table().get(subject.region, {}).get("zones", [])
    if network.mode == "create" and here and network.availability_zones > len(here):
        yield Finding(
            check="zones",
            what=f"{network.availability_zones} zones are wanted, {subject.region} has {len(here)} for most accounts",
            where=subject.environment,
            setting="network.availability_zones",
            remedy=f"Set it to {len(here)}.",
            documentation=ZONES,
        )
    for zone in network.existing.availability_zones if network.mode == "import" and network.existing else []:
        if here and zone not in here and zone.startswith(subject.region):
            yield _wrong_zone(zone, f"{subject.region} has {', '.join(here)}")
        elif not zone.startswith(subject.region):
            yield _wrong_zone(zone, f"it is not in {subject.region}")


def models(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each Bedrock model whose inference profile does not serve the region."""
    named = {
        f"models.{alias}": route.bedrock
        for alias, model in subject.settings.models.items()
        for route in model.all_routes
        if not can_call(subject.region, route.bedrock)
    }
    embedding = subject.settings.retrieval.embedding
    if embedding.bedrock_model and not can_call(subject.region, embedding.model_id):
        named["retrieval.embedding.model_id"] = embedding.model_id
    for setting, model_id in named.items():
        yield Finding(
            check="model-region",
            what=f"the inference profile {model_id} cannot be called from {subject.region}",
            where=subject.environment,
            setting=setting,
            remedy="Name the profile of the region's geography, or a global one.",
            documentation=PROFILES,
        )


def _wrong_zone(zone: str, why: str) -> Finding:
    return Finding(
        check="zones",
        what=f"there is no zone {zone}: {why}",
        where="network",
        setting="network.import.availability_zones",
        remedy="List the zones of the subnets, as `aws ec2 describe-subnets` tells them.",
        documentation=ZONES,
    )
