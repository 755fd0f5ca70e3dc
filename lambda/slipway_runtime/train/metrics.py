"""The lines by which a training job reports, and the expressions by which SageMaker reads them.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/define-train-metrics.html
"""

from collections.abc import Mapping

NUMBER = r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"
# Name in CloudWatch → key in the line.
METRICS = {
    "train:loss": "train_loss",
    "train:learning_rate": "learning_rate",
    "train:grad_norm": "grad_norm",
    "train:tokens_per_second": "tokens_per_second",
    "train:epoch": "epoch",
    "validation:loss": "validation_loss",
    "validation:perplexity": "validation_perplexity",
    "train:packing_efficiency": "packing_efficiency",
}
DEFINITIONS = [{"Name": name, "Regex": rf"(?:^|\s){key}={NUMBER}"} for name, key in METRICS.items()]


def line(step: int, values: Mapping[str, float]) -> str:
    """Return one line of metrics, like `metrics step=10 train_loss=3.21`."""
    known = set(METRICS.values())
    return " ".join(
        [f"metrics step={step}", *(f"{name}={value:.8g}" for name, value in values.items() if name in known)]
    )
