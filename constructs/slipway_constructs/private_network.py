"""A VPC for functions and database without a way in, and with a way out only to the services the platform uses.

Creates: a VPC with one private subnet in each zone (and public ones for NAT gateways, if any), a security group for
functions, gateway endpoints (S3, DynamoDB), interface endpoints, flow logs.   Grants: none.
Source: VPC user guide, "Gateway endpoints"; Bedrock and RDS user guides, "Interface VPC endpoints".
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from slipway_constructs.permissions import allow

# What functions call. Logs, metrics and the receiving of messages go through Lambda itself and need no endpoint.
# The actions are all that anyone can do through the endpoint, whatever a role allows.
INTERFACE_SERVICES = {
    "bedrock-runtime": ["bedrock:InvokeModel"],
    "sqs": ["sqs:ChangeMessageVisibility"],
    "secretsmanager": ["secretsmanager:GetSecretValue"],
}
TABLES = "dynamodb"
TABLE_ACTIONS = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
# Of endpoints that are not called as their service.
CONSTRUCT_IDS = {
    "sqs": "Queues",
    "secretsmanager": "Secrets",
    "bedrock-agent-runtime": "Reranking",
    "bedrock-agent": "Ingestions",
    "s3vectors": "Vectors",
    "ssm": "Parameters",
    "states": "StateMachines",
}


class PrivateNetwork(Construct):
    """The VPC as `vpc`, subnet ids as `subnet_ids`, the functions' security group as `functions`.

    `reach`: what functions do beyond that of every environment, actions by service; each service that is not among
    `INTERFACE_SERVICES` is one endpoint more, but for DynamoDB's, which is always there.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cidr: str,
        availability_zones: list[str],
        nat_gateways: int,
        log_retention: logs.RetentionDays,
        removal: cdk.RemovalPolicy,
        reach: Mapping[str, Sequence[str]] = MappingProxyType({}),
        key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._cidr = cidr
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(cidr),
            availability_zones=availability_zones,
            nat_gateways=nat_gateways,
            subnet_configuration=_subnets(nat_gateways),
            restrict_default_security_group=False,  # that is a custom resource; nothing uses the default group
        )
        self._subnets = self.vpc.private_subnets if nat_gateways else self.vpc.isolated_subnets
        self.subnet_ids = [subnet.subnet_id for subnet in self._subnets]
        self._log_flows(log_retention, removal, key)
        more = {service: actions for service, actions in reach.items() if service != TABLES}
        services = {
            service: [*INTERFACE_SERVICES.get(service, ()), *more.get(service, ())]
            for service in {**INTERFACE_SERVICES, **more}
        }
        self._endpoints(services, sorted({*TABLE_ACTIONS, *reach.get(TABLES, ())}))

    def _endpoints(self, services: dict[str, list[str]], table_actions: list[str]) -> None:
        # Open: custom resources answer CloudFormation by pre-signed URLs of buckets that are AWS's own accounts'.
        self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        tables = self.vpc.add_gateway_endpoint("DynamoDb", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
        tables.add_to_policy(self._own_principals(table_actions))
        self.functions = ec2.SecurityGroup(
            self, "Functions", vpc=self.vpc, description="Functions: HTTPS outwards only", allow_all_outbound=False
        )
        self.functions.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS services")
        endpoints = ec2.SecurityGroup(
            self,
            "Endpoints",
            vpc=self.vpc,
            description="Service endpoints: HTTPS from functions",
            allow_all_outbound=False,
        )
        endpoints.add_ingress_rule(self.functions, ec2.Port.tcp(443), "HTTPS from functions")
        for service, actions in services.items():
            name = CONSTRUCT_IDS.get(service) or service.title().replace("-", "")
            self._endpoint(name, service, endpoints).add_to_policy(self._own_principals(actions))

    def api_endpoint(self) -> str:
        """Return the id of one endpoint more, through which the VPC's addresses reach private APIs of this account."""
        callers = ec2.SecurityGroup(
            self, "Callers", vpc=self.vpc, description="Private API: HTTPS from this VPC", allow_all_outbound=False
        )
        callers.add_ingress_rule(ec2.Peer.ipv4(self._cidr), ec2.Port.tcp(443), "HTTPS from this VPC")
        endpoint = self._endpoint("Api", "execute-api", callers)
        apis = cdk.Stack.of(self).format_arn(service="execute-api", resource="*")
        endpoint.add_to_policy(
            # Callers have a bearer key, which is no principal of IAM.
            iam.PolicyStatement(principals=[iam.AnyPrincipal()], actions=["execute-api:Invoke"], resources=[apis])
        )
        return endpoint.vpc_endpoint_id

    def _endpoint(self, name: str, service: str, group: ec2.ISecurityGroup) -> ec2.InterfaceVpcEndpoint:
        return self.vpc.add_interface_endpoint(
            name,
            service=ec2.InterfaceVpcEndpointAwsService(service),
            security_groups=[group],
            subnets=ec2.SubnetSelection(subnets=self._subnets),
            private_dns_enabled=True,
            open=False,
        )

    def _own_principals(self, actions: list[str]) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            principals=[iam.AnyPrincipal()],
            actions=actions,
            resources=["*"],
            conditions={"StringEquals": {"aws:PrincipalAccount": cdk.Stack.of(self).account}},
        )

    def _log_flows(self, retention: logs.RetentionDays, removal: cdk.RemovalPolicy, key: kms.IKey | None) -> None:
        group = logs.LogGroup(self, "FlowLogs", retention=retention, removal_policy=removal, encryption_key=key)
        role = iam.Role(self, "FlowLogsRole", assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com"))
        actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        allow(role, actions, [group.log_group_arn])
        ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_id=self.vpc.vpc_id,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_group_name=group.log_group_name,
            deliver_logs_permission_arn=role.role_arn,
        )


def _subnets(nat_gateways: int) -> list[ec2.SubnetConfiguration]:
    if nat_gateways == 0:
        return [ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)]
    return [
        ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False),
        ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
    ]
