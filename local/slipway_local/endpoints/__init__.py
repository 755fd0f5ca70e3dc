"""SageMaker endpoints whose model servers are processes of this machine, with what scales and judges them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway_local.aws import Place
from slipway_local.front_door import FrontDoor


@dataclass(frozen=True)
class Served:
    """The endpoints, what has to be closed, and what changes things by itself."""

    endpoints: Any
    running: list[Any]
    working: list[Any]


def install(place: Place, folder: Path, front_door: FrontDoor) -> Served:
    """Put these behind SageMaker, its runtime, Application Auto Scaling and CloudWatch's alarms."""
    from slipway_local.alarms import Alarms
    from slipway_local.endpoints import api, scaling
    from slipway_local.endpoints.runtime import Runtime
    from slipway_local.endpoints.service import Endpoints
    from slipway_local.metrics import cloudwatch, queues

    cloudwatch.install()
    endpoints = Endpoints(place, folder)
    scaled, alarms = scaling.Scaling(endpoints), Alarms(place)
    alarms.actions.append(scaled.act)
    api.install(endpoints)

    def scaled_by_moto(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        scaling.install()  # not before: moto's part is large
        return front_door.moto(environ, start_response)

    front_door.by_service["application-autoscaling"] = scaled_by_moto
    front_door.by_service["sagemaker"] = Runtime(endpoints, front_door.moto)
    queued = queues.QueueMetrics(place)
    for one in (endpoints, scaled, alarms, queued):
        one.begin()
    return Served(endpoints, [alarms, scaled, queued, endpoints], [endpoints, alarms])
