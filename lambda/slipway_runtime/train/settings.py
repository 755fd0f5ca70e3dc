"""Hyperparameters of a training job: their names, types, defaults and ranges.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html (all values are strings)
"""

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_type_hints

Strategy = Literal["full", "lora", "qlora", "prompt", "prefix", "llama_adapter"]
Objective = Literal["sft", "dpo"]
# Where nothing is asked for: published recipes' orders of magnitude, each for its kind of parameter.
LEARNING_RATES = {
    "full": 2e-5,
    "lora": 2e-4,
    "qlora": 2e-4,
    "prompt": 3e-2,
    "prefix": 1e-2,
    "llama_adapter": 5e-3,
}
DPO_LEARNING_RATES = {"full": 5e-7, "lora": 5e-6, "qlora": 5e-6}


def _number(default: Any, about: str, low: float, high: float = float("inf")) -> Any:
    return field(default=default, metadata={"about": about, "low": low, "high": high})


def _choice(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """What one training job is asked to do. Made by `slipway_runtime.train.hyperparameters.read`."""

    strategy: Strategy = _choice("lora", "which weights are learnt")
    objective: Objective = _choice("sft", "sft: next token; dpo: preferences (prompt, chosen, rejected)")
    model: str = _choice("", "a Hub id or folder, where there is no channel `model`")
    model_revision: str = _choice("", "the Hub's commit, so that the base cannot change")
    epochs: float = _number(1.0, "passes over the data", 0.001)
    max_steps: int = _number(0, "optimizer steps at most, 0: as the epochs say", 0)
    learning_rate: float = _number(0.0, "0: the strategy's own", 0, 10)
    lr_scheduler: Literal["linear", "cosine", "constant"] = _choice("linear", "course of the learning rate")
    warmup_ratio: float = _number(0.03, "share of the steps", 0, 0.99)
    weight_decay: float = _number(0.0, "AdamW's", 0, 10)
    max_grad_norm: float = _number(1.0, "gradients are clipped to this norm", 0)
    batch_size: int = _number(8, "rows on each device", 1)
    gradient_accumulation_steps: int = _number(1, "batches before a step", 1)
    max_length: int = _number(1024, "tokens in a row", 8)
    packing: Literal["auto", "on", "off"] = _choice("auto", "several examples in a row, kept apart by the attention")
    completion_only: bool = _choice(True, "learn the assistant's words and not the prompt")
    chat_template: Literal["own", "chatml"] = _choice("own", "own: the base model's")
    too_long: Literal["refuse", "drop", "truncate"] = _choice("refuse", "examples over max_length")
    max_duplicate_share: float = _number(0.05, "of examples equal to another", 0, 1)
    seed: int = _number(42, "of everything random", 0, 2**31)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = _choice("auto", "auto: bf16 where the device has it")
    attention: Literal["auto", "sdpa", "eager", "flash_attention_2"] = _choice("auto", "auto: sdpa")
    gradient_checkpointing: bool = _choice(False, "less memory, about a third more time")
    distributed: Literal["auto", "ddp", "fsdp"] = _choice("auto", "auto: ddp where there is more than one process")
    tp_size: int = _number(1, "devices that share each layer", 1)
    processes_per_instance: int = _number(0, "0: one for each accelerator", 0)
    lora_rank: int = _number(16, "LoRA's r", 1)
    lora_alpha: int = _number(32, "LoRA's scale", 1)
    lora_dropout: float = _number(0.05, "LoRA's dropout", 0, 0.99)
    target_modules: str = _choice("all-linear", "layers with LoRA, separated by commas")
    virtual_tokens: int = _number(16, "of prompt- and prefix-tuning", 1)
    adapter_length: int = _number(10, "LLaMA-Adapter's prompt in each layer", 1)
    adapter_layers: int = _number(0, "topmost layers with an adapter, 0: all but two", 0)
    merge_adapter: bool = _choice(True, "LoRA: write the merged model; else base and adapter are apart")
    dpo_beta: float = _number(0.1, "DPO's strength of staying near the base", 0.0001)
    logging_steps: int = _number(10, "steps between two lines of metrics", 1)
    save_steps: int = _number(100, "steps between two checkpoints", 1)
    keep_checkpoints: int = _number(2, "older ones are deleted", 2)

    @property
    def rate(self) -> float:
        """The learning rate, the strategy's own where none is asked for."""
        own = DPO_LEARNING_RATES if self.objective == "dpo" else LEARNING_RATES
        return self.learning_rate or own[self.strategy]

    @property
    def packed(self) -> bool:
        """Whether examples share rows."""
        possible = self.objective == "sft" and self.strategy in {"full", "lora", "qlora"}
        return possible if self.packing == "auto" else self.packing == "on"


TYPES: dict[str, Any] = get_type_hints(TrainingSettings)


def described() -> dict[str, str]:
    """Return for each hyperparameter what it is, its values and its default, in one line."""
    lines = {}
    for each in fields(TrainingSettings):
        values = ", ".join(map(str, get_args(TYPES[each.name]))) or TYPES[each.name].__name__
        lines[each.name] = f"{each.metadata['about']} ({values}; default: {each.default!r})"
    return lines
