"""SNS deliveries: to queues that let the topic in, and to functions, which moto runs at once with a made-up message.

Source: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html#sns-sample-event and
https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html
"""

import hashlib
import json
import sys
import time
import traceback
from typing import Any

from slipway_local.aws_json import ServiceError
from slipway_local.permissions.senders import Service
from slipway_local.targets import Targets


def install(targets: Targets) -> None:
    """Put this behind moto's subscriptions; a delivery that fails never fails the publisher."""
    from moto.sns.models import Subscription, Topic

    publish, publish_to_all = Subscription.publish, Topic.publish

    def identified(self: Any, message: str, **named: Any) -> Any:
        if self.fifo_topic:  # moto accepts a message without id where the content is one, but gives queues none
            named["deduplication_id"] = named.get("deduplication_id") or hashlib.sha256(message.encode()).hexdigest()
        return publish_to_all(self, message, **named)

    def deliver(self: Any, message: str, message_id: str, *arguments: Any, **named: Any) -> None:
        topic = Service(principal="sns.amazonaws.com", source_arn=self.topic.arn)
        try:
            if self.protocol == "lambda":
                _invoke(targets, self, message, message_id, *arguments, **named)
            elif self.protocol == "sqs" and not topic.may("sqs:SendMessage", self.endpoint):
                raise ServiceError("AccessDeniedException", f"{self.endpoint} does not let {topic.source_arn} in")
            else:
                publish(self, message, message_id, *arguments, **named)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            policy = json.loads(self.attributes.get("RedrivePolicy") or "{}")
            if policy:
                targets.send(policy["deadLetterTargetArn"], message, topic)

    Subscription.publish, Topic.publish = deliver, identified
    _ignore_case()


def _ignore_case() -> None:
    """Let equals-ignore-case match: moto lowers what was sent and not what the policy says.

    Source: https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
    """
    from moto.sns.utils import FilterPolicyMatcher

    match = FilterPolicyMatcher._field_match

    def field_match(field: str, rules: list[Any], *arguments: Any, **named: Any) -> bool:
        return bool(match(field, [_lowered(rule) for rule in rules], *arguments, **named))

    FilterPolicyMatcher._field_match = staticmethod(field_match)


def _lowered(rule: Any) -> Any:
    text = rule.get("equals-ignore-case") if isinstance(rule, dict) else None
    return {"equals-ignore-case": text.lower()} if isinstance(text, str) else rule


def _invoke(
    targets: Targets,
    subscription: Any,
    message: str,
    message_id: str,
    subject: str | None = None,
    message_attributes: dict[str, Any] | None = None,
    group_id: str | None = None,
    deduplication_id: str | None = None,
    message_structure: str | None = None,
) -> None:
    matcher = subscription._filter_policy_matcher
    if matcher is not None and not matcher.matches(message_attributes, message):
        return
    if message_structure == "json":
        message = subscription._parse_message_structure(message, subscription.protocol)
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": subscription.topic_arn,
            "Subject": subject,
            "Message": message,
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "SignatureVersion": "1",
            "Signature": "not-signed-by-the-local-cloud",
            "SigningCertUrl": "",
            "UnsubscribeUrl": "",
            "MessageAttributes": {
                name: {"Type": value["Type"], "Value": value["Value"]}
                for name, value in (message_attributes or {}).items()
            },
        },
    }
    topic = Service(principal="sns.amazonaws.com", source_arn=subscription.topic_arn)
    targets.send(subscription.endpoint, json.dumps({"Records": [record]}), topic)
