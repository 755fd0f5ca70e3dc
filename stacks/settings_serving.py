"""The settings of endpoints that serve models of your own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.serving_fit import Container, Quantization
from stacks.settings_section import Section

EndpointName = Annotated[str, Field(pattern=r"^[a-z0-9](-?[a-z0-9]){0,29}$")]
PREFIX = r"^([A-Za-z0-9._-]+/)+$"


class ServedModel(Section):
    """A model: name one of `artifacts`, `s3`, `package` and `registry`, where its files are, and what it is `like`."""

    artifacts: str | None = Field(
        None,
        pattern=PREFIX,
        description="Prefix in the environment's artifacts bucket with the model's files, like models/assistant/1/.",
    )
    s3: str | None = Field(
        None, pattern=r"^s3://[a-z0-9.-]{3,63}/([A-Za-z0-9._-]+/)+$", description="The same in a bucket of your own."
    )
    package: str | None = Field(
        None,
        pattern=r"^[a-zA-Z0-9][a-zA-Z0-9-]{0,62}/[0-9]{1,9}$",
        description="Group and version in the model registry of this account, like slipway-dev-assistant/3.",
    )
    registry: str | None = Field(
        None,
        pattern=r"^[a-z0-9](-?[a-z0-9]){0,39}$",
        description="A model of this environment's registry, like assistant: each version is deployed once approved.",
    )
    like: str = Field(description="Model of the table of shapes whose size it has, like meta-llama/Llama-3.1-8B.")

    @property
    def sources(self) -> list[str]:
        """Return which sources are named; it must be one."""
        return [name for name in ("artifacts", "s3", "package", "registry") if getattr(self, name)]


class Scaling(Section):
    """How many copies of the model run. With `min: 0` nothing runs, and nothing is paid for, while nobody asks."""

    min: int = Field(1, ge=0, le=100, description="Least copies; 0 lets the endpoint sleep, and wakes it when asked.")
    max: int = Field(1, ge=1, le=100, description="Most copies.")
    requests_per_copy: float = Field(5, gt=0, le=1000, description="Requests at once that a copy should have.")


class Rollout(Section):
    """How a change reaches users: the alarms watch it all along, and bring the old model back."""

    kind: Literal["all_at_once", "canary", "linear"] = Field(
        "all_at_once", description="How traffic moves to the new instances; canary and linear want two or more."
    )
    step_percent: int = Field(50, ge=5, le=50, description="Share of canary, or of each step with linear.")
    bake_minutes: int = Field(10, ge=1, le=60, description="Minutes that alarms watch each step.")
    max_error_percent: float = Field(1, gt=0, le=100, description="Share of failed requests that raises the alarm.")
    max_latency_seconds: float = Field(
        30, gt=0, le=60, description="The model's time for its slowest requests that raises the alarm."
    )
    on_approval: bool = Field(
        True, description="With `registry`: an approval deploys; false leaves it to `slipway models deploy`."
    )


class Variant(Section):
    """Another model behind the same endpoint, on instances of its own of the same type."""

    name: EndpointName = Field(description="Name of the variant.")
    model: ServedModel = Field(description="The model.")
    weight: float = Field(1, ge=0, le=1000, description="Share of requests, against 1 of the endpoint's own model.")


class Shadow(Section):
    """A model that gets copies of requests, and whose answers nobody sees."""

    model: ServedModel = Field(description="The model.")
    share_percent: int = Field(100, ge=1, le=100, description="Share of the requests that it gets.")


class Endpoint(Section):
    """One endpoint, named slipway-<environment>-<name> in SageMaker."""

    name: EndpointName = Field(description="Name of the endpoint.")
    model: ServedModel = Field(description="The model.")
    container: Container = Field("lmi-vllm", description="Model server: for GPUs `lmi-vllm` or `tgi`, else `neuronx`.")
    instance: str = Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$", description="Instance type, like ml.g6.xlarge.")
    tensor_parallel: int | None = Field(
        None, ge=1, le=64, description="GPUs or Neuron cores that share a copy; left open: all of an instance."
    )
    max_context: int = Field(4096, ge=256, le=1_048_576, description="Most tokens of a request and its answer.")
    concurrent_requests: int = Field(4, ge=1, le=1024, description="Requests of full length that must fit at once.")
    quantization: Quantization = Field("none", description="Precision of the model's weights; none: 16 bits.")
    scaling: Scaling = Field(default_factory=Scaling, description="How many copies.")
    rollout: Rollout = Field(default_factory=Rollout, description="How changes reach users.")
    variants: list[Variant] = Field(default_factory=list, max_length=4, description="Other models, for A/B tests.")
    shadow: Shadow | None = Field(None, description="A model to compare, unseen.")
    capture_percent: int = Field(
        0, ge=0, le=100, description="Share of requests and answers kept in the artifacts bucket, below captured/."
    )


class Serving(Section):
    """Models of your own on SageMaker endpoints."""

    endpoints: list[Endpoint] = Field(default_factory=list, max_length=20, description="The endpoints.")
    retire_after_days: int = Field(
        0, ge=0, le=3650, description="Days without a request after which a version is archived; 0: by hand only."
    )

    @property
    def follows(self) -> list[Endpoint]:
        """Return the endpoints that serve what the registry approves."""
        return [endpoint for endpoint in self.endpoints if endpoint.model.registry]
