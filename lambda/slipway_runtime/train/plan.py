"""Memory, speed and cost of a training before it starts.

Arithmetic of a token: 6 FLOP for each weight that is learnt through (2 forward, 4 backward; without the gradients of
frozen weights 4), and 12 for each layer, width and position in attention.
Source: "PaLM", appendix B, https://arxiv.org/abs/2204.02311
Source: "Reducing Activation Recomputation in Large Transformer Models", https://arxiv.org/abs/2205.05198
Source: "ZeRO", section 3, https://arxiv.org/abs/1910.02054 (16 bytes for each weight that is learnt with AdamW)
"""

from dataclasses import dataclass

from slipway_runtime.train.instances import INSTANCES, PRICES_AS_OF
from slipway_runtime.train.refused import TrainingRefusedError
from slipway_runtime.train.settings import TrainingSettings

GIB = 2**30
# Share of the arithmetic that a Hugging Face training reaches on its devices; a measured share is better.
USUAL_MFU = 0.35
FROZEN_BYTES = {"qlora": 0.55}  # four bits, and the scales of blocks; other frozen weights are in 16 bits
ACTIVATION_BYTES = 34  # for each token, layer and width, in 16 bits, without the attention matrix
HEADROOM = 0.9


@dataclass(frozen=True)
class Shape:
    """A base model: its weights, and what attention is made of."""

    weights: float
    layers: int
    width: int


@dataclass(frozen=True)
class Plan:
    """Estimates of one training. Memory is of one device; dollars are list prices as of `prices_as_of`."""

    memory_gib: float
    fits: bool
    tokens_per_second: float
    hours: float
    dollars: float
    dollars_per_million_tokens: float
    prices_as_of: str


def flop_per_token(shape: Shape, *, tokens_in_a_row: int, frozen: bool = False) -> float:
    """Return the arithmetic of learning one token, without recomputation."""
    return (4 if frozen else 6) * shape.weights + 12 * shape.layers * shape.width * tokens_in_a_row


def tokens_per_second(
    shape: Shape, *, tokens_in_a_row: int, devices: int, tflops: float, mfu: float, frozen: bool = False
) -> float:
    """Return the speed of all devices together at a share `mfu` of their arithmetic."""
    return devices * tflops * 1e12 * mfu / flop_per_token(shape, tokens_in_a_row=tokens_in_a_row, frozen=frozen)


def dollars_per_million(dollars_per_hour: float, speed: float) -> float:
    """Return the price of a million tokens at `speed` tokens a second."""
    return dollars_per_hour / 3600 / speed * 1e6


def plan(
    shape: Shape,
    settings: TrainingSettings,
    *,
    instance_type: str,
    instances: int = 1,
    tokens: float,
    mfu: float = USUAL_MFU,
    dollars_per_hour: float | None = None,
) -> Plan:
    """Return what learning `tokens` (examples times epochs) takes. Raises: TrainingRefusedError: unknown instance."""
    if instance_type not in INSTANCES:
        raise TrainingRefusedError(f"Nothing is known of {instance_type}", f"Take one of {', '.join(INSTANCES)}.")
    instance = INSTANCES[instance_type]
    devices = instance.devices * instances
    speed = tokens_per_second(
        shape,
        tokens_in_a_row=settings.max_length,
        devices=devices,
        tflops=instance.tflops,
        mfu=mfu * (0.75 if settings.gradient_checkpointing else 1),
        frozen=settings.strategy != "full",
    )
    price = instances * (instance.dollars_per_hour if dollars_per_hour is None else dollars_per_hour)
    memory = memory_gib(shape, settings, devices)
    hours = tokens / speed / 3600
    return Plan(
        memory_gib=memory,
        fits=memory <= HEADROOM * instance.memory_gib,
        tokens_per_second=speed,
        hours=hours,
        dollars=hours * price,
        dollars_per_million_tokens=dollars_per_million(price, speed),
        prices_as_of=PRICES_AS_OF,
    )


def memory_gib(shape: Shape, settings: TrainingSettings, devices: int) -> float:
    """Return what one device holds: weights, gradients and AdamW's state, and the activations of its rows."""
    shared = devices if settings.distributed == "fsdp" else settings.tp_size
    learnt = shape.weights if settings.strategy == "full" else _added_weights(shape, settings)
    frozen = 0.0 if settings.strategy == "full" else shape.weights * FROZEN_BYTES.get(settings.strategy, 2)
    kept = 2 if settings.gradient_checkpointing else ACTIVATION_BYTES
    activations = settings.batch_size * settings.max_length * shape.layers * shape.width * kept
    return ((16 * learnt + frozen) / shared + activations / settings.tp_size) / GIB


def _added_weights(shape: Shape, settings: TrainingSettings) -> float:
    if settings.strategy in {"lora", "qlora"}:
        return shape.layers * settings.lora_rank * 18 * shape.width  # seven matrices, three of them about 3 wide
    length = settings.adapter_length if settings.strategy == "llama_adapter" else settings.virtual_tokens
    return length * shape.width * (1 if settings.strategy == "prompt" else 2 * shape.layers)
