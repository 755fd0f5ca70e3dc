"""Loads the base model and its tokenizer."""

from pathlib import Path
from typing import Any

from fine_tune.places import Places
from fine_tune.tokens import CHATML
from slipway_runtime.train.refused import TrainingRefusedError
from slipway_runtime.train.settings import TrainingSettings


def source(places: Places, settings: TrainingSettings) -> str:
    """Return the folder or Hub id of the base model. Raises: TrainingRefusedError if there is none."""
    folder = places.channel("model")
    if folder:
        found = sorted(folder.rglob("config.json"), key=lambda path: len(path.parts))
        if not found:
            raise TrainingRefusedError(
                "The channel 'model' holds no config.json", "Put an unpacked Hugging Face model there."
            )
        return str(found[0].parent)
    if not settings.model:
        raise TrainingRefusedError(
            "There is no base model", "Give the job a channel 'model', or the hyperparameter 'model' with a Hub id."
        )
    return settings.model


def load_tokenizer(where: str, settings: TrainingSettings) -> Any:
    """Return the tokenizer, with a padding token."""
    from transformers import AutoTokenizer

    tokenizer = _load(AutoTokenizer, where, settings)
    if settings.chat_template == "chatml":
        tokenizer.chat_template = CHATML
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def precision(settings: TrainingSettings, device: Any) -> str:
    """Return fp32, bf16 or fp16: what is asked for, or what the device is best at."""
    import torch

    if settings.precision != "auto":
        return settings.precision
    if device.type == "cpu":
        return "fp32"
    return "bf16" if device.type != "cuda" or torch.cuda.is_bf16_supported() else "fp16"


def load_model(where: str, settings: TrainingSettings, device: Any) -> Any:
    """Return the base model. What is learnt is kept in fp32, what is frozen in the precision of the computation."""
    import torch
    from transformers import AutoModelForCausalLM

    compute = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision(settings, device)]
    options: dict[str, Any] = {"dtype": torch.float32 if settings.strategy == "full" else compute}
    if settings.attention != "auto":
        options["attn_implementation"] = settings.attention
    if settings.tp_size > 1:
        from transformers.distributed import DistributedConfig

        options["distributed_config"] = DistributedConfig(tp_size=settings.tp_size)
    if settings.strategy == "qlora":
        options |= _quantised(compute, device)
    model = _load(AutoModelForCausalLM, where, settings, **options)
    model.config.use_cache = False
    if settings.strategy == "qlora":
        from peft import prepare_model_for_kbit_training

        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=settings.gradient_checkpointing)
    return model


def _quantised(compute: Any, device: Any) -> dict[str, Any]:
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute,
    )
    return {"quantization_config": config, "device_map": {"": device}}


def _load(kind: Any, where: str, settings: TrainingSettings, **options: Any) -> Any:
    local = Path(where).is_dir()
    revision = {} if local or not settings.model_revision else {"revision": settings.model_revision}
    try:
        return kind.from_pretrained(where, local_files_only=local, **revision, **options)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingRefusedError(
            f"The base model {settings.model or where} cannot be loaded: {str(error).splitlines()[0]}",
            "Check that config, tokenizer and safetensors are there, the licence is accepted, and HF_TOKEN is set.",
        ) from error
