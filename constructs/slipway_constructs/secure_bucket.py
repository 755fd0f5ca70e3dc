"""A private, versioned, encrypted bucket that refuses plain HTTP, and one to hold such buckets' access logs.

Source: Amazon S3 user guide, "Security best practices", "Using EventBridge", "Enabling server access logging".
"""

from collections.abc import Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct


class SecureBucket(Construct):
    """A bucket as `bucket`. Replaced and deleted versions stay for `keep_versions`.

    `events`: its events go to EventBridge.   `lifecycle`: further rules.   `object_lock`: versions may be held; S3 lets
    nobody switch it off again.

    Creates: the bucket and its policy.   Grants: none; requests without TLS are denied.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        access_logs: s3.IBucket,
        removal: cdk.RemovalPolicy,
        keep_versions: cdk.Duration,
        events: bool = True,
        lifecycle: Sequence[s3.LifecycleRule] = (),
        object_lock: bool = False,
        key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=True if key else None,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{construct_id.lower()}/",
            removal_policy=removal,
            object_lock_enabled=object_lock or None,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
                    noncurrent_version_expiration=keep_versions,
                ),
                *lifecycle,
            ],
        )
        if events:
            self._send_events()

    def _send_events(self) -> None:
        # The library's `event_bridge_enabled` brings a custom resource with its own function; the property does not.
        resource = cast(s3.CfnBucket, self.bucket.node.default_child)
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )


class AccessLogsBucket(Construct):
    """A bucket as `bucket` for server access logs, kept `retention` long.

    Encrypted with S3's own keys: log delivery does not write to buckets with a customer-managed key as default.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, removal: cdk.RemovalPolicy, retention: cdk.Duration
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            removal_policy=removal,
            lifecycle_rules=[s3.LifecycleRule(expiration=retention)],
        )
