"""The arithmetic of a model on an instance: pairs known from published cards and posts, and published figures.

Sources, by pair: https://aws.amazon.com/blogs/machine-learning/llama-2-foundation-models-from-meta-are-now-available-in-amazon-sagemaker-jumpstart/
(JumpStart's instances for Llama 2), https://huggingface.co/philschmid/sagemaker-models (model.json),
https://huggingface.co/blog/llama31 (memory by precision), https://huggingface.co/mistralai/Codestral-22B-v0.1/discussions/46,
https://huggingface.co/hugging-quants (AWQ cards), https://www.philschmid.de/inferentia2-llama3-70b,
https://github.com/vllm-project/vllm/issues/12330 (vLLM's own account of its memory).
"""

from dataclasses import replace
from typing import Any

import botocore.session
import pytest

from stacks.serving_fit import GIB, Plan, arithmetic, remedies
from stacks.serving_instances import INSTANCES
from stacks.serving_shapes import SHAPES

LLAMA8, LLAMA70, LLAMA405 = (f"meta-llama/Llama-3.1-{size}" for size in ("8B", "70B", "405B"))


def plan(model: str, instance: str, **more: Any) -> Plan:
    shape = SHAPES[model]
    given: dict[str, Any] = {
        "tensor_parallel": INSTANCES[instance].ranks,
        "context": min(4096, shape.context),
        "concurrent": 1,
    }
    return Plan(name=model, shape=shape, instance_type=instance, **(given | more))


TGI = {"container": "tgi"}
NEURON = {"container": "neuronx"}
PAIRS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("meta-llama/Llama-2-7b", "ml.g5.2xlarge", TGI, True),
    ("meta-llama/Llama-2-13b", "ml.g5.12xlarge", TGI, True),
    ("meta-llama/Llama-2-13b", "ml.g5.2xlarge", TGI, False),
    ("meta-llama/Llama-2-70b", "ml.g5.48xlarge", TGI, True),
    ("meta-llama/Llama-2-70b", "ml.g5.12xlarge", TGI, False),
    ("tiiuae/falcon-40b", "ml.g5.12xlarge", TGI, True),
    ("EleutherAI/gpt-neox-20b", "ml.g5.12xlarge", TGI, True),
    ("mistralai/Codestral-22B", "ml.g5.2xlarge", TGI, False),
    ("mistralai/Codestral-22B", "ml.g5.12xlarge", TGI, True),
    ("mistralai/Mixtral-8x7B", "ml.p4d.24xlarge", {}, True),
    ("mistralai/Mixtral-8x7B", "ml.g5.12xlarge", {}, False),
    (LLAMA8, "ml.g6.xlarge", {}, True),
    (LLAMA8, "ml.g4dn.xlarge", {}, False),
    (LLAMA8, "ml.g6.xlarge", {"context": 131_072}, False),
    (LLAMA70, "ml.p4d.24xlarge", {}, True),
    (LLAMA70, "ml.g5.12xlarge", {}, False),
    (LLAMA70, "ml.g5.12xlarge", {"quantization": "int4"}, True),
    (LLAMA405, "ml.p5.48xlarge", {}, False),
    (LLAMA405, "ml.p5.48xlarge", {"quantization": "fp8"}, True),
    (LLAMA405, "ml.p4d.24xlarge", {"quantization": "int4"}, True),
    (LLAMA405, "ml.g5.48xlarge", {"quantization": "int4"}, False),
    (LLAMA405, "ml.p5en.48xlarge", {}, True),
    (LLAMA70, "ml.inf2.48xlarge", {"concurrent": 4, **NEURON}, True),
    (LLAMA70, "ml.inf2.8xlarge", NEURON, False),
    ("mistralai/Mistral-7B", "ml.inf2.xlarge", NEURON, True),
]


@pytest.mark.capability("S1")
@pytest.mark.capability("S2")
@pytest.mark.parametrize(("model", "instance", "more", "fits"), PAIRS)
def test_a_known_pair_fits_or_not_as_published(model: str, instance: str, more: dict[str, Any], fits: bool) -> None:
    found = plan(model, instance, **more)

    assert found.fits is fits, arithmetic(found)


def test_there_are_more_than_twenty_pairs_of_both_kinds() -> None:
    assert len(PAIRS) >= 20
    assert 8 <= sum(fits for *_, fits in PAIRS) <= len(PAIRS) - 8


