"""Network: the VPC that functions and database share, created or imported. Not there with mode none."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from slipway_constructs.private_network import PrivateNetwork
from stacks.network_reach import reach
from stacks.settings import Settings
from stacks.settings_network import ExistingNetwork
from stacks.slipway_stack import SlipwayStack


class NetworkStack(SlipwayStack):
    """Publishes vpc-id, subnet-ids and security-group-ids, the last two joined by commas.

    And api-endpoint-id, where the API is private.
    """

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "network", name=name, settings=settings)
        existing = settings.network.existing
        self.publish(self._import(existing) if existing else self._create())

    def _create(self) -> dict[str, str]:
        network = self.settings.network
        private = PrivateNetwork(
            self,
            "Private",
            cidr=network.cidr,
            availability_zones=self.availability_zones[: network.availability_zones],
            nat_gateways=network.nat_gateways,
            log_retention=self.log_retention,
            removal=self.removal,
            reach=reach(self),
            key=self.key(),
        )
        api = {"api-endpoint-id": private.api_endpoint()} if self.settings.gateway.access.private.enabled else {}
        return _names(private.vpc.vpc_id, private.subnet_ids, [private.functions.security_group_id]) | api

    def _import(self, existing: ExistingNetwork) -> dict[str, str]:
        group_ids = existing.security_group_ids or [self._group(existing.vpc_id)]
        return _names(existing.vpc_id, existing.subnet_ids, group_ids)

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


def _names(vpc_id: str, subnet_ids: list[str], group_ids: list[str]) -> dict[str, str]:
    return {"vpc-id": vpc_id, "subnet-ids": ",".join(subnet_ids), "security-group-ids": ",".join(group_ids)}
