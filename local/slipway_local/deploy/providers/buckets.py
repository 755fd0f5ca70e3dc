"""S3 buckets."""

import contextlib
import re
from typing import Any

from botocore.exceptions import ClientError

from slipway_local.aws import DEFAULT_REGION, Place
from slipway_local.deploy.providers.base import Context, Created, Everything, Properties, changed, completing
from slipway_local.deploy.providers.calls import call


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


def _acl(value: str) -> Properties:
    """Return a canned list by the API's name: LogDeliveryWrite is log-delivery-write there."""
    return {"ACL": re.sub(r"(?<=[a-z])(?=[A-Z])", "-", value).lower()}


def _meant(bucket: str, properties: Properties) -> Properties:
    """Return the properties with what S3 concludes: a lock needs versions, logs go to the bucket itself by default.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-loggingconfiguration.html
    """
    meant = {**properties}
    if str(meant.get("ObjectLockEnabled", False)).lower() == "true":
        meant = {"VersioningConfiguration": {"Status": "Enabled"}, **meant}
    else:
        meant.pop("ObjectLockEnabled", None)
    if "LoggingConfiguration" in meant:
        meant["LoggingConfiguration"] = {"DestinationBucketName": bucket, **meant["LoggingConfiguration"]}
    return meant


# Property -> the call that sets it and the call's argument.
_SETTINGS: dict[str, tuple[str, Any]] = {
    "VersioningConfiguration": ("put_bucket_versioning", lambda v: {"VersioningConfiguration": v}),
    "BucketEncryption": ("put_bucket_encryption", _encryption),
    "LifecycleConfiguration": ("put_bucket_lifecycle_configuration", _lifecycle),
    "PublicAccessBlockConfiguration": ("put_public_access_block", lambda v: {"PublicAccessBlockConfiguration": v}),
    "NotificationConfiguration": ("put_bucket_notification_configuration", _notifications),
    "OwnershipControls": ("put_bucket_ownership_controls", lambda v: {"OwnershipControls": v}),
    "AccessControl": ("put_bucket_acl", _acl),
    "CorsConfiguration": ("put_bucket_cors", _cors),
    "LoggingConfiguration": ("put_bucket_logging", _logging),
    "ObjectLockEnabled": (
        "put_object_lock_configuration",
        lambda _: {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
    ),
    "Tags": ("put_bucket_tagging", lambda v: {"Tagging": {"TagSet": v}}),
}


class Bucket(Everything):
    """AWS::S3::Bucket: one call to make it and one for each of its settings.

    Object Lock can be switched on and never off.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html
    """

    one_way = frozenset({"ObjectLockEnabled"})

    def create(self, context: Context, properties: Properties) -> Created:
        """Create the bucket."""
        place = context.place
        name = properties.get("BucketName") or context.name(63, lower=True)
        location = {} if place.region == DEFAULT_REGION else {"LocationConstraint": place.region}
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
        old, new = _meant(existing.physical_id, old), _meant(existing.physical_id, new)
        for name, (operation, arguments) in _SETTINGS.items():
            if name in new and new[name] != old.get(name):
                call(context.place, "s3", operation, {"Bucket": existing.physical_id, **arguments(new[name])})
            elif name in old and name not in new and name not in self.one_way:
                self._unset(context, existing.physical_id, name)
        return existing

    def taken(self, context: Context, properties: Properties) -> str:
        """Return the name of a bucket that is there: S3 in us-east-1 takes a second CreateBucket as done."""
        name = str(properties.get("BucketName", ""))
        if name:
            with contextlib.suppress(ClientError):
                context.place.client("s3").head_bucket(Bucket=name)
                return name
        return ""

    def unreached(self, place: Place, old: Properties, new: Properties) -> list[str]:
        """Return what has no call. Object Lock cannot be switched off: S3 refuses that."""
        lock = ["ObjectLockEnabled (removed)"] if "ObjectLockEnabled" in old.keys() - new.keys() else []
        return sorted(changed(old, new) - {*_SETTINGS}) + lock

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
            "AccessControl": ("put_bucket_acl", {"ACL": "private"}),
            "CorsConfiguration": ("delete_bucket_cors", {}),
            "LoggingConfiguration": ("put_bucket_logging", {"BucketLoggingStatus": {}}),
            "Tags": ("delete_bucket_tagging", {}),
        }  # fmt: skip
        operation, arguments = resets[name]
        call(context.place, "s3", operation, {"Bucket": bucket, **arguments})

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete the bucket. Raises ClientError (BucketNotEmpty) like the service."""
        context.place.client("s3").delete_bucket(Bucket=existing.physical_id)
