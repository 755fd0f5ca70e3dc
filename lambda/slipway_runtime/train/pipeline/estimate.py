"""What a run will cost, before it starts.

Source: https://huggingface.co/docs/transformers/main_classes/configuration
"""

import json
from typing import Any

import msgspec

from slipway_runtime.datasets.bucket import Bucket
from slipway_runtime.train import plan
from slipway_runtime.train.instances import INSTANCES, PRICES_AS_OF
from slipway_runtime.train.pipeline import evaluation_cost
from slipway_runtime.train.pipeline.comparison import Evaluating
from slipway_runtime.train.pipeline.freeze import Frozen
from slipway_runtime.train.pipeline.request import MODELS, Instances, Request
from slipway_runtime.train.refused import TrainingRefusedError
from slipway_runtime.train.settings import TrainingSettings

BYTES_PER_TOKEN = 4  # of English; other languages have fewer, and more tokens


class Limits(msgspec.Struct, frozen=True):
    """What a run may take: hours of the job, dollars by list prices."""

    max_hours: float
    max_dollars: float


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Estimates by list prices as of `prices_as_of`; None where the base model or the price is not known here.

    `hours` and `dollars` are of the training; `evaluation` and `judge` come on top, in `total_dollars`.
    """

    tokens: float
    hours: float | None
    dollars: float | None
    memory_gib: float | None
    at_most_dollars: float | None
    evaluation_hours: float | None
    evaluation_dollars: float | None
    judge_dollars: float | None
    total_dollars: float | None
    prices_as_of: str


def estimate(
    bucket: Bucket,
    request: Request,
    settings: TrainingSettings,
    frozen: Frozen,
    instances: Instances,
    limits: Limits,
    how: Evaluating,
) -> Estimate:
    """Return what a run takes. Raises: TrainingRefusedError if it does not fit the devices or the limits."""
    tokens = frozen.bytes["train"] / BYTES_PER_TOKEN * settings.epochs
    hourly = instances.dollars_per_hour
    most = None if hourly is None else hourly * limits.max_hours
    shape = _shape(bucket, request)
    judged = evaluation_cost.judge_dollars(how, frozen)
    if shape is None or instances.type not in INSTANCES:
        return Estimate(
            tokens=tokens,
            hours=None,
            dollars=None,
            memory_gib=None,
            at_most_dollars=most,
            evaluation_hours=None,
            evaluation_dollars=None,
            judge_dollars=judged,
            total_dollars=None,
            prices_as_of=PRICES_AS_OF,
        )
    found = plan.plan(shape, settings, instance_type=instances.type, instances=instances.count, tokens=tokens)
    if not found.fits:
        raise TrainingRefusedError(
            f"The training needs {found.memory_gib:.0f} GiB of a device's {INSTANCES[instances.type].memory_gib:.0f}",
            "Use strategy 'qlora' or 'lora', a smaller batch_size, gradient_checkpointing, or larger instances.",
        )
    hours, dollars = evaluation_cost.of_job(how, frozen, shape)
    total = None if dollars is None or judged is None else found.dollars + dollars + judged
    known = found.dollars + (dollars or 0.0) + (judged or 0.0)
    if found.hours > limits.max_hours or known > limits.max_dollars:
        raise TrainingRefusedError(
            f"The training is estimated at {found.hours:.1f} hours and, with its evaluation, ${known:.2f}; the limits "
            f"are {limits.max_hours:g} hours and ${limits.max_dollars:g}",
            "Raise training.max_hours or training.max_dollars, or train on less.",
        )
    return Estimate(
        tokens=tokens,
        hours=found.hours,
        dollars=found.dollars,
        memory_gib=found.memory_gib,
        at_most_dollars=most,
        evaluation_hours=hours,
        evaluation_dollars=dollars,
        judge_dollars=judged,
        total_dollars=total,
        prices_as_of=PRICES_AS_OF,
    )


def _shape(bucket: Bucket, request: Request) -> plan.Shape | None:
    """Return the base model's shape by its config.json, None for one of the Hub.

    Raises: TrainingRefusedError if the folder holds none.
    """
    if not request.base.startswith(MODELS):
        return None
    key = f"{request.base.rstrip('/')}/config.json"
    if not bucket.has(key):
        raise TrainingRefusedError(f"There is no base model: {key} is missing", "Upload it, or name another base.")
    config: dict[str, Any] = json.loads(bucket.read(key))
    try:
        width, layers = int(config["hidden_size"]), int(config["num_hidden_layers"])
        inner, words = int(config.get("intermediate_size", 4 * width)), int(config["vocab_size"])
    except (KeyError, TypeError):
        return None
    heads = int(config.get("num_attention_heads", 1))
    shared = int(config.get("num_key_value_heads") or heads) / heads
    # Attention's queries and output, its keys and values, and the three matrices of a gated layer.
    weights = layers * (2 * width * width * (1 + shared) + 3 * width * inner) + 2 * words * width
    return plan.Shape(weights=weights, layers=layers, width=width)
