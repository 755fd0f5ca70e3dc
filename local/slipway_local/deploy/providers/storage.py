"""S3 buckets' policies, vector buckets, ECR repositories, CloudWatch Logs groups, alarms and dashboards."""

from typing import Any

from slipway_local.deploy.providers.api import Lookup, Setting, api, tags
from slipway_local.deploy.providers.base import Context, Properties, Provider
from slipway_local.deploy.providers.buckets import Bucket
from slipway_local.deploy.providers.calls import call, text


def _lifecycle_policy(context: Context, name: str, new: Properties, old: Properties) -> None:
    policy = new.get("LifecyclePolicy", {}).get("LifecyclePolicyText")
    operation = "put_lifecycle_policy" if policy else "delete_lifecycle_policy"
    call(context.place, "ecr", operation, {"repositoryName": name, "lifecyclePolicyText": policy})


def _repository_policy(context: Context, name: str, new: Properties, old: Properties) -> None:
    policy = new.get("RepositoryPolicyText")
    operation = "set_repository_policy" if policy else "delete_repository_policy"
    call(context.place, "ecr", operation, {"repositoryName": name, "policyText": policy})


def _scanning(context: Context, name: str, new: Properties, old: Properties) -> None:
    wanted = new.get("ImageScanningConfiguration", {"ScanOnPush": False})
    arguments = {"repositoryName": name, "imageScanningConfiguration": wanted}
    call(context.place, "ecr", "put_image_scanning_configuration", arguments)


def _mutability(context: Context, name: str, new: Properties, old: Properties) -> None:
    arguments = {"repositoryName": name, "imageTagMutability": new.get("ImageTagMutability", "MUTABLE")}
    call(context.place, "ecr", "put_image_tag_mutability", arguments)


def _retention(context: Context, group: str, new: Properties, old: Properties) -> None:
    days = new.get("RetentionInDays")
    operation = "delete_retention_policy" if days is None else "put_retention_policy"
    call(context.place, "logs", operation, {"logGroupName": group, "retentionInDays": days})


def _log_key(context: Context, group: str, new: Properties, old: Properties) -> None:
    key = new.get("KmsKeyId")
    operation = "associate_kms_key" if key else "disassociate_kms_key"
    call(context.place, "logs", operation, {"logGroupName": group, "kmsKeyId": key})


def _alarm(context: Context, properties: Properties) -> Properties:
    return {"ActionsEnabled": True, **properties}


_LOG_ARN = "arn:{partition}:logs:{region}:{account}:log-group:{LogGroupName}:*"
_ALARM: dict[str, Any] = {
    "update_replaces": True,
    "settings": (
        tags("cloudwatch", "tag_resource", "untag_resource", of="ResourceARN", keys="TagKeys", put="Tags",
             by="arn:{partition}:cloudwatch:{region}:{account}:alarm:{id}"),
    ),
    "name": "AlarmName",
    "name_limit": 255,
    "prepare": _alarm,
    "attributes": {"Arn": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{AlarmName}"},
    "lookup": Lookup("describe_alarms", {"AlarmNames": "{AlarmName}"}, "MetricAlarms.0"),
    "delete_call": "delete_alarms",
    "delete_with": {"AlarmNames": "{id}"},
}  # fmt: skip
PROVIDERS: dict[str, Provider] = {
    "AWS::S3::Bucket": Bucket(),
    "AWS::S3::BucketPolicy": api(
        "s3", "put_bucket_policy", "{Bucket}", rename={"PolicyDocument": "Policy"}, update_call="put_bucket_policy",
        prepare=lambda context, properties: {**properties, "PolicyDocument": text(properties["PolicyDocument"])},
        lookup=Lookup("get_bucket_policy", {"Bucket": "{Bucket}"}, "Policy"),
        delete_call="delete_bucket_policy", delete_with={"Bucket": "{id}"},
    ),
    "AWS::S3Vectors::VectorBucket": api(
        "s3vectors", "create_vector_bucket", "@vectorBucketArn", name="VectorBucketName", name_limit=63,
        name_lower=True, settings=(tags("s3vectors", "tag_resource", "untag_resource"),),
        attributes={"VectorBucketArn": "@vectorBucketArn"},
        delete_call="delete_vector_bucket", delete_with={"vectorBucketArn": "{id}"},
    ),
    "AWS::S3Vectors::VectorBucketPolicy": api(
        "s3vectors", "put_vector_bucket_policy", "{VectorBucketArn}", update_call="put_vector_bucket_policy",
        lookup=Lookup("get_vector_bucket_policy", {"vectorBucketArn": "{VectorBucketArn}"}, "policy"),
        delete_call="delete_vector_bucket_policy", delete_with={"vectorBucketArn": "{id}"},
    ),
    "AWS::S3Vectors::Index": api(
        "s3vectors", "create_index", "@indexArn", name="IndexName", name_limit=63, name_lower=True,
        attributes={"IndexArn": "@indexArn"}, delete_call="delete_index", delete_with={"indexArn": "{id}"},
    ),
    "AWS::ECR::Repository": api(
        "ecr", "create_repository", "{RepositoryName}", name="RepositoryName", name_limit=256, name_lower=True,
        settings=(
            Setting(_lifecycle_policy, "LifecyclePolicy"), Setting(_repository_policy, "RepositoryPolicyText"),
            Setting(_scanning, "ImageScanningConfiguration", created=False),
            Setting(_mutability, "ImageTagMutability", created=False),
            tags("ecr", "tag_resource", "untag_resource",
                 by="arn:{partition}:ecr:{region}:{account}:repository/{id}"),
        ),
        attributes={"Arn": "@repository.repositoryArn", "RepositoryUri": "@repository.repositoryUri"},
        delete_call="delete_repository", delete_with={"repositoryName": "{id}"},
    ),
    "AWS::Logs::LogGroup": api(
        "logs", "create_log_group", "{LogGroupName}", name="LogGroupName", name_limit=512,
        settings=(Setting(_retention, "RetentionInDays"), Setting(_log_key, "KmsKeyId", created=False),
                  tags("logs", "tag_resource", "untag_resource",
                       by="arn:{partition}:logs:{region}:{account}:log-group:{id}")),
        attributes={"Arn": _LOG_ARN}, delete_call="delete_log_group", delete_with={"logGroupName": "{id}"},
    ),
    "AWS::CloudWatch::Alarm": api(
        "cloudwatch", "put_metric_alarm", "{AlarmName}", update_call="put_metric_alarm", **_ALARM
    ),
    "AWS::CloudWatch::CompositeAlarm": api(
        "cloudwatch", "put_composite_alarm", "{AlarmName}", update_call="put_composite_alarm", **_ALARM
    ),
    "AWS::CloudWatch::Dashboard": api(
        "cloudwatch", "put_dashboard", "{DashboardName}", name="DashboardName", name_limit=255,
        update_call="put_dashboard", update_replaces=True,
        settings=(tags("cloudwatch", "tag_resource", "untag_resource", of="ResourceARN", keys="TagKeys", put="Tags",
                       by="arn:{partition}:cloudwatch::{account}:dashboard/{id}", created=True),),
        lookup=Lookup("get_dashboard", {"DashboardName": "{DashboardName}"}, "DashboardName"),
        delete_call="delete_dashboards", delete_with={"DashboardNames": "{id}"},
    ),
}  # fmt: skip
