"""EventBridge: S3 events as S3 documents them, and delivery of matching events to queues, functions and topics.

moto sends no event for delete markers and for deleted versions, always the same sequencer, and an event time that is
not ISO 8601; it has no Lambda targets.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import json
import sys
import threading
import time
import traceback
import uuid
from typing import Any

from slipway_local.functions.service import Functions
from slipway_local.permissions.enforcement import DELIVERY_ACTIONS, enforcement

REASONS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
}


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


def install(functions: Functions) -> None:
    """Put this behind moto's S3 notifications and EventBridge rules."""
    from moto.events.models import Rule
    from moto.s3 import notifications
    from moto.s3.models import S3Backend

    sequencer = Sequencer()
    completing = threading.local()
    delete, complete = S3Backend.delete_object, S3Backend.complete_multipart_upload
    moto_targets = Rule.send_to_targets

    def created(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
        kind, _, what = event_name.removeprefix("s3:").partition(":")
        if kind == "ObjectCreated" and not (what == "Put" and getattr(completing, "upload", False)):
            item = {"key": key.name, "size": key.size, "etag": key.etag.strip('"'), **_version(key.version_id)}
            extra = {"reason": REASONS.get(what, what)}
            _publish(bucket, "Object Created", _detail(account_id, bucket, item, sequencer, extra))

    def complete_multipart_upload(self: Any, *arguments: Any, **named: Any) -> Any:
        # moto makes the object by a put of its own, which would be a second event.
        completing.upload = True
        try:
            return complete(self, *arguments, **named)
        finally:
            completing.upload = False

    def delete_object(
        self: Any, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
    ) -> Any:
        bucket = self.get_bucket(bucket_name)
        existed = bucket.keys.get(key_name)
        done, meta = delete(self, bucket_name, key_name, version_id=version_id, bypass=bypass)
        marker = bucket.is_versioned and version_id is None
        if done and (existed is not None or marker) and _to_event_bridge(bucket):
            item = {"key": key_name, "etag": getattr(existed, "etag", "").strip('"')}
            item |= _version(meta.get("version-id"))
            extra = {
                "reason": "DeleteObject",
                "deletion-type": "Delete Marker Created" if marker else "Permanently Deleted",
            }
            _publish(bucket, "Object Deleted", _detail(self.account_id, bucket, item, sequencer, extra))
        return done, meta

    def send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
        _send(self, original_event, functions, lambda: moto_targets(self, original_event, transform_input))

    notifications._send_event_bridge_message = created
    S3Backend.delete_object, S3Backend.complete_multipart_upload = delete_object, complete_multipart_upload
    Rule.send_to_targets = send_to_targets
    functions.deliver = lambda arn, record: deliver(arn, json.dumps(record), functions)


def _version(version_id: Any) -> dict[str, str]:
    return {"version-id": str(version_id)} if version_id not in (None, "null") else {}


def _to_event_bridge(bucket: Any) -> bool:
    configuration = bucket.notification_configuration
    return configuration is not None and configuration.event_bridge is not None


def _detail(
    account_id: str, bucket: Any, item: dict[str, Any], sequencer: Sequencer, extra: dict[str, str]
) -> dict[str, Any]:
    return {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": {**item, "sequencer": sequencer.next()},
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": account_id,
        "source-ip-address": "127.0.0.1",
        **extra,
    }


def _publish(bucket: Any, detail_type: str, detail: dict[str, Any]) -> None:
    from moto.events.models import events_backends

    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": "aws.s3",
        "account": detail["requester"],
        "time": time.time(),
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": detail,
    }
    for rule in list(events_backends[detail["requester"]][bucket.region_name].event_buses["default"].rules.values()):
        rule.send_to_targets(dict(event))


def _send(rule: Any, event: dict[str, Any], functions: Functions, moto_delivery: Any) -> None:
    """Deliver an event to the targets of a rule that matches; an event never fails the request that caused it."""
    if rule.state != "ENABLED" or not rule.event_pattern or rule.scheduled_expression:
        return
    try:
        if not rule.event_pattern.matches_event(event):
            return
        known = [target for target in rule.targets if target["Arn"].split(":")[2] in DELIVERY]
        if len(known) < len(rule.targets):
            moto_delivery()
            return
        for target in known:
            action = DELIVERY_ACTIONS[target["Arn"].split(":")[2]]
            if not enforcement.service_may("events.amazonaws.com", action, target["Arn"], rule.arn):
                continue
            deliver(target["Arn"], _body(target, event), functions, target)
    except Exception:
        traceback.print_exc(file=sys.stderr)


def _body(target: dict[str, Any], event: dict[str, Any]) -> str:
    """Return what the target receives: its constant input, its transformed input, or the event."""
    if "Input" in target:
        return str(target["Input"])
    moment = event["time"]
    if not isinstance(moment, str):
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(float(moment)))
    shown = {key: value for key, value in event.items() if key != "ingestion-time"} | {"time": moment}
    if "InputTransformer" in target:
        from moto.events.utils import EventTemplateParser

        transformer = target["InputTransformer"]
        full: Any = {"ingestion-time": moment, **shown}
        parsed = EventTemplateParser.parse(transformer["InputTemplate"], transformer.get("InputPathsMap", {}), full)
        return json.dumps(parsed)
    if "InputPath" in target:
        from jsonpath_ng.ext import parse

        found = parse(target["InputPath"]).find(shown)
        return json.dumps(found[0].value if found else None)
    return json.dumps(shown)


def _to_queue(arn: str, body: str, functions: Functions, target: dict[str, Any]) -> None:
    from moto.sqs.models import sqs_backends

    _, _, _, region, account, name = arn.split(":")
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    sqs_backends[account][region].send_message(name, body, group_id=group)


def _to_function(arn: str, body: str, functions: Functions, target: dict[str, Any]) -> None:
    functions.invoke_later(functions.by_arn(arn), body.encode())


def _to_topic(arn: str, body: str, functions: Functions, target: dict[str, Any]) -> None:
    from moto.sns.models import sns_backends

    _, _, _, region, account, _ = arn.split(":")
    sns_backends[account][region].publish(message=body, arn=arn)


DELIVERY = {"sqs": _to_queue, "lambda": _to_function, "sns": _to_topic}


def deliver(arn: str, body: str, functions: Functions, target: dict[str, Any] | None = None) -> None:
    """Send a JSON text to a queue, a function or a topic. Raises KeyError for any other service."""
    DELIVERY[arn.split(":")[2]](arn, body, functions, target or {})
