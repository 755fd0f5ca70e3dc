"""Installs the state machines into the daemon."""

import json
import threading
import time
import uuid
from typing import Any

from slipway_local import events
from slipway_local.aws import Place
from slipway_local.state_machines import api
from slipway_local.state_machines.engine import Engine


def install(place: Place) -> Engine:
    """Put the engine behind moto's Step Functions and let EventBridge rules start executions."""
    engine = Engine(place, lambda *event: _publish(place, *event))
    api.install(engine)
    events.DELIVERY["states"] = lambda arn, body, functions, target: _start_later(place, arn, body)
    return engine


def _start_later(place: Place, machine_arn: str, body: str) -> None:
    start = place.client("stepfunctions").start_execution
    threading.Thread(target=start, kwargs={"stateMachineArn": machine_arn, "input": body}, daemon=True).start()


def _publish(place: Place, source: str, detail_type: str, resources: list[str], detail: dict[str, Any]) -> None:
    from moto.events.models import events_backends

    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": place.account,
        "time": time.time(),
        "region": place.region,
        "resources": resources,
        "detail": json.loads(json.dumps(detail)),
    }
    for rule in list(events_backends[place.account][place.region].event_buses["default"].rules.values()):
        rule.send_to_targets(dict(event))
