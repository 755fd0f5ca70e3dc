"""Delivery of a JSON text to an ARN: what EventBridge, Scheduler, S3, and Lambda's destinations have in common."""

import json
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from slipway_local.aws import Place
from slipway_local.aws_json import ServiceError
from slipway_local.functions.callee import find_by_arn
from slipway_local.functions.service import Functions
from slipway_local.permissions.senders import DELIVERY_ACTIONS, Sender

Attributes = Mapping[str, tuple[str, str]]  # name -> type (String, Number), value
KINDS = "SQS queues, SNS topics, Lambda functions, EventBridge buses and Step Functions state machines"


def service_of(arn: str) -> str:
    """Return the service of an ARN. Raises ServiceError for one that nothing is delivered to."""
    parts = arn.split(":")
    service = parts[2] if len(parts) > 5 else ""
    if service not in _SENDERS or (service == "events" and not parts[5].startswith("event-bus/")):
        raise ServiceError("ValidationException", f"The local cloud delivers to {KINDS}; {arn!r} is none of them.")
    return service


class Targets:
    """Delivers. `place` is where state machines are started, through their API."""

    def __init__(self, functions: Functions, place: Place) -> None:
        self.functions = functions
        self.place = place

    def send(
        self,
        arn: str,
        body: str,
        sender: Sender,
        *,
        parameters: Mapping[str, Any] | None = None,
        attributes: Attributes | None = None,
        event: Mapping[str, Any] | None = None,
    ) -> None:
        """Deliver a text. Raises what the service raises, and ServiceError if the sender may not.

        `parameters` are those of an EventBridge or Scheduler target, `attributes` go with a message, `event` holds
        source, detail type and resources for a bus.
        """
        service = service_of(arn)
        if not sender.may(DELIVERY_ACTIONS[service], arn):
            raise ServiceError("AccessDeniedException", f"{DELIVERY_ACTIONS[service]} on {arn} is not allowed")
        _SENDERS[service](self, arn, body, parameters or {}, attributes or {}, event or {})

    def try_to_send(
        self, arn: str, body: str, sender: Sender, dead_letters: str | None, about: Attributes, **more: Any
    ) -> None:
        """Deliver a text; what fails goes to the dead-letter queue with its error, and to the log; it never raises.

        Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        """
        try:
            self.send(arn, body, sender, **more)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            if dead_letters:
                code = {"ERROR_CODE": ("String", type(error).__name__), "ERROR_MESSAGE": ("String", str(error)[:1024])}
                about = {**about, **code, "TARGET_ARN": ("String", arn)}
                self.try_to_send(dead_letters, body, sender, None, {}, attributes=about)


def _to_queue(
    targets: Targets, arn: str, body: str, parameters: Mapping[str, Any], attributes: Attributes, event: Any
) -> None:
    from moto.sqs.models import sqs_backends

    _, _, _, region, account, name = arn.split(":")
    shown = {key: {"DataType": kind, "StringValue": value} for key, (kind, value) in attributes.items()}
    group = (parameters.get("SqsParameters") or {}).get("MessageGroupId")
    sqs_backends[account][region].send_message(name, body, message_attributes=shown, group_id=group)


def _to_topic(targets: Targets, arn: str, body: str, parameters: Any, attributes: Attributes, event: Any) -> None:
    from moto.sns.models import sns_backends

    _, _, _, region, account, _ = arn.split(":")
    shown = {key: {"Type": kind, "Value": value} for key, (kind, value) in attributes.items()}
    sns_backends[account][region].publish(message=body, arn=arn, message_attributes=shown)


def _to_function(targets: Targets, arn: str, body: str, parameters: Any, attributes: Any, event: Any) -> None:
    targets.functions.invoke_later(find_by_arn(arn), body.encode())


def _to_bus(
    targets: Targets, arn: str, body: str, parameters: Mapping[str, Any], attributes: Any, event: Mapping[str, Any]
) -> None:
    from moto.events.models import events_backends

    parts = arn.split(":")
    entry = {**(parameters.get("EventBridgeParameters") or {}), **event, "Detail": body, "EventBusName": arn}
    (done,) = events_backends[parts[4]][parts[3]].put_events([entry])
    if "ErrorCode" in done:
        raise ServiceError(done["ErrorCode"], done["ErrorMessage"])


def _to_state_machine(targets: Targets, arn: str, body: str, parameters: Any, attributes: Any, event: Any) -> None:
    targets.place.client("stepfunctions").start_execution(stateMachineArn=arn, input=body)


def dumps(value: Any) -> str:
    """Return JSON as AWS services write it, without escapes for other alphabets."""
    return json.dumps(value, ensure_ascii=False)


_SENDERS = {"sqs": _to_queue, "sns": _to_topic, "lambda": _to_function, "events": _to_bus, "states": _to_state_machine}
