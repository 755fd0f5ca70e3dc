"""Whether a model fits an instance: weights, KV cache and overhead against the memory of each GPU or Neuron core.

Each of the `tensor_parallel` ranks holds its share of the weights, and the keys and values of its share of the KV heads
(one head at least), for every token of `concurrent` requests of full length.
Source: https://docs.vllm.ai/en/stable/configuration/conserving_memory.html (gpu_memory_utilization, max_model_len)
Source: https://huggingface.co/blog/llama31 ("How much memory does Llama 3.1 need?")
Source: https://arxiv.org/abs/2306.00978 (AWQ: 4 bits, one 16-bit scale and a zero point in 128 weights)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from stacks.serving_instances import INSTANCES, Instance
from stacks.serving_shapes import ModelShape

Container = Literal["lmi-vllm", "tgi", "neuronx"]
Quantization = Literal["none", "fp8", "int8", "int4"]
GIB = 2**30
WEIGHT_BYTES: dict[str, float] = {"none": 2, "fp8": 1, "int8": 1, "int4": 0.5 + (2 + 0.5) / 128}
# The share of a device that the container takes: vLLM's gpu_memory_utilization; TGI and Neuron take what is there.
USABLE: dict[str, float] = {"lmi-vllm": 0.9, "tgi": 1.0, "neuronx": 1.0}
# Activations, graphs and the library's own, of one rank: vLLM reports 1 to 1.5 GiB where it prefills in chunks.
OVERHEAD_GIB = 1.5
ROUND_TOKENS = 256


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A model as it is to be served. `concurrent`: requests of `context` tokens that are answered at the same time."""

    name: str
    shape: ModelShape
    instance_type: str
    tensor_parallel: int
    context: int
    concurrent: int
    container: Container = "lmi-vllm"
    quantization: Quantization = "none"

    @property
    def instance(self) -> Instance:
        """Return the instance. Raises: KeyError for one that is not in the table."""
        return INSTANCES[self.instance_type]

    @property
    def weight_bytes(self) -> float:
        """Return the bytes of all weights; embedding and output layer stay in 16 bits."""
        kept = self.shape.embedding_parameters
        return (self.shape.parameters * 1e9 - kept) * WEIGHT_BYTES[self.quantization] + kept * 2

    @property
    def token_bytes(self) -> float:
        """Return the bytes of the keys and values of one token in one rank, 16 bits each."""
        shape = self.shape
        heads = max(1, -(-shape.kv_heads // self.tensor_parallel))
        return 2.0 * shape.layers * heads * shape.head_dim * 2

    @property
    def available_gib(self) -> float:
        """Return what a rank may take, in GiB."""
        return self.instance.rank_mib / 1024 * USABLE[self.container]

    @property
    def weights_gib(self) -> float:
        """Return the weights of a rank, in GiB."""
        return self.weight_bytes / self.tensor_parallel / GIB

    @property
    def cache_gib(self) -> float:
        """Return the KV cache of a rank, in GiB."""
        return self.token_bytes * self.context * self.concurrent / GIB

    @property
    def needed_gib(self) -> float:
        """Return what a rank needs, in GiB."""
        return self.weights_gib + self.cache_gib + OVERHEAD_GIB

    @property
    def fits(self) -> bool:
        """Return whether all of it fits."""
        return not self.impossible and self.needed_gib <= self.available_gib

    @property
    def cache_tokens(self) -> int:
        """Return how many tokens all requests together may have; 0 where the weights alone are too much."""
        left = self.available_gib - self.weights_gib - OVERHEAD_GIB
        return max(0, int(left * GIB / self.token_bytes))

    @property
    def impossible(self) -> str:
        """Return what no amount of memory helps against, "" if nothing."""
        shape, degree, ranks = self.shape, self.tensor_parallel, self.instance.ranks
        if degree > ranks:
            unit = "Neuron cores" if self.instance.accelerator.neuron else "GPUs"
            return f"tensor_parallel {degree} is more than the {ranks} {unit} of {self.instance_type}"
        # vLLM and TGI split heads evenly; Neuron's compiler pads them.
        if not self.instance.accelerator.neuron and shape.heads % degree:
            return f"tensor_parallel {degree} does not divide the {shape.heads} attention heads"
        if self.context > shape.context:
            return f"max_context {self.context} is more than the {shape.context} tokens that the model was made for"
        return ""


def arithmetic(plan: Plan) -> str:
    """Return the sum as people would write it."""
    bits = {"none": "16 bits"}.get(plan.quantization, plan.quantization)
    unit = "Neuron core" if plan.instance.accelerator.neuron else plan.instance.accelerator.name
    return (
        f"each of {plan.tensor_parallel} x {unit}: weights {plan.shape.parameters:g}e9 in {bits} / "
        f"{plan.tensor_parallel} = {plan.weights_gib:.1f} GiB + KV cache {plan.concurrent} x {plan.context} tokens x "
        f"{plan.token_bytes / 1024:g} KiB = {plan.cache_gib:.1f} GiB + overhead {OVERHEAD_GIB:g} GiB = "
        f"{plan.needed_gib:.1f} GiB, of {plan.instance.rank_mib / 1024:.1f} GiB x {USABLE[plan.container]:g} = "
        f"{plan.available_gib:.1f} GiB"
    )


def remedies(plan: Plan) -> list[str]:
    """Return what would make it fit, the smallest change first."""
    found = []
    if not plan.impossible and (tokens := plan.cache_tokens // ROUND_TOKENS * ROUND_TOKENS):
        if per_request := tokens // plan.concurrent // ROUND_TOKENS * ROUND_TOKENS:
            found.append(f"max_context {per_request}")
        if requests := tokens // plan.context:
            found.append(f"concurrent_requests {requests}")
    if plan.tensor_parallel < plan.instance.ranks:
        wider = replace(plan, tensor_parallel=plan.instance.ranks)
        found += [f"tensor_parallel {wider.tensor_parallel}"] * wider.fits
    if not plan.instance.accelerator.neuron:
        smaller = [replace(plan, quantization=name) for name in ("fp8", "int4")]
        found += [f"quantization {one.quantization}" for one in smaller if one.fits and plan.quantization == "none"]
    found += [f"instance {name}" for name in _larger(plan)]
    return found


def _larger(plan: Plan) -> list[str]:
    """Return the smallest instances that hold it with all of their ranks, at most three, one of a family."""
    found: dict[str, tuple[float, str]] = {}
    for name, instance in INSTANCES.items():
        if instance.accelerator.neuron != plan.instance.accelerator.neuron:
            continue
        candidate = replace(plan, instance_type=name, tensor_parallel=instance.ranks)
        size, family = instance.ranks * instance.rank_mib, name.split(".")[1]
        if candidate.fits and size < found.get(family, (float("inf"), ""))[0]:
            found[family] = (size, name)
    return [name for _, name in sorted(found.values())[:3]]


def limits(plan: Plan) -> dict[str, Any]:
    """Return what a deployment reckons a version by: `slipway_runtime.operate.deploy.fit`."""
    shape, unit = plan.shape, "Neuron core" if plan.instance.accelerator.neuron else plan.instance.accelerator.name
    return {
        "instance": plan.instance_type,
        "unit": unit,
        "neuron": plan.instance.accelerator.neuron,
        "ranks": plan.tensor_parallel,
        "available_gib": round(plan.available_gib, 3),
        "overhead_gib": OVERHEAD_GIB,
        "context": plan.context,
        "concurrent": plan.concurrent,
        "quantization": plan.quantization,
        "like": {"name": plan.name, "layers": shape.layers, "kv_heads": shape.kv_heads, "head_dim": shape.head_dim},
    }
