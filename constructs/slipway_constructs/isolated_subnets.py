"""A VPC for a database that nothing connects to by network: two subnets without any route out, which bill nothing.

Creates: a VPC and two subnets in two zones; no gateway, endpoint or route.   Grants: none.
Source: Aurora user guide, "Requirements for a DB subnet group": subnets in at least two availability zones.
"""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge

NO_FLOW_REASON = (
    "No gateway, endpoint, peering or function reaches this VPC: it holds only the database, which is used through "
    "the Data API, and whose security group admits nothing. There is no flow to record."
)
CIDR = "10.255.0.0/24"


class IsolatedSubnets(Construct):
    """The VPC's id as `vpc_id`, its subnets' as `subnet_ids`. Nothing connects, so the address range may repeat."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        vpc = ec2.CfnVPC(self, "Vpc", cidr_block=CIDR, enable_dns_hostnames=True, enable_dns_support=True)
        acknowledge(vpc, "AwsSolutions-VPC7", NO_FLOW_REASON)
        zones = cdk.Fn.get_azs()
        self.vpc_id = vpc.ref
        self.subnet_ids = [
            ec2.CfnSubnet(
                self,
                f"Subnet{index + 1}",
                vpc_id=vpc.ref,
                availability_zone=cdk.Fn.select(index, zones),
                cidr_block=f"10.255.0.{index * 128}/25",
            ).ref
            for index in range(2)
        ]
