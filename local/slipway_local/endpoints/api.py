"""SageMaker's operations on models, endpoints and inference components, in place of moto's, which only keep names.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Operations_Amazon_SageMaker_Service.html
"""

import json
import time
from collections.abc import Callable
from typing import Any

from slipway_local.endpoints import shown
from slipway_local.endpoints.contract import Refused, check
from slipway_local.endpoints.service import READY, Endpoints

Json = dict[str, Any]


def install(endpoints: Endpoints) -> None:
    """Put these behind moto's SageMaker."""
    from moto.core.responses import ActionResult
    from moto.sagemaker.exceptions import AWSValidationException
    from moto.sagemaker.responses import SageMakerResponse

    create_model = SageMakerResponse.create_model

    def operation(name: str, serve: Callable[[Json], Json]) -> None:
        def handler(self: Any) -> Any:
            try:
                return ActionResult(serve(check(name, json.loads(self.body))))
            except Refused as error:
                raise AWSValidationException(f"this local cloud does not serve {error}") from None
            except _ConflictError as error:
                raise AWSValidationException(str(error)) from None

        setattr(SageMakerResponse, _snake(name), handler)

    def model(self: Any) -> Any:
        request = json.loads(self.body)
        try:
            check("CreateModel", request)
        except Refused as error:
            raise AWSValidationException(f"this local cloud does not serve {error}") from None
        answer = create_model(self)
        made = self.sagemaker_backend._models[request["ModelName"]]
        made.enable_network_isolation = bool(request.get("EnableNetworkIsolation"))
        return answer

    SageMakerResponse.create_model = model
    for name, serve in _Operations(endpoints).table().items():
        operation(name, serve)


class _ConflictError(Exception):
    """What SageMaker answers with a ValidationException."""


