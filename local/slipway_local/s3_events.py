"""S3 event notifications as S3 documents them: to functions, queues and topics, and to EventBridge.

moto sends no event for delete markers and for deleted versions, always the same sequencer, an event time that is not
ISO 8601, two events for a multipart upload, and runs functions before it answers.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from slipway_local.permissions.senders import Service
from slipway_local.targets import Targets, dumps

REASONS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
}
Publish = Callable[[dict[str, Any]], None]


class Sequencer:
    """Hands out hexadecimal numbers that only grow, so that of two events of one key the later is known."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> str:
        """Return the next number, 18 hexadecimal digits."""
        with self._lock:
            self._last = max(self._last + 1, time.time_ns())
            return f"{self._last:018X}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happened to an object. `event` is the notification's name for it, as in `s3:ObjectCreated:Put`."""

    account: str
    bucket: Any
    event: str
    key: str
    sequencer: str
    etag: str = ""
    size: int | None = None
    version_id: str | None = None


Tell = Callable[..., None]


def install(targets: Targets, publish: Publish) -> None:
    """Put this behind moto's buckets. `publish` takes events for EventBridge's default bus."""
    sequencer = Sequencer()

    def tell(account: str, bucket: Any, event: str, key: str, **more: Any) -> None:
        change = Change(account=account, bucket=bucket, event=event, key=key, sequencer=sequencer.next(), **more)
        _tell(targets, publish, change)

    _install_creations(tell)
    _install_deletions(tell)


def _install_creations(tell: Tell) -> None:
    from moto.s3 import notifications
    from moto.s3.models import S3Backend

    completing = threading.local()
    complete = S3Backend.complete_multipart_upload

    def send_event(account_id: str, event_name: str, bucket: Any, key: Any) -> None:
        name = str(getattr(event_name, "value", event_name))
        kind, _, what = name.removeprefix("s3:").partition(":")
        if kind == "ObjectCreated" and not (what == "Put" and getattr(completing, "upload", False)):
            version, etag = _version(key.version_id), key.etag.strip('"')
            tell(account_id, bucket, name, key.name, etag=etag, size=key.size, version_id=version)

    def complete_multipart_upload(self: Any, *arguments: Any, **named: Any) -> Any:
        # moto makes the object by a put of its own, which would be a second event.
        completing.upload = True
        try:
            return complete(self, *arguments, **named)
        finally:
            completing.upload = False

    notifications.send_event, S3Backend.complete_multipart_upload = send_event, complete_multipart_upload


def _install_deletions(tell: Tell) -> None:
    from moto.s3.models import S3Backend

    delete = S3Backend.delete_object

    def delete_object(
        self: Any, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
    ) -> Any:
        bucket = self.get_bucket(bucket_name)
        existed = bucket.keys.get(key_name)
        done, meta = delete(self, bucket_name, key_name, version_id=version_id, bypass=bypass)
        marker = bucket.is_versioned and version_id is None
        if done and (existed is not None or marker):
            event = f"s3:ObjectRemoved:{'DeleteMarkerCreated' if marker else 'Delete'}"
            version, etag = _version(meta.get("version-id")), getattr(existed, "etag", "").strip('"')
            tell(self.account_id, bucket, event, key_name, etag=etag, version_id=version)
        return done, meta

    S3Backend.delete_object = delete_object


def _version(version_id: Any) -> str | None:
    return str(version_id) if version_id not in (None, "null") else None


def _tell(targets: Targets, publish: Publish, change: Change) -> None:
    """Send a change to whoever the bucket names; an event never fails the request that caused it."""
    configuration = change.bucket.notification_configuration
    if configuration is None:
        return
    bucket = Service(principal="s3.amazonaws.com", source_arn=change.bucket.arn)
    try:
        if configuration.event_bridge is not None:
            publish(_bridge_event(change))
        for one in [*configuration.cloud_function, *configuration.queue, *configuration.topic]:
            if one.matches(change.event, change.key):
                targets.send(one.arn, dumps({"Records": [_record(change, one.id)]}), bucket)
    except Exception:
        traceback.print_exc(file=sys.stderr)


def _record(change: Change, notification_id: str) -> dict[str, Any]:
    item: dict[str, Any] = {"key": quote_plus(change.key, safe="/"), "sequencer": change.sequencer}
    item |= {"size": change.size, "eTag": change.etag} if change.size is not None else {}
    item |= {"versionId": change.version_id} if change.version_id else {}
    now = time.time()
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": change.bucket.region_name,
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}Z",
        "eventName": change.event.removeprefix("s3:"),
        "userIdentity": {"principalId": f"AWS:{change.account}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), "x-amz-id-2": uuid.uuid4().hex},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": notification_id,
            "bucket": {
                "name": change.bucket.name,
                "ownerIdentity": {"principalId": change.account},
                "arn": change.bucket.arn,
            },
            "object": item,
        },
    }


def _bridge_event(change: Change) -> dict[str, Any]:
    item: dict[str, Any] = {"key": change.key, "size": change.size, "etag": change.etag}
    item |= {"version-id": change.version_id, "sequencer": change.sequencer}
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": change.bucket.name},
        "object": {name: value for name, value in item.items() if value is not None},
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": change.account,
        "source-ip-address": "127.0.0.1",
    }
    _, kind, what = change.event.split(":")
    if kind == "ObjectCreated":
        detail["reason"] = REASONS.get(what, what)
    else:
        deletion = "Delete Marker Created" if what == "DeleteMarkerCreated" else "Permanently Deleted"
        detail |= {"reason": "DeleteObject", "deletion-type": deletion}
    return {
        "detail-type": "Object Created" if kind == "ObjectCreated" else "Object Deleted",
        "source": "aws.s3",
        "account": change.account,
        "region": change.bucket.region_name,
        "resources": [change.bucket.arn],
        "detail": detail,
    }
