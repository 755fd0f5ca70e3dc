"""Application Auto Scaling for endpoints: step scaling by alarms, and target tracking of the requests at once.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html
"""

import math
import sys
import threading
import time
import traceback
from enum import Enum
from typing import Any

from slipway_local.endpoints.service import READY, Endpoints

TICK_SECONDS = 0.5
AVERAGED_SECONDS = 10.0
COOLDOWN_SECONDS = 300.0  # what a policy that says nothing waits before it takes copies away
COMPONENT = "sagemaker:inference-component:DesiredCopyCount"
TRACKED = ("ConcurrentRequestsPerCopyHighResolution", "ConcurrentRequestsPerModelHighResolution")


class Scaling:
    """Moves the number of copies of components, and of instances of variants, between their targets' limits."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._of = endpoints
        self._closing = threading.Event()
        self._scaled: dict[str, float] = {}
        self._seen: dict[str, list[tuple[float, int]]] = {}
        self._low_since: dict[str, float] = {}

    def begin(self) -> None:
        """Track from now on."""
        threading.Thread(target=self._run, name="scaling", daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._closing.set()

    def act(self, arn: str) -> bool:
        """Do what a step scaling policy says; False for an ARN that is none of ours."""
        policy = next((one for one in self._policies() if one.policy_arn == arn), None)
        if policy is None or policy.policy_type != "StepScaling":
            return False
        body, now = policy.step_scaling_policy_configuration, time.monotonic()
        if now - self._scaled.get(arn, -math.inf) < body.get("Cooldown", 0):
            return True
        self._scaled[arn] = now
        step = max(body["StepAdjustments"], key=lambda one: one.get("MetricIntervalLowerBound", 0))
        target = self._target(policy)
        if target is not None:
            self._move(target, self._current(target.resource_id) + int(step["ScalingAdjustment"]))
        return True

    def _run(self) -> None:
        while not self._closing.wait(TICK_SECONDS):
            try:
                for policy in self._policies():
                    if policy.policy_type == "TargetTrackingScaling":
                        self._track(policy, time.monotonic())
            except Exception:
                traceback.print_exc(file=sys.stderr)

    def _track(self, policy: Any, now: float) -> None:
        target, body = self._target(policy), policy.target_tracking_scaling_policy_configuration
        metric = (body.get("PredefinedMetricSpecification") or {}).get("PredefinedMetricType", "")
        if target is None or not metric.endswith(TRACKED):
            return
        name, current = target.resource_id, self._current(target.resource_id)
        if not current:  # nothing to measure: only an alarm wakes what sleeps
            return
        seen = [*self._seen.get(name, []), (now, self._in_flight(name))]
        self._seen[name] = seen = [each for each in seen if each[0] > now - AVERAGED_SECONDS]
        wanted = math.ceil(sum(count for _, count in seen) / len(seen) / float(body["TargetValue"]))
        wanted = min(max(wanted, target.min_capacity), target.max_capacity)
        if wanted >= current:
            self._low_since.pop(name, None)
        if wanted > current:
            self._move(target, wanted)
        elif wanted < current and now - self._low_since.setdefault(name, now) >= body.get(
            "ScaleInCooldown", COOLDOWN_SECONDS
        ):
            self._low_since.pop(name)
            self._move(target, wanted)

    def _move(self, target: Any, wanted: int) -> None:
        wanted = min(max(wanted, target.min_capacity), target.max_capacity)
        kind, name, *rest = target.resource_id.split("/")
        if kind == "inference-component":
            component = self._of.components.get(name)
            if component and component["InferenceComponentStatus"] == READY and component["Copies"] != wanted:
                self._of.update_component({"InferenceComponentName": name, "RuntimeConfig": {"CopyCount": wanted}})
            return
        endpoint, lane = self._of.endpoints.get(name), self._of.lanes.get((name, rest[-1]))
        if lane and endpoint and endpoint["EndpointStatus"] == READY and lane.fleet.count != wanted:
            threading.Thread(target=lane.fleet.resize, args=(wanted,), daemon=True).start()

    def _current(self, resource: str) -> int:
        kind, name, *rest = resource.split("/")
        if kind == "inference-component":
            return int(self._of.components.get(name, {}).get("Copies", 0))
        lane = self._of.lanes.get((name, rest[-1]))
        return lane.fleet.count if lane else 0

    def _in_flight(self, resource: str) -> int:
        kind, name, *rest = resource.split("/")
        lane = self._of.copies.get(name) if kind == "inference-component" else self._of.lanes.get((name, rest[-1]))
        return lane.in_flight if lane else 0

    def _backend(self) -> Any:
        """Return moto's backend; None until somebody has asked for it: importing it takes 2 s and 120 MiB."""
        module = sys.modules.get("moto.applicationautoscaling.models")
        backends = getattr(module, "applicationautoscaling_backends", None)
        return backends[self._of.place.account][self._of.place.region] if backends else None

    def _policies(self) -> list[Any]:
        backend = self._backend()
        return (
            [one for one in list(backend.policies.values()) if one.service_namespace == "sagemaker"] if backend else []
        )

    def _target(self, policy: Any) -> Any:
        dimensions = self._backend().targets.get(policy.scalable_dimension, {})
        return dimensions.get(policy.resource_id)


def install() -> None:
    """Let moto's Application Auto Scaling know the dimension of inference components, which its list lacks."""
    from moto.applicationautoscaling import models, responses

    if any(one.value == COMPONENT for one in models.ScalableDimensionValueSet):
        return
    known = {one.name: one.value for one in models.ScalableDimensionValueSet}
    wider = Enum("ScalableDimensionValueSet", known | {"SAGEMAKER_INFERENCE_COMPONENT_DESIRED_COPY_COUNT": COMPONENT})  # type: ignore[misc]
    models.ScalableDimensionValueSet = responses.ScalableDimensionValueSet = wider
