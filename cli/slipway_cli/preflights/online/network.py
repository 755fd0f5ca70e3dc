"""Endpoints in the zones of the VPC, and subnets that the settings say exist."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from slipway_cli.preflights.finding import Finding, Severity
from slipway_cli.preflights.online.client import Clients, pages
from slipway_cli.preflights.subject import Subject

ENDPOINTS = "https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"
SUBNETS = "https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html"
LEAST_FREE_ADDRESSES = 16


def endpoint_zones(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error for each interface endpoint that is not offered in the zones that the VPC will have."""
    wanted = {
        item.properties["ServiceName"]: item
        for item in subject.of("AWS::EC2::VPCEndpoint")
        if item.properties.get("VpcEndpointType") == "Interface" and isinstance(item.properties["ServiceName"], str)
    }
    if not wanted:
        return
    ec2 = client("ec2")
    filters = [{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
    listed = ec2.describe_availability_zones(Filters=filters)["AvailabilityZones"]
    # Fn::GetAZs tells them by name, and the network stack takes the first ones.
    zones = sorted(zone["ZoneName"] for zone in listed)[: subject.settings.network.availability_zones]
    details = ec2.describe_vpc_endpoint_services(Filters=[{"Name": "service-name", "Values": sorted(wanted)}])
    offered = {item["ServiceName"]: set(item["AvailabilityZones"]) for item in details["ServiceDetails"]}
    for name, item in wanted.items():
        if missing := [zone for zone in zones if zone not in offered.get(name, set())]:
            yield Finding(
                check="endpoint-zone",
                what=f"the endpoint {name} is not offered in {', '.join(missing)}",
                where=item.where,
                setting="network.availability_zones",
                remedy="Use mode import with subnets in zones that have it, or another region.",
                documentation=ENDPOINTS,
            )


def existing_subnets(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield a finding for each subnet of the settings that is not as they say, or has few addresses left."""
    existing = subject.settings.network.existing
    if subject.settings.network.mode != "import" or existing is None:
        return
    try:
        found = {
            item["SubnetId"]: item
            for item in pages(client("ec2"), "describe_subnets", "Subnets", SubnetIds=existing.subnet_ids)
        }
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("InvalidSubnetI"):
            raise
        yield _subnet(error.response["Error"]["Message"], "network.import.subnet_ids")
        return
    for subnet_id, zone in zip(existing.subnet_ids, existing.availability_zones, strict=True):
        subnet = found[subnet_id]
        if subnet["VpcId"] != existing.vpc_id:
            yield _subnet(f"{subnet_id} is in {subnet['VpcId']}", "network.import.vpc_id")
        if subnet["AvailabilityZone"] != zone:
            what = f"{subnet_id} is in {subnet['AvailabilityZone']}, not in {zone}"
            yield _subnet(what, "network.import.availability_zones")
        if subnet["AvailableIpAddressCount"] < LEAST_FREE_ADDRESSES:
            what = f"{subnet_id} has {subnet['AvailableIpAddressCount']} addresses left"
            yield _subnet(what, "network.import.subnet_ids", Severity.WARNING)


def _subnet(what: str, setting: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        check="subnet",
        what=what,
        where="network",
        setting=setting,
        remedy="Write what `aws ec2 describe-subnets` tells.",
        documentation=SUBNETS,
        severity=severity,
    )
