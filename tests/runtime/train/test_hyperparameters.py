"""Hyperparameters arrive as strings, and none is misunderstood in silence."""

import pytest

from slipway_runtime.train import rules
from slipway_runtime.train.hyperparameters import read
from slipway_runtime.train.refused import TrainingRefusedError
from slipway_runtime.train.settings import TrainingSettings


def test_values_are_read_with_and_without_quotes_of_json() -> None:
    given = {
        "strategy": '"qlora"',
        "learning-rate": "1e-4",
        "batch_size": '"16"',
        "merge_adapter": '"False"',
        "sagemaker_program": '"train.py"',
        "target_modules": '"q_proj,v_proj"',
    }
    settings = read(given)
    assert settings.strategy == "qlora"
    assert settings.rate == 1e-4
    assert settings.batch_size == 16
    assert settings.merge_adapter is False
    assert settings.target_modules == "q_proj,v_proj"


def test_nothing_given_is_lora_with_its_own_learning_rate() -> None:
    assert read({}) == TrainingSettings()
    assert read({}).rate == 2e-4
    assert read({"objective": "dpo"}).rate == 5e-6


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"learning_rat": "1"}, "Did you mean 'learning_rate'"),
        ({"zzz": "1"}, "Known are: strategy"),
        ({"strategy": "lorra"}, "full or lora or qlora"),
        ({"batch_size": "0"}, "between 1 and"),
        ({"batch_size": "many"}, "must be int"),
        ({"learning_rate": "nan"}, "between 0 and 10"),
        ({"merge_adapter": "perhaps"}, "true or false"),
        ({"objective": "dpo", "strategy": "prefix"}, "strategy 'lora', 'qlora' or 'full'"),
        ({"strategy": "prompt", "packing": "on"}, "one example only"),
        ({"objective": "dpo", "packing": "on"}, "cannot be packed"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(given: dict[str, str], said: str) -> None:
    with pytest.raises(TrainingRefusedError) as refused:
        read(given)
    assert said in str(refused.value)


@pytest.mark.capability("T3")
@pytest.mark.parametrize(
    ("given", "device", "processes", "instance_type", "said"),
    [
        ({"strategy": "qlora"}, "neuron", 1, "ml.trn2.48xlarge", "no kernels for neuron"),
        ({"strategy": "qlora"}, "mps", 1, "", "no kernels for mps"),
        ({"strategy": "prefix"}, "neuron", 1, "ml.trn1.2xlarge", "optimum-neuron"),
        ({}, "neuron", 1, "ml.inf2.xlarge", "trains none"),
        ({"attention": "flash_attention_2"}, "cpu", 1, "", "no kernels for cpu"),
        ({"precision": "fp16"}, "neuron", 1, "ml.trn2.48xlarge", "loss scaling"),
        ({"distributed": "fsdp", "strategy": "qlora"}, "cuda", 8, "ml.p5.48xlarge", "shards no weights"),
        ({"distributed": "fsdp"}, "cuda", 1, "ml.g6.xlarge", "more than one process"),
        ({"tp_size": "3", "strategy": "full"}, "cuda", 8, "ml.p5.48xlarge", "multiple of tp_size"),
        ({"tp_size": "2"}, "cuda", 8, "ml.p5.48xlarge", "'full' only"),
        ({"tp_size": "2", "strategy": "full"}, "cpu", 2, "", "needs accelerators"),
        ({"objective": "dpo", "distributed": "fsdp"}, "cuda", 8, "ml.p5.48xlarge", "ddp only"),
    ],
)
def test_a_device_that_cannot_is_named(
    given: dict[str, str], device: str, processes: int, instance_type: str, said: str
) -> None:
    with pytest.raises(TrainingRefusedError, match=said):
        rules.check(read(given), device=device, processes=processes, instance_type=instance_type)


@pytest.mark.capability("T3")
@pytest.mark.parametrize(
    ("given", "device", "processes", "instance_type"),
    [
        ({"strategy": "qlora"}, "cuda", 1, "ml.g6.xlarge"),
        ({"strategy": "qlora"}, "cpu", 1, ""),
        ({"strategy": "full", "distributed": "fsdp"}, "cuda", 16, "ml.p5.48xlarge"),
        ({"strategy": "full", "tp_size": "8"}, "cuda", 8, "ml.p5.48xlarge"),
        ({"strategy": "lora"}, "neuron", 64, "ml.trn2.48xlarge"),
        ({"objective": "dpo"}, "cuda", 8, "ml.p4d.24xlarge"),
    ],
)
def test_a_device_that_can_is_let_through(
    given: dict[str, str], device: str, processes: int, instance_type: str
) -> None:
    rules.check(read(given), device=device, processes=processes, instance_type=instance_type)
    if instance_type:
        assert rules.device_of(instance_type) == device
