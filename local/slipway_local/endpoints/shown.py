"""Endpoints and inference components as their Describe operations show them."""

from typing import Any

from slipway_local.endpoints.service import Endpoints, Json


def endpoint(of: Endpoints, record: Json) -> Json:
    """Return DescribeEndpoint's answer."""
    config = of.configs.get(record["EndpointConfigName"], {})
    answer = {name: value for name, value in record.items() if name not in ("DeploymentConfig", "Pending")}
    if record["EndpointStatus"] == "Updating":
        answer["PendingDeploymentSummary"] = {"EndpointConfigName": record["Pending"]}
    if record.get("DeploymentConfig"):
        answer["LastDeploymentConfig"] = record["DeploymentConfig"]
    answer["ProductionVariants"] = [_variant(of, record, one) for one in config.get("ProductionVariants", ())]
    if config.get("ShadowProductionVariants"):
        answer["ShadowProductionVariants"] = [_shadow(of, record, one) for one in config["ShadowProductionVariants"]]
    if captured := config.get("DataCaptureConfig"):
        on = captured.get("EnableCapture", False)
        answer["DataCaptureConfig"] = {
            "EnableCapture": on,
            "CaptureStatus": "Started" if on else "Stopped",
            "CurrentSamplingPercentage": captured["InitialSamplingPercentage"],
            "DestinationS3Uri": captured["DestinationS3Uri"],
            "KmsKeyId": captured.get("KmsKeyId", ""),
        }
    return answer


def _variant(of: Endpoints, record: Json, variant: Json) -> Json:
    lane = of.lanes.get((record["EndpointName"], variant["VariantName"]))
    weight = lane.weight if lane else variant.get("InitialVariantWeight", 1.0)
    count = lane.fleet.count if lane else _component_instances(of, record["EndpointName"])
    shown: Json = {"VariantName": variant["VariantName"], "CurrentWeight": weight, "DesiredWeight": weight}
    shown |= {"CurrentInstanceCount": count, "DesiredInstanceCount": count}
    return shown | {name: variant[name] for name in ("ManagedInstanceScaling", "RoutingConfig") if name in variant}


def _shadow(of: Endpoints, record: Json, variant: Json) -> Json:
    found = of.shadows.get(record["EndpointName"])
    count = found[2].fleet.count if found else 0
    weight = variant.get("InitialVariantWeight", 1.0)
    counts = {"CurrentInstanceCount": count, "DesiredInstanceCount": count}
    return {"VariantName": variant["VariantName"], "CurrentWeight": weight, "DesiredWeight": weight, **counts}


def _component_instances(of: Endpoints, name: str) -> int:
    """Return one instance for as long as any component of the endpoint has a copy: here instances have room enough."""
    mine = [one for one, found in of.components.items() if found["EndpointName"] == name]
    return int(any(of.copies[one].fleet.count for one in mine if one in of.copies))


def component(of: Endpoints, record: Json) -> Json:
    """Return DescribeInferenceComponent's answer."""
    answer: dict[str, Any] = {name: value for name, value in record.items() if name != "Copies"}
    lane = of.copies.get(record["InferenceComponentName"])
    running = lane.fleet.count if lane else 0
    answer["RuntimeConfig"] = {"DesiredCopyCount": record["Copies"], "CurrentCopyCount": running}
    return answer