class _Operations:
    def __init__(self, endpoints: Endpoints) -> None:
        self._of = endpoints

    def table(self) -> dict[str, Callable[[Json], Json]]:
        return {
            "CreateEndpointConfig": self._create_config,
            "DescribeEndpointConfig": lambda asked: dict(self._config(asked["EndpointConfigName"])),
            "DeleteEndpointConfig": self._delete_config,
            "ListEndpointConfigs": lambda asked: {"EndpointConfigs": _listed(self._of.configs, asked)},
            "CreateEndpoint": self._create,
            "UpdateEndpoint": self._update,
            "DescribeEndpoint": lambda asked: shown.endpoint(self._of, self._endpoint(asked["EndpointName"])),
            "DeleteEndpoint": self._delete,
            "ListEndpoints": lambda asked: {"Endpoints": _listed(self._of.endpoints, asked)},
            "UpdateEndpointWeightsAndCapacities": self._weigh,
            "CreateInferenceComponent": self._create_component,
            "DescribeInferenceComponent": lambda asked: shown.component(self._of, self._component(asked)),
            "UpdateInferenceComponent": self._update_component,
            "UpdateInferenceComponentRuntimeConfig": self._copies,
            "DeleteInferenceComponent": self._delete_component,
            "ListInferenceComponents": lambda asked: {"InferenceComponents": _listed(self._of.components, asked)},
        }

    def _create_config(self, asked: Json) -> Json:
        name = asked["EndpointConfigName"]
        if name in self._of.configs:
            raise _ConflictError(f"Cannot create already existing endpoint configuration {name!r}.")
        for variant in [*asked["ProductionVariants"], *(asked.get("ShadowProductionVariants") or ())]:
            self._model(variant.get("ModelName"))
        arn = self._of.place.arn("sagemaker", f"endpoint-config/{name.lower()}")
        self._of.configs[name] = {**asked, "EndpointConfigArn": arn, "CreationTime": time.time()}
        return {"EndpointConfigArn": arn}

    def _delete_config(self, asked: Json) -> Json:
        self._config(asked["EndpointConfigName"])
        del self._of.configs[asked["EndpointConfigName"]]
        return {}

    def _create(self, asked: Json) -> Json:
        self._config(asked["EndpointConfigName"])
        if asked["EndpointName"] in self._of.endpoints:
            raise _ConflictError(f"Cannot create already existing endpoint {asked['EndpointName']!r}.")
        return {"EndpointArn": self._of.create(asked)["EndpointArn"]}

    def _update(self, asked: Json) -> Json:
        endpoint = self._settled(self._endpoint(asked["EndpointName"]), "EndpointStatus")
        self._config(asked["EndpointConfigName"])
        if asked["EndpointConfigName"] == endpoint["EndpointConfigName"]:
            raise _ConflictError("Cannot update in-service endpoint with same endpoint configuration.")
        return {"EndpointArn": self._of.update(asked)["EndpointArn"]}

    def _delete(self, asked: Json) -> Json:
        name = self._endpoint(asked["EndpointName"])["EndpointName"]
        if held := [one for one, found in self._of.components.items() if found["EndpointName"] == name]:
            raise _ConflictError(f"Cannot delete endpoint {name!r} with inference components: {', '.join(held)}.")
        self._of.delete(name)
        return {}

    def _weigh(self, asked: Json) -> Json:
        endpoint = self._settled(self._endpoint(asked["EndpointName"]), "EndpointStatus")
        for wanted in asked["DesiredWeightsAndCapacities"]:
            lane = self._of.lanes.get((endpoint["EndpointName"], wanted["VariantName"]))
            if lane is None:
                raise _ConflictError(f"The variant {wanted['VariantName']!r} is not there.")
            lane.weight = wanted.get("DesiredWeight", lane.weight)
            lane.fleet.resize(wanted.get("DesiredInstanceCount", lane.fleet.count))
        return {"EndpointArn": endpoint["EndpointArn"]}

    def _create_component(self, asked: Json) -> Json:
        self._settled(self._endpoint(asked["EndpointName"]), "EndpointStatus")
        if asked["InferenceComponentName"] in self._of.components:
            raise _ConflictError(f"Cannot create already existing {asked['InferenceComponentName']!r}.")
        self._model(asked["Specification"]["ModelName"])
        return {"InferenceComponentArn": self._of.create_component(asked)["InferenceComponentArn"]}

    def _update_component(self, asked: Json) -> Json:
        component = self._settled(self._component(asked), "InferenceComponentStatus")
        self._model((asked.get("Specification") or {}).get("ModelName"))
        self._of.update_component(asked)
        return {"InferenceComponentArn": component["InferenceComponentArn"]}

    def _copies(self, asked: Json) -> Json:
        component = self._settled(self._component(asked), "InferenceComponentStatus")
        name, wanted = component["InferenceComponentName"], asked["DesiredRuntimeConfig"]
        self._of.update_component({"InferenceComponentName": name, "RuntimeConfig": wanted})
        return {"InferenceComponentArn": component["InferenceComponentArn"]}

    def _delete_component(self, asked: Json) -> Json:
        self._of.delete_component(self._component(asked)["InferenceComponentName"])
        return {}

    def _config(self, name: str) -> Json:
        return _found(
            self._of.configs, name, "endpoint configuration", self._of.place.arn("sagemaker", "endpoint-config")
        )

    def _endpoint(self, name: str) -> Json:
        return _found(self._of.endpoints, name, "endpoint", self._of.place.arn("sagemaker", "endpoint"))

    def _component(self, asked: Json) -> Json:
        arn = self._of.place.arn("sagemaker", "inference-component")
        return _found(self._of.components, asked["InferenceComponentName"], "inference component", arn)

    def _model(self, name: str | None) -> None:
        from moto.sagemaker.models import sagemaker_backends

        place = self._of.place
        if name:
            models = sagemaker_backends[place.account][place.region]._models
            _found(models, name, "model", place.arn("sagemaker", "model"))

    @staticmethod
    def _settled(record: Json, status: str) -> Json:
        if record[status] != READY:
            raise _ConflictError(f"Cannot change what is in status {record[status]}; it has to be {READY}.")
        return record


def _found(known: dict[str, Json], name: str, what: str, arn: str) -> Json:
    if name not in known:
        raise _ConflictError(f'Could not find {what} "{arn}/{name}".')
    return known[name]


def _listed(known: dict[str, Json], asked: Json) -> list[Json]:
    """Return the records that a List operation asks for, all at once. Raises: Refused for what it cannot sort out."""
    equal = {"StatusEquals": ("EndpointStatus", "InferenceComponentStatus"), "EndpointNameEquals": ("EndpointName",),
             "VariantNameEquals": ("VariantName",)}  # fmt: skip
    if unknown := set(asked) - {"NameContains", "MaxResults", *equal}:
        raise Refused(f"{', '.join(sorted(unknown))}; supported are NameContains, {', '.join(equal)}")
    found = [one for name, one in known.items() if asked.get("NameContains", "").lower() in name.lower()]
    for filtered, members in equal.items():
        if filtered in asked:
            found = [one for one in found if asked[filtered] in [one.get(member) for member in members]]
    return found


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
