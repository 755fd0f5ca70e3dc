"""The planner against published throughput, and its own arithmetic."""

import pytest

from slipway_runtime.train.hyperparameters import read
from slipway_runtime.train.plan import Shape, dollars_per_million, plan, tokens_per_second
from slipway_runtime.train.refused import TrainingRefusedError

LLAMA_8B = Shape(weights=8.03e9, layers=32, width=4096)
# Model, layers and width; tokens in a row, devices, TFLOP/s, MFU and tokens a second on each device as published.
# Source: https://github.com/mosaicml/llm-foundry/blob/main/scripts/train/benchmarking/README.md
PUBLISHED = [
    (Shape(6_658_859_008, 32, 4096), 2048, 8, 989, 0.4644, 10_643),
    (Shape(6_667_247_616, 32, 4096), 4096, 8, 989, 0.4042, 8_611),
    (Shape(29_975_214_080, 48, 7168), 2048, 32, 989, 0.4392, 2_308),
    (Shape(6_658_859_008, 32, 4096), 2048, 8, 312, 0.6423, 4_641),
    (Shape(12_853_954_560, 40, 5120), 2048, 8, 312, 0.5957, 2_262),
    (Shape(29_975_214_080, 48, 7168), 2048, 128, 312, 0.5225, 865),
]


@pytest.mark.parametrize(("shape", "length", "devices", "tflops", "mfu", "published"), PUBLISHED)
def test_published_throughput_and_so_its_price_is_reproduced(
    shape: Shape, length: int, devices: int, tflops: float, mfu: float, published: float
) -> None:
    speed = tokens_per_second(shape, tokens_in_a_row=length, devices=devices, tflops=tflops, mfu=mfu)
    assert speed / devices == pytest.approx(published, rel=0.05)
    price = 4.0 * devices
    assert dollars_per_million(price, speed) == pytest.approx(price / 3600 / (published * devices) * 1e6, rel=0.05)


def test_a_plan_adds_up() -> None:
    found = plan(LLAMA_8B, read({"max_length": "2048"}), instance_type="ml.p4d.24xlarge", tokens=10e6)
    assert found.hours * 3600 * found.tokens_per_second == pytest.approx(10e6)
    assert found.dollars == pytest.approx(10 * found.dollars_per_million_tokens)
    assert found.prices_as_of


@pytest.mark.parametrize(
    ("strategy", "distributed", "instance_type", "fits"),
    [
        ("full", "auto", "ml.p5.48xlarge", False),  # 16 bytes for each of 8e9 weights: 120 GiB
        ("full", "fsdp", "ml.p5.48xlarge", True),
        ("lora", "auto", "ml.g6.xlarge", True),
        ("qlora", "auto", "ml.g6.xlarge", True),
    ],
)
def test_what_does_not_fit_is_known_before(strategy: str, distributed: str, instance_type: str, fits: bool) -> None:
    given = {"strategy": strategy, "distributed": distributed, "batch_size": "1", "gradient_checkpointing": "true"}
    assert plan(LLAMA_8B, read(given), instance_type=instance_type, tokens=1e6).fits is fits


def test_an_unknown_instance_is_refused() -> None:
    with pytest.raises(TrainingRefusedError, match=r"ml\.x1"):
        plan(LLAMA_8B, read({}), instance_type="ml.x1.large", tokens=1e6)
