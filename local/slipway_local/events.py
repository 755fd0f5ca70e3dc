"""EventBridge: delivery of matching events to targets, each in its own form.

moto knows queues and log groups as targets, ignores Input and InputPath, and fails the publisher for others.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

import json
import sys
import time
import traceback
import uuid
from typing import Any

from slipway_local import event_patterns
from slipway_local.aws_json import ServiceError
from slipway_local.input_transformer import transform
from slipway_local.permissions.senders import Role, Service
from slipway_local.targets import Targets, dumps, service_of


def install(targets: Targets) -> None:
    """Put this behind moto's rules."""
    from moto.events.exceptions import ValidationException
    from moto.events.models import EventsBackend, Rule

    moto_targets, put = Rule.send_to_targets, EventsBackend.put_targets

    def send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
        if self.managed_by:  # the rule of an archive
            moto_targets(self, original_event, transform_input)
        elif self.state == "ENABLED" and not self.scheduled_expression:
            send(targets, self, original_event)

    def put_targets(self: Any, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]) -> None:
        for target in targets:
            _check_path(target.get("InputPath"))
            if not _is_log_group(target["Arn"]):
                try:
                    service_of(target["Arn"])
                except ServiceError as error:
                    raise ValidationException(error.message) from None
        put(self, name, event_bus_arn, targets)

    event_patterns.install()
    Rule.send_to_targets = send_to_targets
    EventsBackend.put_targets = put_targets


def _check_path(path: str | None) -> None:
    """Refuse an InputPath that is no JSONPath, as PutTargets does."""
    from jsonpath_ng.ext import parse
    from moto.events.exceptions import ValidationException

    try:
        parse(path or "$")
    except Exception as error:  # a lexer's and a parser's own, of different kinds
        raise ValidationException(f"Invalid InputPath {path}: {error}") from None


def _is_log_group(arn: str) -> bool:
    return arn.split(":")[2] == "logs"


def publish(event: dict[str, Any]) -> None:
    """Send an event of an AWS service to the rules of the default bus."""
    from moto.events.models import events_backends

    whole = {"version": "0", "id": str(uuid.uuid4()), "time": time.time(), **event}
    for rule in list(events_backends[event["account"]][event["region"]].event_buses["default"].rules.values()):
        rule.send_to_targets(dict(whole))


def send(targets: Targets, rule: Any, event: dict[str, Any]) -> None:
    """Deliver an event to the targets of a rule that matches; an event never fails the request that caused it."""
    try:
        wanted = list(rule.targets) if rule.event_pattern.matches_event(event) else []
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return
    for target in wanted:  # each by itself: one that fails takes nothing from the others
        try:
            _send(targets, rule, target, event)
        except Exception:
            traceback.print_exc(file=sys.stderr)


def _send(targets: Targets, rule: Any, target: dict[str, Any], event: dict[str, Any]) -> None:
    arn = target["Arn"]
    if _is_log_group(arn):
        rule._send_to_cw_log_group(arn.split(":")[6], dict(event))
        return
    bus, body = None, _body(rule, target, event)
    if ":event-bus/" in arn:
        bus = {"Source": event["source"], "DetailType": event["detail-type"], "Resources": event["resources"]}
        body = dumps(event["detail"])
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    about = {"RULE_ARN": ("String", rule.arn)}
    role = target.get("RoleArn")
    sender = Role(arn=role) if role else Service(principal="events.amazonaws.com", source_arn=rule.arn)
    targets.try_to_send(arn, body, sender, dead_letters, about, parameters=target, event=bus)


def _body(rule: Any, target: dict[str, Any], event: dict[str, Any]) -> str:
    """Return what the target receives: its constant input, its transformed input, or the event."""
    if "Input" in target:
        return str(target["Input"])
    shown = {**event, "time": _moment(event["time"])}
    received = _moment(shown.pop("ingestion-time", time.time()))
    if "InputTransformer" in target:
        return transform(target["InputTransformer"], rule, shown, received)
    if "InputPath" in target:
        from jsonpath_ng.ext import parse

        found = parse(target["InputPath"]).find(shown)
        return json.dumps(found[0].value if found else None)
    return json.dumps(shown)


def _moment(value: str | float) -> str:
    return value if isinstance(value, str) else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(float(value)))
