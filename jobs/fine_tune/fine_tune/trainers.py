"""The trainer of each objective, from the same arguments.

Source: https://huggingface.co/docs/transformers/main_classes/trainer
Source: "Direct Preference Optimization", https://arxiv.org/abs/2305.18290, by https://huggingface.co/docs/trl/dpo_trainer
"""

from collections.abc import Iterator
from typing import Any

from fine_tune.adapters import adapted, config
from fine_tune.base import precision
from fine_tune.inputs import Inputs, Table
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


def trainer(
    model: Any, tokenizer: Any, settings: TrainingSettings, options: dict[str, Any], given: Inputs, rows: Table
) -> Any:
    """Return the trainer of the objective."""
    if settings.objective == "dpo":
        return _preferring(model, tokenizer, settings, options, given)
    from transformers import Trainer, TrainingArguments

    flat = settings.attention == "flash_attention_2"
    return Trainer(
        model=adapted(model, settings),
        args=TrainingArguments(**options),
        train_dataset=Rows(rows.train),
        eval_dataset=Rows(rows.validation) if rows.validation else None,
        data_collator=collator(padding_id=tokenizer.pad_token_id, packed=settings.packed, flat=flat),
        processing_class=tokenizer,
    )


def _preferring(model: Any, tokenizer: Any, settings: TrainingSettings, options: dict[str, Any], given: Inputs) -> Any:
    import pyarrow as pa
    from datasets import Dataset
    from datasets.table import InMemoryTable
    from trl import DPOConfig, DPOTrainer

    def table(of: TrainingSet) -> Any:
        held = InMemoryTable(pa.Table.from_pylist([record.columns for record in of.records]))
        # With a fingerprint of our own: datasets 5.2 makes one by pickling, which pyarrow 26 refuses.
        return Dataset(held, fingerprint=of.sha256)

    options = {name: value for name, value in options.items() if name != "remove_unused_columns"}
    return DPOTrainer(
        model=model,
        args=DPOConfig(**options, beta=settings.dpo_beta, max_length=settings.max_length),
        train_dataset=table(given.train),
        eval_dataset=table(given.validation) if given.validation else None,
        processing_class=tokenizer,
        peft_config=None if settings.strategy == "full" else config(settings, model),
    )
