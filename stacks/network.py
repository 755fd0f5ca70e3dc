"""Network: the VPC that functions and database share, created or imported. Not there with mode none."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from slipway_constructs.private_network import PrivateNetwork
from stacks.settings import ExistingNetwork, Settings
from stacks.settings_sources import redacts_names
from stacks.slipway_stack import SlipwayStack
from stacks.stores import kind


class NetworkStack(SlipwayStack):
    """Publishes vpc-id, subnet-ids and security-group-ids, the last two joined by commas."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "network", name=name, settings=settings)
        existing = settings.network.existing
        vpc_id, subnet_ids, group_ids = self._import(existing) if existing else self._create()
        self.publish({"vpc-id": vpc_id, "subnet-ids": ",".join(subnet_ids), "security-group-ids": ",".join(group_ids)})

    def _create(self) -> tuple[str, list[str], list[str]]:
        network = self.settings.network
        private = PrivateNetwork(
            self,
            "Private",
            cidr=network.cidr,
            availability_zones=self.availability_zones[: network.availability_zones],
            nat_gateways=network.nat_gateways,
            log_retention=self.log_retention,
            removal=self.removal,
            store_services=kind(self.settings).endpoints,
            comprehend=redacts_names(self.settings.ingestion.rules, self.settings.ingestion.sources),
            key=self.key(),
        )
        return private.vpc.vpc_id, private.subnet_ids, [private.functions.security_group_id]

    def _import(self, existing: ExistingNetwork) -> tuple[str, list[str], list[str]]:
        group_ids = existing.security_group_ids or [self._group(existing.vpc_id)]
        return existing.vpc_id, existing.subnet_ids, group_ids

    def _group(self, vpc_id: str) -> str:
        https_out = ec2.CfnSecurityGroup.EgressProperty(
            ip_protocol="tcp", from_port=443, to_port=443, cidr_ip="0.0.0.0/0", description="AWS services"
        )
        return ec2.CfnSecurityGroup(
            self,
            "Functions",
            group_description="Slipway functions: HTTPS outwards only",
            vpc_id=vpc_id,
            security_group_egress=[https_out],
        ).attr_group_id
