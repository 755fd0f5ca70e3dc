"""Endpoints, their configurations and inference components: what they are, and the fleets that run for them.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeInferenceComponent.html
"""

import shutil
import threading
import time
from pathlib import Path
from typing import Any

from slipway_local.aws import Place
from slipway_local.endpoints.background import Background
from slipway_local.endpoints.container import NotStartedError
from slipway_local.endpoints.fleet import Fleet
from slipway_local.endpoints.lanes import Lane, Steps, excludes, instances_of, roll, steps_of

Json = dict[str, Any]
READY = "InService"
TICK_SECONDS = 0.5
STARTUP_SECONDS = 600.0  # where a variant does not say how long


class Endpoints(Background):
    """What SageMaker knows, as plain data, and beside it the lanes of what runs. `changes` counts."""

    def __init__(self, place: Place, folder: Path) -> None:
        super().__init__()
        self.place, self._folder = place, folder
        shutil.rmtree(folder, ignore_errors=True)  # of a daemon before this one
        self.configs: dict[str, Json] = {}
        self.endpoints: dict[str, Json] = {}
        self.components: dict[str, Json] = {}
        self.lanes: dict[tuple[str, str], Lane] = {}  # by endpoint and variant
        self.shadows: dict[str, tuple[str, float, Lane]] = {}  # by endpoint: its variant, and its share
        self.copies: dict[str, Lane] = {}  # by component
        self._number = 0

    def state(self) -> Any:
        """Return what is kept."""
        return {"configs": self.configs, "endpoints": self.endpoints, "components": self.components}

    def restore(self, state: Any) -> None:
        """Take it back, and start again what ran."""
        self.configs, self.endpoints, self.components = state["configs"], state["endpoints"], state["components"]
        for name, endpoint in self.endpoints.items():
            if endpoint["EndpointStatus"] != "Failed":
                endpoint["EndpointStatus"] = "SystemUpdating"
                self._later(lambda name=name: self._start(name))  # type: ignore[misc]
        for name, component in self.components.items():
            if component["InferenceComponentStatus"] != "Failed":
                self._later(lambda name=name: self._start_component(name))  # type: ignore[misc]

    def begin(self) -> None:
        """Watch the copies: those that die are started again, as SageMaker replaces what fails its health checks."""
        threading.Thread(target=self._tend, name="endpoints", daemon=True).start()

    def close(self) -> None:
        """End every copy."""
        self._closing.set()
        for lane in self._all_lanes():
            lane.close()

    def create(self, request: Json) -> Json:
        """Create an endpoint in the background."""
        name, now = request["EndpointName"], time.time()
        endpoint = self.endpoints[name] = {
            "EndpointName": name,
            "EndpointArn": self.place.arn("sagemaker", f"endpoint/{name.lower()}"),
            "EndpointConfigName": request["EndpointConfigName"],
            "EndpointStatus": "Creating",
            "CreationTime": now,
            "LastModifiedTime": now,
            **({"DeploymentConfig": request["DeploymentConfig"]} if request.get("DeploymentConfig") else {}),
        }
        self._later(lambda: self._start(name), endpoint)
        return endpoint

    def update(self, request: Json) -> Json:
        """Bring another configuration to an endpoint, in the background, by its steps."""
        endpoint = self.endpoints[request["EndpointName"]]
        given = endpoint if request.get("RetainDeploymentConfig") else request
        endpoint["DeploymentConfig"] = given.get("DeploymentConfig")
        endpoint |= {"EndpointStatus": "Updating", "Pending": request["EndpointConfigName"]}
        endpoint["LastModifiedTime"] = time.time()
        endpoint.pop("FailureReason", None)
        self._later(lambda: self._roll(endpoint, request), endpoint)
        return endpoint

    def delete(self, name: str) -> None:
        """Delete an endpoint and end its copies."""
        del self.endpoints[name]
        for key in [key for key in self.lanes if key[0] == name]:
            self.lanes.pop(key).close()
        if name in self.shadows:
            self.shadows.pop(name)[2].close()

    def create_component(self, request: Json) -> Json:
        """Create an inference component in the background."""
        name, now = request["InferenceComponentName"], time.time()
        component = self.components[name] = {
            "InferenceComponentName": name,
            "InferenceComponentArn": self.place.arn("sagemaker", f"inference-component/{name.lower()}"),
            "EndpointName": request["EndpointName"],
            "EndpointArn": self.endpoints[request["EndpointName"]]["EndpointArn"],
            "VariantName": request["VariantName"],
            "Specification": request["Specification"],
            "Copies": request["RuntimeConfig"]["CopyCount"],
            "InferenceComponentStatus": "Creating",
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        self._later(lambda: self._start_component(name), component)
        return component

    def update_component(self, request: Json) -> Json:
        """Bring another model or number of copies to a component, in the background."""
        component = self.components[request["InferenceComponentName"]]
        if copies := request.get("RuntimeConfig"):
            component["Copies"] = copies["CopyCount"]
        component |= {"InferenceComponentStatus": "Updating", "LastModifiedTime": time.time()}
        component.pop("FailureReason", None)
        self._later(lambda: self._change_component(component, request), component)
        return component

    def delete_component(self, name: str) -> None:
        """Delete a component and end its copies."""
        del self.components[name]
        if lane := self.copies.pop(name, None):
            lane.close()

    def production(self, config_name: str) -> list[Json]:
        """Return the variants of a configuration."""
        found: list[Json] = self.configs[config_name]["ProductionVariants"]
        return found

    def _start(self, name: str) -> None:
        endpoint = self.endpoints[name]
        config = self.configs[endpoint["EndpointConfigName"]]
        try:
            for variant in config["ProductionVariants"]:
                if variant.get("ModelName"):
                    lane = Lane(self._fleet(name, variant), variant.get("InitialVariantWeight", 1.0))
                    self.lanes[name, variant["VariantName"]] = lane
                    lane.fleet.resize(variant.get("InitialInstanceCount", 1))
            self._start_shadow(name, config)
        except NotStartedError as error:
            endpoint |= {"EndpointStatus": "Failed", "FailureReason": str(error)}
            return
        endpoint |= {"EndpointStatus": READY, "LastModifiedTime": time.time()}

    def _start_shadow(self, name: str, config: Json) -> None:
        if name in self.shadows:
            self.shadows.pop(name)[2].close()
        for variant in config.get("ShadowProductionVariants") or ():
            own = config["ProductionVariants"][0].get("InitialVariantWeight", 1.0)
            share = variant.get("InitialVariantWeight", 1.0) / (own or 1.0)
            lane = Lane(self._fleet(name, variant))
            lane.fleet.resize(variant.get("InitialInstanceCount", 1))
            self.shadows[name] = (variant["VariantName"], min(share, 1.0), lane)

    def _roll(self, endpoint: Json, request: Json) -> None:
        name, wanted = endpoint["EndpointName"], request["EndpointConfigName"]
        config = self.configs[wanted]
        steps = steps_of(endpoint["DeploymentConfig"], instances_of(config))
        lanes = []
        for variant in config["ProductionVariants"]:
            key = (name, variant["VariantName"])
            if variant.get("ModelName"):
                count = variant.get("InitialInstanceCount", 1)
                counts = request.get("RetainAllVariantProperties") and not excludes(request, "DesiredInstanceCount")
                if counts and key in self.lanes:
                    count = self.lanes[key].fleet.count
                fleet = self._fleet(name, variant)
                lanes.append((self.lanes.setdefault(key, Lane(self._fleet(name, variant))), fleet, count))
        if reason := self._rolled(lanes, steps, endpoint["DeploymentConfig"]):
            endpoint |= {"EndpointStatus": READY, "FailureReason": reason, "LastModifiedTime": time.time()}
            return
        self._start_shadow(name, config)
        kept = {variant["VariantName"]: variant for variant in config["ProductionVariants"]}
        for key in [key for key in self.lanes if key[0] == name and key[1] not in kept]:
            self.lanes.pop(key).close()
        weighs = not request.get("RetainAllVariantProperties") or excludes(request, "DesiredWeight")
        for variant_name, variant in kept.items():
            if weighs and (name, variant_name) in self.lanes:
                self.lanes[name, variant_name].weight = variant.get("InitialVariantWeight", 1.0)
        endpoint |= {"EndpointConfigName": wanted, "EndpointStatus": READY, "LastModifiedTime": time.time()}

    def _start_component(self, name: str) -> None:
        component = self.components[name]
        lane = self.copies[name] = Lane(self._component_fleet(component))
        self._sized(component, lane)

    def _change_component(self, component: Json, request: Json) -> None:
        lane, specification = self.copies[component["InferenceComponentName"]], request.get("Specification")
        if specification and specification != component["Specification"]:
            before, component["Specification"] = component["Specification"], specification
            config = request.get("DeploymentConfig")
            count = component["Copies"]
            steps = steps_of(config, count) if count else Steps([1.0], 0, 0)
            fleet = self._component_fleet(component)
            if reason := self._rolled([(lane, fleet, count)], steps, config):
                component |= {"Specification": before, "InferenceComponentStatus": READY, "FailureReason": reason}
                return
        self._sized(component, lane)

    def _sized(self, component: Json, lane: Lane) -> None:
        try:
            lane.fleet.resize(component["Copies"])
        except NotStartedError as error:
            component |= {"InferenceComponentStatus": "Failed", "FailureReason": str(error)}
            return
        component |= {"InferenceComponentStatus": READY, "LastModifiedTime": time.time()}

    def _rolled(self, lanes: list[tuple[Lane, Fleet, int]], steps: Steps, config: Json | None) -> str:
        alarms = [one["AlarmName"] for one in ((config or {}).get("AutoRollbackConfiguration") or {}).get("Alarms", ())]
        return roll(lanes, steps, lambda: self._alarmed(alarms))

    def _alarmed(self, names: list[str]) -> str:
        from moto.cloudwatch.models import cloudwatch_backends

        alarms = cloudwatch_backends[self.place.account][self.place.region].alarms
        return next((name for name in names if name in alarms and alarms[name].state_value == "ALARM"), "")

    def _fleet(self, endpoint: str, variant: Json) -> Fleet:
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        return self._made(group, variant["VariantName"], variant["ModelName"], variant)

    def _component_fleet(self, component: Json) -> Fleet:
        group = f"/aws/sagemaker/InferenceComponents/{component['InferenceComponentName']}"
        specification = component["Specification"]
        startup = specification.get("StartupParameters") or {}
        return self._made(group, component["VariantName"], specification["ModelName"], startup)

    def _made(self, group: str, about: str, model_name: str, startup: Json) -> Fleet:
        from moto.sagemaker.models import sagemaker_backends

        self._number += 1
        models = sagemaker_backends[self.place.account][self.place.region]._models
        seconds = float(startup.get("ContainerStartupHealthCheckTimeoutInSeconds", STARTUP_SECONDS))
        about, folder = f"{about}/{self._number}", self._folder / str(self._number)
        return Fleet(self.place, folder, models[model_name], group, about, seconds)

    def _all_lanes(self) -> list[Lane]:
        return [*self.lanes.values(), *self.copies.values(), *(lane for _, _, lane in self.shadows.values())]

    def _tend(self) -> None:
        while not self._closing.wait(TICK_SECONDS):
            for lane in self._all_lanes():
                if lane.fleet.is_hurt:
                    self._later(lane.fleet.heal)
