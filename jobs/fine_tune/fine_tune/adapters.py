"""The weights that each strategy learns.

Source: https://huggingface.co/docs/peft/index
"""

from typing import Any

from slipway_runtime.train.settings import TrainingSettings


def adapted(model: Any, settings: TrainingSettings) -> Any:
    """Return the model with the strategy's own weights, all others frozen; for `full` the model itself."""
    if settings.strategy == "full":
        return model
    import peft

    found = peft.get_peft_model(model, config(settings, model))
    if settings.gradient_checkpointing:
        found.enable_input_require_grads()
    return found


def config(settings: TrainingSettings, model: Any) -> Any:
    """Return PEFT's configuration of the strategy."""
    import peft

    task = {"task_type": "CAUSAL_LM"}
    if settings.strategy in {"lora", "qlora"}:
        modules = settings.target_modules
        return peft.LoraConfig(
            r=settings.lora_rank,
            lora_alpha=settings.lora_alpha,
            lora_dropout=settings.lora_dropout,
            target_modules=modules if modules == "all-linear" else modules.split(","),
            **task,
        )
    if settings.strategy == "prompt":
        return peft.PromptTuningConfig(num_virtual_tokens=settings.virtual_tokens, **task)
    if settings.strategy == "prefix":
        return peft.PrefixTuningConfig(num_virtual_tokens=settings.virtual_tokens, **task)
    layers = settings.adapter_layers or max(1, model.config.num_hidden_layers - 2)
    return peft.AdaptionPromptConfig(adapter_len=settings.adapter_length, adapter_layers=layers, **task)
