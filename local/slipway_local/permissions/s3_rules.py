"""S3: one operation needs other actions than its name says, on the bucket or on the object.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from collections.abc import Mapping
from typing import Any

from slipway_local.permissions.calls import Call, UnknownCallError
from slipway_local.permissions.catalogue import resource_types
from slipway_local.permissions.decision import Need
from slipway_local.permissions.emulated import object_at
from slipway_local.permissions.key_use import object_key_needs

ON_OBJECT = {
    "HeadObject": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "ListParts": "ListMultipartUploadParts",
    "SelectObjectContent": "GetObject",
}
ON_BUCKET = {
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
OF_A_VERSION = {
    "DeleteObject": "DeleteObjectVersion",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "GetObject": "GetObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "GetObjectAttributes": "GetObjectVersionAttributes",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectAcl": "PutObjectVersionAcl",
    "PutObjectTagging": "PutObjectVersionTagging",
}
# Headers of a write that need an action of their own.
WITH_A_WRITE = {
    "Tagging": "PutObjectTagging",
    "ACL": "PutObjectAcl",
    "ObjectLockMode": "PutObjectRetention",
    "ObjectLockLegalHoldStatus": "PutObjectLegalHold",
}
KEYS = {
    "Prefix": "s3:prefix",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "VersionId": "s3:versionid",
    "ACL": "s3:x-amz-acl",
    "StorageClass": "s3:x-amz-storage-class",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "CopySource": "s3:x-amz-copy-source",
}


def s3(call: Call) -> list[Need]:
    """Return the needs of an operation of S3."""
    parameters, bucket = call.parameters, str(call.parameters.get("Bucket", ""))
    context = {"s3:tlsversion": ["1.3"]}  # loopback counts as the safest transport
    context |= {key: [_text(parameters[name])] for name, key in KEYS.items() if name in parameters}
    if call.operation == "ListBuckets":
        return [Need("s3:ListAllMyBuckets", "*", context)]
    if call.operation == "DeleteObjects":
        return [
            _need(call, _versioned("DeleteObject", one), f"{bucket}/{one['Key']}", context)
            for one in (parameters.get("Delete") or {}).get("Objects", ())
        ]
    if "Key" not in parameters:
        return [_need(call, ON_BUCKET.get(call.operation, call.operation), bucket, context)]
    return _on_object(call, bucket, context)


def _on_object(call: Call, bucket: str, context: Mapping[str, list[str]]) -> list[Need]:
    parameters = call.parameters
    path = f"{bucket}/{parameters['Key']}"
    action = ON_OBJECT.get(call.operation, call.operation)
    needs = [_need(call, _versioned(action, parameters), path, context)]
    if call.operation == "GetObjectAttributes":
        needs.append(_need(call, _versioned("GetObject", parameters), path, context))
    if action == "PutObject":
        needs += [_need(call, extra, path, context) for name, extra in WITH_A_WRITE.items() if parameters.get(name)]
    if action in ("GetObject", "GetObjectAttributes") and object_at(call, bucket, str(parameters["Key"])) is None:
        # Who may not list a bucket is not told that an object is missing: 403, not 404.
        # Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        needs.append(_need(call, "ListBucket", bucket, context))
    if source := parameters.get("CopySource"):
        needs.append(_source(call, source, context))
    return [*needs, *object_key_needs(call, action, bucket)]


def _source(call: Call, source: Any, context: Mapping[str, list[str]]) -> Need:
    from urllib.parse import unquote

    path, _, version = unquote(str(source)).lstrip("/").partition("?versionId=")
    return _need(call, "GetObjectVersion" if version else "GetObject", path, context)


def _need(call: Call, action: str, path: str, context: Mapping[str, list[str]]) -> Need:
    if resource_types("s3", action) is None:
        raise UnknownCallError(f"the action of s3 {call.operation}")
    return Need(f"s3:{action}", f"arn:{call.partition}:s3:::{path}", context)


def _versioned(action: str, parameters: Mapping[str, Any]) -> str:
    return OF_A_VERSION.get(action, action) if parameters.get("VersionId") else action


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
