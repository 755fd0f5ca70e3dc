"""Whether a version fits its endpoint: approved, of the model it follows, made for its container, within its memory.

The sum is that of the settings (weights, KV cache, overhead of each rank), here with the weights as they lie in S3 and
the shape that config.json tells; an archive is counted as large as it is packed.
Source: https://docs.vllm.ai/en/stable/configuration/conserving_memory.html
"""

from typing import Any

from slipway_runtime.operate.deploy.plan import Fit, Plan
from slipway_runtime.operate.deploy.refused import DeploymentRefusedError
from slipway_runtime.operate.deploy.version import Version

GIB = 2**30
KV_BYTES = 2  # of a value
LOADED: dict[str, float] = {"fp8": 0.5, "int8": 0.5}  # of 16 bits, quantised when they are loaded


def check(plan: Plan, version: Version) -> str:
    """Return the sum of what fits. Raises: DeploymentRefusedError with cause and remedy."""
    if version.name != plan.group:
        raise DeploymentRefusedError(
            f"{plan.endpoint} serves {plan.group}, not {version.name}",
            "Name another endpoint, or change serving.endpoints.",
        )
    if version.status != "Approved":
        raise DeploymentRefusedError(
            f"{version.label} is {version.status}", f"`slipway models approve {version.label}` lets it be deployed."
        )
    if version.image and _repository(version.image) != _repository(plan.image):
        raise DeploymentRefusedError(
            f"{version.label} is made for {_repository(version.image)}, and {plan.endpoint} runs "
            f"{_repository(plan.image)}",
            "Change the endpoint's container, or register the model without one.",
        )
    if not version.config:
        raise DeploymentRefusedError(
            f"{version.label} has no config.json at its root, so no model server could load it",
            "Register a whole Hugging Face model; train with merge_adapter, so that adapter and base are one.",
        )
    return _memory(plan.fit, version)


def _memory(fit: Fit, version: Version) -> str:
    config = version.config.get("text_config") or version.config
    layers = int(config.get("num_hidden_layers") or fit.like.layers)
    heads = int(config.get("num_attention_heads") or 0)
    kv_heads = int(config.get("num_key_value_heads") or heads or fit.like.kv_heads)
    hidden = int(config.get("hidden_size") or 0)
    head_dim = int(config.get("head_dim") or (hidden // heads if heads and hidden else fit.like.head_dim))
    longest = int(config.get("max_position_embeddings") or fit.context)
    if fit.context > longest:
        raise DeploymentRefusedError(
            f"{version.label} was made for {longest} tokens, and the endpoint promises {fit.context}",
            f"Set max_context to {longest} or less.",
        )
    if heads and heads % fit.ranks and not fit.neuron:
        raise DeploymentRefusedError(
            f"{version.label} has {heads} attention heads, which {fit.ranks} GPUs do not share evenly",
            "Change tensor_parallel.",
        )
    weights = version.weight_bytes * _loaded(fit, config) / fit.ranks / GIB
    token = 2.0 * layers * max(1, -(-kv_heads // fit.ranks)) * head_dim * KV_BYTES
    cache = token * fit.context * fit.concurrent / GIB
    needed = weights + cache + fit.overhead_gib
    told = (
        f"each of {fit.ranks} x {fit.unit}: weights {weights:.1f} GiB + KV cache {fit.concurrent} x {fit.context} "
        f"tokens x {token / 1024:g} KiB = {cache:.1f} GiB + overhead {fit.overhead_gib:g} GiB = {needed:.1f} GiB, "
        f"of {fit.available_gib:.1f} GiB"
    )
    if needed > fit.available_gib:
        raise DeploymentRefusedError(
            f"{version.label} does not fit {fit.instance}: {told}",
            "Lower max_context or concurrent_requests, quantise, or take a larger instance.",
        )
    return told


def _loaded(fit: Fit, config: dict[str, Any]) -> float:
    """Return the share of the stored bytes that are held: 16 bits at most, less where loading quantises."""
    if config.get("quantization_config"):
        return 1.0
    half = 0.5 if (config.get("dtype") or config.get("torch_dtype")) == "float32" else 1.0
    return half * LOADED.get(fit.quantization, 1.0)


def _repository(image: str) -> str:
    return image.rpartition("/")[2].partition("@")[0].partition(":")[0]
