"""An Amazon Kendra index: at least $810 a month, and for accounts alone that used Kendra before 30 July 2026.

Creates: an index without fields of its own, and its role, which writes the index's metrics and log.   Grants: none;
`allow_index` lets a role search, write or migrate.
Source: Amazon Kendra developer guide, "IAM roles for Amazon Kendra", "Amazon Kendra availability change"; Kendra
pricing.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kendra as kendra
from aws_cdk import aws_kms as kms
from constructs import Construct

from slipway_constructs.permissions import acknowledge_wildcards, allow, statement

SEARCH_ACTIONS = ("kendra:DescribeIndex", "kendra:Query", "kendra:Retrieve")
WRITE_ACTIONS = (
    *SEARCH_ACTIONS,
    *("kendra:BatchDeleteDocument", "kendra:BatchGetDocumentStatus", "kendra:BatchPutDocument"),
)
MIGRATE_ACTIONS = ("kendra:DescribeIndex", "kendra:UpdateIndex")
METRICS_REASON = "cloudwatch:PutMetricData takes no resource; the condition leaves the namespace AWS/Kendra alone."
LOG_REASON = "Kendra names its log group and streams itself, below /aws/kendra/."


class KendraIndex(Construct):
    """The index's id as `index_id`, its ARN as `index_arn`. `name` tells it from others in the account."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        edition: str,
        removal: cdk.RemovalPolicy,
        key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        role = self._role()
        encryption = kendra.CfnIndex.ServerSideEncryptionConfigurationProperty(kms_key_id=key.key_id) if key else None
        self.index = kendra.CfnIndex(
            self,
            "Index",
            name=name,
            edition=edition,
            role_arn=role.role_arn,
            server_side_encryption_configuration=encryption,
        )
        self.index.apply_removal_policy(removal)
        self.index.node.add_dependency(role.node.find_child("DefaultPolicy"))
        self.index_id, self.index_arn = self.index.attr_id, self.index.attr_arn

    def _role(self) -> iam.Role:
        stack = cdk.Stack.of(self)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "kendra.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
            ),
        )
        metrics = statement(["cloudwatch:PutMetricData"], ["*"])
        metrics.add_conditions({"StringEquals": {"cloudwatch:namespace": "AWS/Kendra"}})
        role.add_to_policy(metrics)
        acknowledge_wildcards(role, ["*"], METRICS_REASON)
        group = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name="/aws/kendra/*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        allow(role, actions, [group, f"{group}:log-stream:*"], wildcard_reason=LOG_REASON)
        # Asked before the group is there.
        allow(role, ["logs:DescribeLogGroups"], ["*"], wildcard_reason=LOG_REASON)
        return role


def allow_index(role: iam.Role, index_arn: str, actions: Sequence[str]) -> None:
    """Let a role do the actions with one index."""
    allow(role, actions, [index_arn])
