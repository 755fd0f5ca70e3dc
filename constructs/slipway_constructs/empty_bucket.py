"""Empties buckets when their stack is deleted, so that a throw-away environment can be deleted.

Creates: a function; a custom resource and a tag for each bucket.   Grants: the function may list and delete in these
buckets, and read their tags: it empties none without the tag.
Source: S3 user guide, "Deleting a bucket": only an empty bucket can be deleted, versions included.
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from slipway_constructs.permissions import acknowledge_wildcards, statement
from slipway_constructs.python_function import FunctionDefaults, PythonFunction

TAG = "slipway:empty-on-delete"
OBJECTS_REASON = (
    "Every object of this one bucket, whatever its key, is deleted with the environment: the settings say "
    "removal: destroy. The function exists in no other environment."
)


class EmptyBucketOnDelete(Construct):
    """The function as `handler`; `add` names a bucket to empty."""

    def __init__(self, scope: Construct, construct_id: str, *, defaults: FunctionDefaults) -> None:
        super().__init__(scope, construct_id)
        self.handler = PythonFunction(
            self,
            "Handler",
            module="empty_bucket",
            description="Empties the environment's buckets when it is deleted",
            defaults=defaults,
            timeout=cdk.Duration.minutes(15),
            memory=cdk.Size.mebibytes(256),
            variables={},
        )

    def add(self, construct_id: str, bucket: s3.Bucket) -> cdk.CustomResource:
        """Return the custom resource that empties the bucket before CloudFormation deletes it.

        Each bucket has a policy of its own: one bucket may then wait for another to be emptied, without a circle.

        The tag says that the bucket may be emptied at all. Where removal changes from destroy to retain, CloudFormation
        updates the bucket first, which takes the tag away, and deletes the custom resource in the clean-up phase after
        all updates: its handler then finds no tag and leaves every object alone. When the stack itself is deleted, the
        custom resource goes before the bucket, tag and all.
        """
        cdk.Tags.of(bucket).add(TAG, "true")
        policy = iam.Policy(self, f"{construct_id}Policy", roles=[self.handler.role])
        policy.add_statements(
            statement(["s3:GetBucketTagging", "s3:ListBucketVersions"], [bucket.bucket_arn]),
            statement(["s3:DeleteObject", "s3:DeleteObjectVersion"], [bucket.arn_for_objects("*")]),
        )
        acknowledge_wildcards(policy, [bucket.arn_for_objects("*")], OBJECTS_REASON)
        resource = cdk.CustomResource(
            self,
            construct_id,
            resource_type="Custom::EmptyBucket",
            service_token=self.handler.function.function_arn,
            properties={"BucketName": bucket.bucket_name},
        )
        # What the function may do must still be there when it is called on the way down.
        resource.node.add_dependency(policy, self.handler.role.node.find_child("DefaultPolicy"))
        return resource
