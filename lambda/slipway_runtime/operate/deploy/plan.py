"""The plan of an endpoint's deployments, which its stack publishes, and what a deployment is asked for.

Its members are requests of SageMaker and Application Auto Scaling as boto3 takes them.
"""

from typing import Any, Literal

import msgspec

from slipway_runtime.operate.deploy.refused import DeploymentRefusedError

MAIN = "main"
Action = Literal["deploy", "rollback", "remove"]


class Like(msgspec.Struct, frozen=True):
    """The shape that a model is taken to have where its files do not say."""

    name: str
    layers: int
    kv_heads: int
    head_dim: int


class Fit(msgspec.Struct, frozen=True):
    """What a version must fit into. `available_gib`: what the container may take of each of the `ranks`."""

    instance: str
    unit: str
    neuron: bool
    ranks: int
    available_gib: float
    overhead_gib: float
    context: int
    concurrent: int
    quantization: str
    like: Like


class Plan(msgspec.Struct, frozen=True):
    """An endpoint. `component`: of one that sleeps; `variant`: of one with instances of its own."""

    endpoint: str
    group: str
    role: str
    image: str
    environment: dict[str, str]
    alarms: list[str]
    deployment: dict[str, Any]
    fit: Fit
    on_approval: bool = True
    network: dict[str, Any] | None = None
    key: str | None = None
    capture: dict[str, Any] | None = None
    variant: dict[str, Any] | None = None
    component: dict[str, Any] | None = None
    scaling: dict[str, Any] | None = None

    @property
    def dimensions(self) -> dict[str, str]:
        """Return what the metrics of its requests are filed under."""
        if self.component:
            return {"InferenceComponentName": self.endpoint}
        return {"EndpointName": self.endpoint, "VariantName": MAIN}


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The input of an execution. `endpoint`: its name in the settings.   `package`: ARN of the version to deploy.

    `by`: who asks; "approval" is the registry's event.   `bake_seconds`: how long alarms watch each step; None: as the
    settings say.
    """

    endpoint: str
    action: Action = "deploy"
    package: str = ""
    by: str = ""
    why: str = ""
    bake_seconds: int | None = None


def read_plan(ssm: Any, environment: str, endpoint: str) -> Plan:
    """Return the plan. Raises: DeploymentRefusedError for an endpoint that follows no registry."""
    name = f"/slipway/{environment}/serving/{endpoint}-plan"
    try:
        found = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        raise DeploymentRefusedError(
            f"The endpoint {endpoint!r} follows no registry in {environment}",
            "Give it `model: { registry: NAME, … }` in serving.endpoints and deploy the stacks.",
        ) from None
    return msgspec.json.decode(found, type=Plan)


def baked(deployment: dict[str, Any], seconds: int | None) -> dict[str, Any]:
    """Return a DeploymentConfig whose steps are watched for `seconds`; None: as it is."""
    if seconds is None:
        return deployment
    if rolling := deployment.get("RollingUpdatePolicy"):
        return {**deployment, "RollingUpdatePolicy": {**rolling, "WaitIntervalInSeconds": seconds}}
    policy = deployment["BlueGreenUpdatePolicy"]
    routing = {**policy["TrafficRoutingConfiguration"], "WaitIntervalInSeconds": seconds}
    changed = {**policy, "TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": seconds}
    return {**deployment, "BlueGreenUpdatePolicy": changed}


def poll_seconds(deployment: dict[str, Any]) -> int:
    """Return how often a rollout is looked at, in seconds: a dozen times a step, at most each 15 s."""
    rolling = deployment.get("RollingUpdatePolicy")
    routing = rolling or deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    return max(1, min(15, int(routing["WaitIntervalInSeconds"]) // 12))
