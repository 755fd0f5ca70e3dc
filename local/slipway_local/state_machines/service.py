"""Installs the state machines into the daemon."""

import json
from typing import Any

from slipway_local import events
from slipway_local.aws import Place
from slipway_local.state_machines import api
from slipway_local.state_machines.engine import Engine


def install(place: Place) -> Engine:
    """Put the engine behind moto's Step Functions; executions tell EventBridge what becomes of them."""

    def publish(source: str, detail_type: str, resources: list[str], detail: dict[str, Any]) -> None:
        told = json.loads(json.dumps(detail))  # as it is now: the execution goes on
        about = {"detail-type": detail_type, "source": source, "resources": resources, "detail": told}
        events.publish({**about, "account": place.account, "region": place.region})

    engine = Engine(place, publish)
    api.install(engine)
    return engine
