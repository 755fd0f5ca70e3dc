"""A vector bucket: storage and queries are paid for by use, nothing by the hour.

Creates: a vector bucket and its policy; with removal DESTROY a function and a custom resource that delete the bucket's
indexes with the stack.   Grants: none; `allow_vectors` lets a role search or write, `allow_settings` migrate.
Indexes are made by the functions, one for each tenant: CloudFormation's AWS::S3Vectors::Index has no full-text search.
Source: Amazon S3 user guide, "S3 Vectors: Security best practices", "Deleting a vector bucket".
"""

from typing import Literal

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3vectors as s3vectors
from constructs import Construct

from slipway_constructs.empty_bucket import TAG
from slipway_constructs.permissions import acknowledge_wildcards, allow, allow_key, statement
from slipway_constructs.python_function import FunctionDefaults, PythonFunction

SETTINGS_INDEX = "settings"
SEARCH_ACTIONS = (*("s3vectors:GetIndex", "s3vectors:GetVectors", "s3vectors:ListVectors", "s3vectors:QueryVectors"),)
WRITE_ACTIONS = (*SEARCH_ACTIONS, "s3vectors:CreateIndex", "s3vectors:DeleteVectors", "s3vectors:PutVectors")
INDEX_ACTIONS = ("s3vectors:CreateIndex", "s3vectors:DeleteIndex", "s3vectors:GetIndex", "s3vectors:ListVectors")
GENERATION_ACTIONS = (*INDEX_ACTIONS, "s3vectors:ListIndexes")
SETTINGS_REASON = "Each generation of the index has settings of its own, under its number."
INDEXES_REASON = "Each tenant has an index of its own in this one bucket, made with the tenant's first document."
EMPTYING_REASON = (
    "Every index of this one bucket is deleted with the environment: the settings say removal: destroy. The function "
    "exists in no other environment."
)


class S3VectorsStore(Construct):
    """The bucket's name as `bucket_name`, its ARN as `bucket_arn`.

    With `emptying`, the defaults of functions, its indexes are deleted with the stack.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        removal: cdk.RemovalPolicy,
        emptying: FunctionDefaults | None = None,
        key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        encryption = s3vectors.CfnVectorBucket.EncryptionConfigurationProperty(
            sse_type="aws:kms" if key else "AES256", kms_key_arn=key.key_arn if key else None
        )
        self.bucket = s3vectors.CfnVectorBucket(self, "Bucket", encryption_configuration=encryption)
        self.bucket.apply_removal_policy(removal)
        self.bucket_arn = self.bucket.attr_vector_bucket_arn
        self.bucket_name = cdk.Fn.select(1, cdk.Fn.split("/", self.bucket_arn))
        self._require_tls()
        if emptying is not None:
            self._delete_indexes_with_stack(emptying)

    def _require_tls(self) -> None:
        deny = iam.PolicyStatement(
            sid="RequireTls",
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=["s3vectors:*"],
            resources=[self.bucket_arn, f"{self.bucket_arn}/*"],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        )
        policy = iam.PolicyDocument(statements=[deny])
        s3vectors.CfnVectorBucketPolicy(self, "Policy", vector_bucket_arn=self.bucket_arn, policy=policy)

    def _delete_indexes_with_stack(self, defaults: FunctionDefaults) -> None:
        """Make what deletes the indexes. The bucket's tag says that it may: see EmptyBucketOnDelete."""
        cdk.Tags.of(self.bucket).add(TAG, "true")
        handler = PythonFunction(
            self,
            "DeleteIndexes",
            module="empty_vector_bucket",
            description="Deletes the vector bucket's indexes when the environment is deleted",
            defaults=defaults,
            timeout=cdk.Duration.minutes(15),
            memory=cdk.Size.mebibytes(256),
            variables={},
        )
        indexes = f"{self.bucket_arn}/index/*"
        policy = iam.Policy(self, "DeleteIndexesPolicy", roles=[handler.role])
        policy.add_statements(
            statement(["s3vectors:ListIndexes", "s3vectors:ListTagsForResource"], [self.bucket_arn]),
            statement(["s3vectors:DeleteIndex"], [indexes]),
        )
        acknowledge_wildcards(policy, [indexes], EMPTYING_REASON)
        resource = cdk.CustomResource(
            self,
            "EmptyOnDelete",
            resource_type="Custom::EmptyVectorBucket",
            service_token=handler.function.function_arn,
            properties={"VectorBucketArn": self.bucket_arn},
        )
        # What the function may do must still be there when it is called on the way down.
        resource.node.add_dependency(policy, handler.role.node.find_child("DefaultPolicy"))


def allow_vectors(role: iam.Role, bucket_arn: str, key_arn: str | None, *, access: Literal["search", "write"]) -> None:
    """Let a role search the indexes of a vector bucket, or also write to them and make new ones."""
    actions = SEARCH_ACTIONS if access == "search" else WRITE_ACTIONS
    allow(role, actions, [f"{bucket_arn}/index/*"], wildcard_reason=INDEXES_REASON)
    allow_key(role, key_arn)


def allow_indexes(role: iam.Role, bucket_arn: str) -> None:
    """Let a role make, list and delete the indexes of a vector bucket, and count what is in them."""
    allow(role, ["s3vectors:ListIndexes"], [bucket_arn])
    allow(role, INDEX_ACTIONS, [f"{bucket_arn}/index/*"], wildcard_reason=INDEXES_REASON)


def allow_settings(role: iam.Role, bucket_arn: str, key_arn: str | None) -> None:
    """Let a role make and read the indexes that note the dimensions of the store and its generations."""
    indexes = [f"{bucket_arn}/index/{SETTINGS_INDEX}", f"{bucket_arn}/index/g*-{SETTINGS_INDEX}"]
    allow(role, ["s3vectors:CreateIndex", "s3vectors:GetIndex"], indexes, wildcard_reason=SETTINGS_REASON)
    allow_key(role, key_arn)
