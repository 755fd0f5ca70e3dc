"""Where the requests of one variant or inference component go: to the copies there are, and to those of a rollout.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slipway_local.endpoints.container import NotStartedError
from slipway_local.endpoints.fleet import Fleet

CHECK_SECONDS = 0.1
Alarmed = Callable[[], str]


@dataclass
class Lane:
    """One variant or component. `share` of the requests goes to the new fleet `green` while there is one."""

    fleet: Fleet
    weight: float = 1.0
    green: Fleet | None = None
    share: float = 0.0

    def pick(self) -> Fleet:
        """Return the fleet of one request."""
        if self.green and random.random() < self.share:  # noqa: S311 - traffic, not secrets
            return self.green
        return self.fleet

    @property
    def in_flight(self) -> int:
        """Return how many requests are being answered."""
        return self.fleet.in_flight + (self.green.in_flight if self.green else 0)

    def close(self) -> None:
        """End all copies."""
        for fleet in (self.fleet, self.green):
            if fleet:
                fleet.close()


@dataclass(frozen=True)
class Steps:
    """The shares that a rollout goes through, and the seconds that alarms watch after each, and after the last."""

    shares: list[float]
    wait_seconds: float
    last_wait_seconds: float


def steps_of(config: dict[str, Any] | None, instances: int) -> Steps:
    """Return the steps of a DeploymentConfig of an endpoint or a component; without one all at once."""
    policy = (config or {}).get("BlueGreenUpdatePolicy") or {}
    routing = policy.get("TrafficRoutingConfiguration") or {}
    wait, last = routing.get("WaitIntervalInSeconds", 0), policy.get("TerminationWaitInSeconds", 0)
    if rolling := (config or {}).get("RollingUpdatePolicy"):
        wait = last = rolling["WaitIntervalInSeconds"]
        return Steps(_stairs(_share(rolling["MaximumBatchSize"], instances)), wait, last)
    if routing.get("Type") == "CANARY":
        return Steps([_share(routing["CanarySize"], instances), 1.0], wait, last)
    if routing.get("Type") == "LINEAR":
        return Steps(_stairs(_share(routing["LinearStepSize"], instances)), wait, last)
    return Steps([1.0], 0, last)


def _share(size: dict[str, Any], instances: int) -> float:
    part = size["Value"] / (100 if size["Type"] == "CAPACITY_PERCENT" else max(instances, 1))
    return min(float(part), 1.0)


def _stairs(step: float) -> list[float]:
    count = max(round(1 / step + 0.499), 1)
    return [min(step * (index + 1), 1.0) for index in range(count)]


def roll(lanes: list[tuple[Lane, Fleet, int]], steps: Steps, alarmed: Alarmed) -> str:
    """Bring new fleets (with their counts) into their lanes; return why they were taken back, "" if they were not."""
    try:
        for _, green, count in lanes:
            green.resize(count)
    except NotStartedError as error:
        _take_back(lanes)
        return str(error)
    for lane, green, _ in lanes:
        lane.share, lane.green = 0.0, green
    for index, share in enumerate(steps.shares):
        for lane, _, _ in lanes:
            lane.share = share
        last = index == len(steps.shares) - 1
        if name := _watch(steps.last_wait_seconds if last else steps.wait_seconds, alarmed):
            _take_back(lanes)
            return f"Alarm {name} is in the ALARM state: the update was rolled back."
    for lane, green, _ in lanes:
        old, lane.fleet, lane.green = lane.fleet, green, None
        old.resize(0)
        old.close()
    return ""


def _take_back(lanes: list[tuple[Lane, Fleet, int]]) -> None:
    for lane, green, _ in lanes:
        lane.green = None
        green.resize(0)
        green.close()


def _watch(seconds: float, alarmed: Alarmed) -> str:
    deadline = time.monotonic() + seconds
    while not (name := alarmed()) and time.monotonic() < deadline:
        time.sleep(CHECK_SECONDS)
    return name


def instances_of(config: dict[str, Any]) -> int:
    """Return the instances of all variants of an endpoint configuration."""
    return int(sum(variant.get("InitialInstanceCount", 1) for variant in config["ProductionVariants"]))


def excludes(request: dict[str, Any], name: str) -> bool:
    """Return whether an UpdateEndpoint that retains the variants' properties leaves this one out."""
    excluded = request.get("ExcludeRetainedVariantProperties") or ()
    return any(one["VariantPropertyType"] == name for one in excluded)
