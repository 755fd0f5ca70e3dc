"""A customer-managed KMS key that the platform's services and roles can use.

Creates: a KMS key, rotated yearly.   Grants: use through IAM in this account; use by the services that encrypt for us.
Source: AWS KMS developer guide, "Default key policy", written out so that no action is a wildcard; CloudWatch Logs
user guide, "Encrypt log data"; SNS and SQS developer guides, "Enable compatibility between event sources and
encrypted queues".
"""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

USE = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext")
RE_ENCRYPT = ("ReEncryptFrom", "ReEncryptTo")
ADMINISTER = (
    *(
        "CancelKeyDeletion",
        "CreateAlias",
        "CreateGrant",
        "DeleteAlias",
        "DisableKey",
        "DisableKeyRotation",
        "EnableKey",
    ),
    *("EnableKeyRotation", "GetKeyPolicy", "GetKeyRotationStatus", "ListGrants", "ListKeyPolicies", "ListResourceTags"),
    *("PutKeyPolicy", "ReplicateKey", "RetireGrant", "RevokeGrant", "ScheduleKeyDeletion", "TagResource"),
    *("UntagResource", "UpdateAlias", "UpdateKeyDescription"),
)


class EncryptionKey(Construct):
    """The key as `key`. With removal DESTROY it is deleted 7 days after its stack."""

    def __init__(self, scope: Construct, construct_id: str, *, removal: cdk.RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description="Slipway: documents, tables, vectors, queues, secrets and logs of one environment",
            enable_key_rotation=True,
            pending_window=cdk.Duration.days(7),
            removal_policy=removal,
            policy=iam.PolicyDocument(statements=self._statements()),
        )

    def _statements(self) -> list[iam.PolicyStatement]:
        stack = cdk.Stack.of(self)
        logs = stack.format_arn(
            service="logs", resource="log-group", resource_name="*", arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
        )
        trails = stack.format_arn(service="cloudtrail", resource="trail", resource_name="*")
        same_account = {"StringEquals": {"aws:SourceAccount": stack.account}}
        return [
            _statement("Account", iam.AccountRootPrincipal(), (*USE, *RE_ENCRYPT, *ADMINISTER), {}),
            _statement(
                "Logs",
                iam.ServicePrincipal(f"logs.{stack.region}.{stack.url_suffix}"),
                (*USE, *RE_ENCRYPT),
                {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs}},
            ),
            _statement(
                "Messages",
                iam.CompositePrincipal(
                    iam.ServicePrincipal("events.amazonaws.com"),
                    iam.ServicePrincipal("cloudwatch.amazonaws.com"),
                    iam.ServicePrincipal("sns.amazonaws.com"),
                    iam.ServicePrincipal("budgets.amazonaws.com"),
                    iam.ServicePrincipal("costalerts.amazonaws.com"),
                ),
                ("Decrypt", "GenerateDataKey"),
                same_account,
            ),
            # CloudTrail user guide, "Configure AWS KMS key policies for CloudTrail".
            _statement(
                "Trail",
                iam.ServicePrincipal("cloudtrail.amazonaws.com"),
                ("DescribeKey", "GenerateDataKey"),
                {"ArnLike": {"aws:SourceArn": trails}},
            ),
            # Vectors are indexed in the background: S3 user guide, "Data protection and encryption in S3 Vectors".
            _statement("Vectors", iam.ServicePrincipal("indexing.s3vectors.amazonaws.com"), ("Decrypt",), same_account),
        ]


def _statement(
    sid: str, principal: iam.PrincipalBase, actions: tuple[str, ...], conditions: Mapping[str, object]
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        principals=[principal],
        actions=[f"kms:{action}" for action in actions],
        resources=["*"],  # in a key policy: this key
        conditions=conditions,
    )