@pytest.mark.capability("S2")
@pytest.mark.parametrize(
    ("model", "quantization", "gigabytes"),
    [
        (LLAMA8, "none", 16.06),  # the sum of the files of each card
        (LLAMA8, "fp8", 9.08),
        (LLAMA8, "int4", 5.73),
        (LLAMA70, "int4", 39.77),
        (LLAMA70, "fp8", 72.66),
    ],
)
def test_weights_are_as_large_as_the_published_files(model: str, quantization: Any, gigabytes: float) -> None:
    found = plan(model, "ml.p5.48xlarge", quantization=quantization)

    assert found.weight_bytes / 1e9 == pytest.approx(gigabytes, rel=0.01)


@pytest.mark.capability("S2")
@pytest.mark.parametrize(
    ("model", "tokens", "gibibytes"),
    [
        *((LLAMA8, 1024, 0.125), (LLAMA8, 16_000, 1.95), (LLAMA8, 128_000, 15.62)),
        *((LLAMA70, 1024, 0.313), (LLAMA70, 16_000, 4.88), (LLAMA70, 128_000, 39.06)),
    ],
)
def test_the_kv_cache_is_as_large_as_published(model: str, tokens: int, gibibytes: float) -> None:
    """Source: https://huggingface.co/blog/llama31, table of the KV cache."""
    found = plan(model, "ml.p5.48xlarge", tensor_parallel=1, context=tokens)

    assert found.cache_gib == pytest.approx(gibibytes, rel=0.005)


@pytest.mark.capability("S2")
def test_vllms_own_account_of_its_memory_is_met() -> None:
    """vLLM on one A100 40 GB: weights 14.96 GiB; 11.12 GiB of KV cache are 11.12 times 8,192 tokens (issue 12330)."""
    found = plan(LLAMA8, "ml.p4d.24xlarge", tensor_parallel=1, context=8192)

    assert found.weights_gib == pytest.approx(14.96, abs=0.01)
    assert found.token_bytes * 8192 / GIB == pytest.approx(1.0)


@pytest.mark.capability("S2")
def test_more_ranks_than_kv_heads_repeat_them() -> None:
    eight, sixteen = (plan(LLAMA70, "ml.trn1.32xlarge", tensor_parallel=ranks) for ranks in (8, 16))

    assert sixteen.token_bytes == eight.token_bytes
    assert sixteen.weights_gib == eight.weights_gib / 2


@pytest.mark.capability("S1")
def test_what_memory_cannot_help_is_named() -> None:
    assert "more than the 4 GPUs" in plan(LLAMA8, "ml.g5.12xlarge", tensor_parallel=8).impossible
    assert "Neuron cores" in plan(LLAMA8, "ml.inf2.xlarge", tensor_parallel=8, **NEURON).impossible
    assert "32 attention heads" in plan(LLAMA8, "ml.g5.12xlarge", tensor_parallel=3).impossible
    assert not plan(LLAMA70, "ml.inf2.48xlarge", tensor_parallel=24, **NEURON).impossible  # padded to its 64 heads
    assert "131072 tokens" in plan(LLAMA8, "ml.p5.48xlarge", context=200_000).impossible


@pytest.mark.capability("S2")
def test_the_arithmetic_is_written_out_and_adds_up() -> None:
    text = arithmetic(plan(LLAMA70, "ml.g5.12xlarge", concurrent=8))

    assert "weights 70.554e9 in 16 bits / 4 = 32.9 GiB" in text
    assert "KV cache 8 x 4096 tokens x 80 KiB = 2.5 GiB" in text
    assert text.endswith("= 36.9 GiB, of 22.4 GiB x 0.9 = 20.1 GiB")


@pytest.mark.capability("S2")
@pytest.mark.parametrize(("model", "instance", "more", "fits"), PAIRS)
def test_each_remedy_that_is_named_makes_it_fit(model: str, instance: str, more: dict[str, Any], fits: bool) -> None:
    found = plan(model, instance, **more)
    offered = [] if fits else remedies(found)

    assert fits or offered
    for remedy in offered:
        what, value = remedy.split()
        changed: dict[str, Any] = {
            "max_context": lambda value=value: {"context": int(value)},
            "concurrent_requests": lambda value=value: {"concurrent": int(value)},
            "tensor_parallel": lambda value=value: {"tensor_parallel": int(value)},
            "quantization": lambda value=value: {"quantization": value},
            "instance": lambda value=value: {"instance_type": value, "tensor_parallel": INSTANCES[value].ranks},
        }[what]()
        assert replace(found, **changed).fits, remedy


def test_every_instance_of_the_table_can_host_an_endpoint() -> None:
    shape = botocore.session.get_session().get_service_model("sagemaker").shape_for("ProductionVariantInstanceType")

    assert set(INSTANCES) <= set(shape.enum)
