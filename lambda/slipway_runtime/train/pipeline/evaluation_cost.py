"""What evaluating a candidate beside the model in production costs: the job's instance, and the judge's tokens.

Source: "Efficiently Scaling Transformer Inference", section 2.1, https://arxiv.org/abs/2211.05102: a step of decoding
reads every weight, whatever the batch.
"""

import math
from collections.abc import Mapping
from typing import Any

from slipway_runtime.operate.meter.prices import nanodollars, price
from slipway_runtime.train.instances import INSTANCES
from slipway_runtime.train.pipeline.comparison import Evaluating
from slipway_runtime.train.pipeline.freeze import Frozen
from slipway_runtime.train.plan import Shape

MODELS, BATCH = 2, 8  # candidate and production; items at once, as jobs/evaluate has them
WEIGHT_BYTES = 2
# Of the slowest memory among the instances for evaluation (L4), and the share of it that a plain loop reaches.
MEMORY_BYTES_PER_SECOND, REACHED = 300e9, 0.5
BEGIN_SECONDS = 600.0  # the image, the packages and the models, before the first answer
BYTES_PER_TOKEN = 4  # as in the estimate of training
ORDERS, VERDICT_TOKENS, FRAME_TOKENS = 2, 120, 250


def of_job(how: Evaluating, frozen: Frozen, shape: Shape) -> tuple[float, float | None]:
    """Return hours and dollars of the processing job, None where its instance's price is not known."""
    steps = MODELS * math.ceil(frozen.examples["items"] / BATCH) * how.max_new_tokens
    seconds = BEGIN_SECONDS + steps * shape.weights * WEIGHT_BYTES / (MEMORY_BYTES_PER_SECOND * REACHED)
    known = INSTANCES.get(how.instance_type)
    return seconds / 3600, seconds / 3600 * known.dollars_per_hour if known else None


def judge_dollars(how: Evaluating, frozen: Frozen) -> float | None:
    """Return dollars of the judge's tokens at their most, 0 without a judge, None where its price is not known."""
    if not how.judge:
        return 0.0
    listed = price(f"bedrock:{how.judge}", {})
    if listed is None:
        return None
    items = frozen.examples["items"]
    read = frozen.bytes["items"] / BYTES_PER_TOKEN + items * (FRAME_TOKENS + MODELS * how.max_new_tokens)
    return ORDERS * (read * listed.read + items * VERDICT_TOKENS * listed.written) / 1e6


def spent_dollars(judge: Mapping[str, Any]) -> float | None:
    """Return dollars of the tokens that a judge has used, 0 without one, None where its price is not known."""
    if not judge:
        return 0.0
    used = judge.get("usage", {})
    spent = nanodollars(f"bedrock:{judge['model']}", used.get("read", 0), used.get("written", 0), {})
    return None if spent is None else spent / 1e9
