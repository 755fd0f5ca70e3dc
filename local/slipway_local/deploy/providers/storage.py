"""S3 buckets, ECR repositories, CloudWatch Logs groups and CloudWatch alarms and dashboards."""

import contextlib
from typing import Any

from botocore.exceptions import ClientError

from slipway_local.aws import DEFAULT_REGION
from slipway_local.deploy.providers.base import Context, Created, Properties, Provider, api, call, completing, text


def _encryption(value: Properties) -> Properties:
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault"),
            "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
        }
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _lifecycle(value: Properties) -> Properties:
    return {"LifecycleConfiguration": {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]}}


def _lifecycle_rule(rule: Properties) -> Properties:
    """Return a rule in the API's words: CloudFormation flattened them."""
    shown = {"ID": rule.get("Id"), "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "ExpirationInDays" in rule:
        shown["Expiration"] = {"Days": rule["ExpirationInDays"]}
    elif rule.get("ExpiredObjectDeleteMarker"):
        shown["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if "NoncurrentVersionExpirationInDays" in rule:
        shown["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            shown[name] = rule[name]
    if "Transitions" in rule:
        shown["Transitions"] = [
            {"Days": one.get("TransitionInDays"), "StorageClass": one["StorageClass"]} for one in rule["Transitions"]
        ]
    if "NoncurrentVersionTransitions" in rule:
        shown["NoncurrentVersionTransitions"] = [
            {"NoncurrentDays": one.get("TransitionInDays"), "StorageClass": one["StorageClass"]}
            for one in rule["NoncurrentVersionTransitions"]
        ]
    return {key: item for key, item in shown.items() if item is not None}


def _notifications(value: Properties) -> Properties:
    shown: Properties = {}
    if str(value.get("EventBridgeConfiguration", {}).get("EventBridgeEnabled", False)).lower() == "true":
        shown["EventBridgeConfiguration"] = {}
    names = {
        "Lambda": ("Function", "LambdaFunctionArn"),
        "Queue": ("Queue", "QueueArn"),
        "Topic": ("Topic", "TopicArn"),
    }
    for kind, (source, target) in names.items():
        entries = value.get(f"{kind}Configurations", [])
        shown[f"{'LambdaFunction' if kind == 'Lambda' else kind}Configurations"] = [
            {target: entry[source], "Events": [entry["Event"]]}
            | ({"Filter": {"Key": {"FilterRules": entry["Filter"]["S3Key"]["Rules"]}}} if "Filter" in entry else {})
            for entry in entries
        ]
    return {"NotificationConfiguration": {key: item for key, item in shown.items() if item != []}}


def _logging(value: Properties) -> Properties:
    target = {"TargetBucket": value["DestinationBucketName"], "TargetPrefix": value.get("LogFilePrefix", "")}
    return {"BucketLoggingStatus": {"LoggingEnabled": target}}


def _cors(value: Properties) -> Properties:
    return {"CORSConfiguration": {"CORSRules": value["CorsRules"]}}


# Property -> the call that sets it and the call's argument.
_SETTINGS: dict[str, tuple[str, Any]] = {
    "VersioningConfiguration": ("put_bucket_versioning", lambda v: {"VersioningConfiguration": v}),
    "BucketEncryption": ("put_bucket_encryption", _encryption),
    "LifecycleConfiguration": ("put_bucket_lifecycle_configuration", _lifecycle),
    "PublicAccessBlockConfiguration": ("put_public_access_block", lambda v: {"PublicAccessBlockConfiguration": v}),
    "NotificationConfiguration": ("put_bucket_notification_configuration", _notifications),
    "OwnershipControls": ("put_bucket_ownership_controls", lambda v: {"OwnershipControls": v}),
    "CorsConfiguration": ("put_bucket_cors", _cors),
    "LoggingConfiguration": ("put_bucket_logging", _logging),
    "ObjectLockEnabled": (
        "put_object_lock_configuration",
        lambda _: {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
    ),
    "Tags": ("put_bucket_tagging", lambda v: {"Tagging": {"TagSet": v}}),
}


class Bucket:
    """AWS::S3::Bucket: one call to make it and one for each of its settings."""

    mode = "live"
    updatable = True

    def create(self, context: Context, properties: Properties) -> Created:
        """Create the bucket. Raises ClientError if the name is taken."""
        place = context.place
        name = properties.get("BucketName") or context.name(63, lower=True)
        location = {} if place.region == DEFAULT_REGION else {"LocationConstraint": place.region}
        # moto, like S3 in us-east-1, takes a second CreateBucket of one owner as done.
        with contextlib.suppress(ClientError):
            place.client("s3").head_bucket(Bucket=name)
            raise FileExistsError(f"bucket {name} exists already")
        call(place, "s3", "create_bucket", {"Bucket": name, "CreateBucketConfiguration": location or None})
        existing = Created(
            physical_id=name,
            attributes={
                "Arn": f"arn:{place.partition}:s3:::{name}",
                "DomainName": f"{name}.s3.amazonaws.com",
                "DualStackDomainName": f"{name}.s3.dualstack.{place.region}.amazonaws.com",
                "RegionalDomainName": f"{name}.s3.{place.region}.amazonaws.com",
                "WebsiteURL": f"http://{name}.s3-website-{place.region}.amazonaws.com",
            },
        )
        with completing(existing):
            return self.update(context, existing, {}, properties)

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Set what has changed; a setting that vanished goes back to its default."""
        for name, (operation, arguments) in _SETTINGS.items():
            if name in new and new[name] != old.get(name):
                call(context.place, "s3", operation, {"Bucket": existing.physical_id, **arguments(new[name])})
            elif name in old and name not in new:
                self._unset(context, existing.physical_id, name)
        return existing

    @staticmethod
    def _unset(context: Context, bucket: str, name: str) -> None:
        resets: dict[str, tuple[str, Properties]] = {
            "VersioningConfiguration": (
                "put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
            "NotificationConfiguration": (
                "put_bucket_notification_configuration", {"NotificationConfiguration": {}}),
            "BucketEncryption": ("delete_bucket_encryption", {}),
            "LifecycleConfiguration": ("delete_bucket_lifecycle", {}),
            "PublicAccessBlockConfiguration": ("delete_public_access_block", {}),
            "OwnershipControls": ("delete_bucket_ownership_controls", {}),
            "CorsConfiguration": ("delete_bucket_cors", {}),
            "LoggingConfiguration": ("put_bucket_logging", {"BucketLoggingStatus": {}}),
            "Tags": ("delete_bucket_tagging", {}),
        }  # fmt: skip
        if name == "ObjectLockEnabled":
            raise ValueError(f"Object Lock of bucket {bucket} cannot be switched off, S3 refuses that; leave it on")
        operation, arguments = resets[name]
        call(context.place, "s3", operation, {"Bucket": bucket, **arguments})

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete the bucket. Raises ClientError (BucketNotEmpty) like the service."""
        context.place.client("s3").delete_bucket(Bucket=existing.physical_id)


def _repository_policies(context: Context, name: str, new: Properties, old: Properties) -> None:
    ecr = context.place.client("ecr")
    if "LifecyclePolicy" in new:
        policy = new["LifecyclePolicy"]["LifecyclePolicyText"]
        ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=policy)
    if "RepositoryPolicyText" in new:
        ecr.set_repository_policy(repositoryName=name, policyText=text(new["RepositoryPolicyText"]))


def _retention(context: Context, group: str, new: Properties, old: Properties) -> None:
    if "RetentionInDays" in new:
        days = int(new["RetentionInDays"])
        context.place.client("logs").put_retention_policy(logGroupName=group, retentionInDays=days)


def _alarm(context: Context, properties: Properties) -> Properties:
    return {"ActionsEnabled": True, **properties}


def _vector_bucket_tags(context: Context, arn: str, new: Properties, old: Properties) -> None:
    """Change the tags of a bucket that is there."""
    if not old:
        return
    s3vectors = context.place.client("s3vectors")
    before, after = ({tag["Key"]: tag["Value"] for tag in each.get("Tags", [])} for each in (old, new))
    if gone := sorted(before.keys() - after.keys()):
        s3vectors.untag_resource(resourceArn=arn, tagKeys=gone)
    if after:
        s3vectors.tag_resource(resourceArn=arn, tags=after)


_LOG_ARN = "arn:{partition}:logs:{region}:{account}:log-group:{LogGroupName}:*"
_ALARM = {
    "name": "AlarmName",
    "name_limit": 255,
    "prepare": _alarm,
    "attributes": {"Arn": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{AlarmName}"},
    "delete_call": "delete_alarms",
    "delete_with": {"AlarmNames": "{id}"},
}
PROVIDERS: dict[str, Provider] = {
    "AWS::S3::Bucket": Bucket(),
    "AWS::S3::BucketPolicy": api(
        "s3", "put_bucket_policy", "{Bucket}", rename={"PolicyDocument": "Policy"}, update_call="put_bucket_policy",
        prepare=lambda context, properties: {**properties, "PolicyDocument": text(properties["PolicyDocument"])},
        delete_call="delete_bucket_policy", delete_with={"Bucket": "{id}"},
    ),
    "AWS::S3Vectors::VectorBucket": api(
        "s3vectors", "create_vector_bucket", "@vectorBucketArn", name="VectorBucketName", name_limit=63,
        name_lower=True, after=_vector_bucket_tags, attributes={"VectorBucketArn": "@vectorBucketArn"},
        delete_call="delete_vector_bucket", delete_with={"vectorBucketArn": "{id}"},
    ),
    "AWS::S3Vectors::VectorBucketPolicy": api(
        "s3vectors", "put_vector_bucket_policy", "{VectorBucketArn}", update_call="put_vector_bucket_policy",
        delete_call="delete_vector_bucket_policy", delete_with={"vectorBucketArn": "{id}"},
    ),
    "AWS::S3Vectors::Index": api(
        "s3vectors", "create_index", "@indexArn", name="IndexName", name_limit=63, name_lower=True,
        attributes={"IndexArn": "@indexArn"}, delete_call="delete_index", delete_with={"indexArn": "{id}"},
    ),
    "AWS::ECR::Repository": api(
        "ecr", "create_repository", "{RepositoryName}", name="RepositoryName", name_limit=256, name_lower=True,
        after=_repository_policies,
        attributes={"Arn": "@repository.repositoryArn", "RepositoryUri": "@repository.repositoryUri"},
        delete_call="delete_repository", delete_with={"repositoryName": "{id}"},
    ),
    "AWS::Logs::LogGroup": api(
        "logs", "create_log_group", "{LogGroupName}", name="LogGroupName", name_limit=512, after=_retention,
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
        update_call="put_dashboard",
        delete_call="delete_dashboards", delete_with={"DashboardNames": "{id}"},
    ),
}  # fmt: skip
