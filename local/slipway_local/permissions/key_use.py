"""The keys of KMS that a call uses through another service, with the caller's own permissions.

Keys that AWS owns or manages (`alias/aws/…`) need none.
Source: https://docs.aws.amazon.com/kms/latest/developerguide/services-s3.html and
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
"""

from typing import Any

from slipway_local.permissions import emulated
from slipway_local.permissions.calls import Call
from slipway_local.permissions.decision import Need

WRITE, READ = ("kms:GenerateDataKey", "kms:Decrypt"), ("kms:Decrypt",)


def key_needs(call: Call, key_id: Any, actions: tuple[str, ...], *, via: str | None = None) -> list[Need]:
    """Return the needs of a service's use of a key; none if the key is AWS's or unknown here."""
    if not key_id or "alias/aws/" in str(key_id):
        return []
    key = emulated.key(call.account, call.region, str(key_id))
    if key is None:
        return []
    context = {
        "kms:viaservice": [f"{via or call.prefix}.{call.region}.amazonaws.com"],
        "kms:calleraccount": [call.account],
    }
    return [Need(action, key.arn, context) for action in actions]


def object_key_needs(call: Call, action: str, bucket_name: str) -> list[Need]:
    """Return the needs of reading or writing an object that is encrypted with a key."""
    if action == "PutObject":
        actions = WRITE[:1] if call.operation in ("PutObject", "CopyObject") else WRITE  # parts are read again
        return key_needs(call, call.parameters.get("SSEKMSKeyId") or _bucket_key(call, bucket_name), actions)
    if call.operation in ("GetObject", "GetObjectAttributes"):
        found = emulated.object_at(call, bucket_name, str(call.parameters["Key"]))
        return key_needs(call, getattr(found, "kms_key_id", None), READ)
    return []


def _bucket_key(call: Call, name: str) -> Any:
    bucket = emulated.bucket_named(call.account, call.partition, name)
    rule = ((getattr(bucket, "encryption", None) or {}).get("Rule")) or {}
    rule = rule[0] if isinstance(rule, list) else rule
    return (rule.get("ApplyServerSideEncryptionByDefault") or {}).get("KMSMasterKeyID")
