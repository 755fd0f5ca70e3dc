"""The trainer of each objective, from the same arguments.

Source: https://huggingface.co/docs/transformers/main_classes/trainer
Source: "Direct Preference Optimization", https://arxiv.org/abs/2305.18290, by https://huggingface.co/docs/trl/dpo_trainer
"""

import warnings
from collections.abc import Iterator
from typing import Any

from fine_tune.adapters import adapted, config
from fine_tune.base import precision
from fine_tune.places import Places
from fine_tune.rows import Row, collator
from slipway_runtime.train.dataset import TrainingSet
from slipway_runtime.train.settings import TrainingSettings


class Rows:
    """A list of rows as torch's loader wants it."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:
        return self._rows[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)


def arguments(
    settings: TrainingSettings, places: Places, device: Any, *, processes: int, validated: bool
) -> dict[str, Any]:
    """Return what every trainer is told."""
    compute = precision(settings, device)
    options: dict[str, Any] = {
        "output_dir": str(places.checkpoints),
        "num_train_epochs": settings.epochs,
        "max_steps": settings.max_steps or -1,
        "learning_rate": settings.rate,
        "lr_scheduler_type": settings.lr_scheduler,
        "warmup_steps": settings.warmup_ratio,  # below 1 it is a share
        "weight_decay": settings.weight_decay,
        "max_grad_norm": settings.max_grad_norm,
        "per_device_train_batch_size": settings.batch_size,
        "per_device_eval_batch_size": settings.batch_size,
        "gradient_accumulation_steps": settings.gradient_accumulation_steps,
        "gradient_checkpointing": settings.gradient_checkpointing,
        "logging_steps": settings.logging_steps,
        "save_strategy": "steps",
        "save_steps": settings.save_steps,
        "save_total_limit": settings.keep_checkpoints,
        "eval_strategy": "no",
        # Never `evaluate()` before `train()`: the model would be trained unwrapped, and ranks would diverge.
        "eval_on_start": validated,
        "report_to": "none",
        "disable_tqdm": True,
        "seed": settings.seed,
        "bf16": compute == "bf16",
        "fp16": compute == "fp16",
        "use_cpu": device.type == "cpu",
        "dataloader_pin_memory": device.type == "cuda",
        "remove_unused_columns": False,
    }
    if device.type == "cpu" and processes > 1:
        options["ddp_backend"] = "gloo"
    if settings.distributed == "fsdp":
        options["fsdp"] = True
        options["fsdp_config"] = {"version": 2, "state_dict_type": "FULL_STATE_DICT"}
    if settings.strategy == "llama_adapter":
        options["ddp_find_unused_parameters"] = False
    return options


def supervised(
    model: Any, tokenizer: Any, settings: TrainingSettings, options: Any, rows: list[Row], held: list[Row]
) -> Any:
    """Return the trainer that learns the next token."""
    from transformers import Trainer, TrainingArguments

    collate = collator(
        padding_id=tokenizer.pad_token_id, packed=settings.packed, flat=settings.attention == "flash_attention_2"
    )
    return Trainer(
        model=adapted(model, settings),
        args=TrainingArguments(**options),
        train_dataset=Rows(rows),
        eval_dataset=Rows(held) if held else None,
        data_collator=collate,
        processing_class=tokenizer,
    )


def preferring(
    model: Any, tokenizer: Any, settings: TrainingSettings, options: Any, data: TrainingSet, held: TrainingSet | None
) -> Any:
    """Return the trainer that learns which of two answers is better."""
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    def table(given: TrainingSet) -> Any:
        return Dataset.from_list([record.columns for record in given.records])

    warnings.filterwarnings("ignore", message=".*experimental.*")
    options = {name: value for name, value in options.items() if name != "remove_unused_columns"}
    return DPOTrainer(
        model=model,
        args=DPOConfig(**options, beta=settings.dpo_beta, max_length=settings.max_length),
        train_dataset=table(data),
        eval_dataset=table(held) if held else None,
        processing_class=tokenizer,
        peft_config=None if settings.strategy == "full" else config(settings, model),
    )
