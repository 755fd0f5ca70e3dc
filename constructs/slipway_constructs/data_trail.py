"""A trail of CloudTrail: changes in the account, and who read or wrote certain objects and tables.

Creates: the trail, with validated log files.   Grants: none; `trail_access` is what the bucket has to allow.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
"""

from collections.abc import Sequence

from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

Selector = cloudtrail.CfnTrail.AdvancedFieldSelectorProperty


class DataTrail(Construct):
    """The trail `name` into a bucket. `bucket_arns`: their objects are watched; `table_arns`: their items are."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        log_bucket_name: str,
        bucket_arns: Sequence[str],
        table_arns: Sequence[str],
        key_arn: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        objects = Selector(field="resources.ARN", starts_with=[f"{arn}/" for arn in bucket_arns])
        tables = Selector(field="resources.ARN", equal_to=list(table_arns))
        cloudtrail.CfnTrail(
            self,
            "Resource",
            trail_name=name,
            s3_bucket_name=log_bucket_name,
            is_logging=True,
            is_multi_region_trail=False,
            include_global_service_events=True,
            enable_log_file_validation=True,
            kms_key_id=key_arn,
            advanced_event_selectors=[
                _events("Changes in the account", "Management", Selector(field="readOnly", equal_to=["false"])),
                _events("Objects", "Data", Selector(field="resources.type", equal_to=["AWS::S3::Object"]), objects),
                _events("Items", "Data", Selector(field="resources.type", equal_to=["AWS::DynamoDB::Table"]), tables),
            ],
        )


def _events(name: str, category: str, *fields: Selector) -> cloudtrail.CfnTrail.AdvancedEventSelectorProperty:
    every = [Selector(field="eventCategory", equal_to=[category]), *fields]
    return cloudtrail.CfnTrail.AdvancedEventSelectorProperty(name=name, field_selectors=every)


def trail_access(bucket: s3.IBucket, *, trail_arn: str, account: str) -> None:
    """Let a trail write into a bucket."""
    service, condition = iam.ServicePrincipal("cloudtrail.amazonaws.com"), {"aws:SourceArn": trail_arn}
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid="TrailLooks",
            principals=[service],
            actions=["s3:GetBucketAcl"],
            resources=[bucket.bucket_arn],
            conditions={"StringEquals": condition},
        )
    )
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid="TrailWrites",
            principals=[service],
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects(f"AWSLogs/{account}/*")],
            conditions={"StringEquals": condition | {"s3:x-amz-acl": "bucket-owner-full-control"}},
        )
    )
