"""Which settings go together with which device and how many of them; the same table is in docs/fine-tuning.md.

Source: https://awsdocs-neuron.readthedocs-hosted.com/en/latest/frameworks/torch/index.html
Source: https://huggingface.co/docs/bitsandbytes/main/en/installation
"""

from typing import Literal

from slipway_runtime.train.refused import TrainingRefusedError
from slipway_runtime.train.settings import TrainingSettings

Device = Literal["cuda", "cpu", "neuron", "mps", "xpu"]


def device_of(instance_type: str) -> Device:
    """Return the device of a SageMaker instance type, like `neuron` for ml.trn2.48xlarge."""
    family = instance_type.removeprefix("ml.").split(".")[0]
    if family.startswith(("trn", "inf")):
        return "neuron"
    return "cuda" if family.startswith(("g", "p")) else "cpu"


def check(settings: TrainingSettings, *, device: str, processes: int, instance_type: str = "") -> None:
    """Raise TrainingRefusedError if the settings cannot work on these devices."""
    _check_device(settings, device, instance_type)
    if settings.tp_size > 1:
        _check_tensor_parallel(settings, device, processes)
    if settings.distributed == "fsdp" and settings.strategy not in {"full", "lora"}:
        raise TrainingRefusedError(
            f"FSDP shards no weights of strategy {settings.strategy!r}",
            "Set distributed to 'ddp', or strategy to 'lora'.",
        )
    if settings.distributed == "fsdp" and processes == 1:
        raise TrainingRefusedError(
            "FSDP needs more than one process", "Set processes_per_instance, take more devices, or distributed 'auto'."
        )
    if settings.objective == "dpo" and (settings.distributed == "fsdp" or settings.tp_size > 1):
        raise TrainingRefusedError("DPO runs by ddp only", "Set distributed to 'ddp' and tp_size to 1.")


def _check_device(settings: TrainingSettings, device: str, instance_type: str) -> None:
    if settings.strategy == "qlora" and device not in {"cuda", "cpu", "xpu"}:
        raise TrainingRefusedError(
            f"QLoRA needs bitsandbytes, which has no kernels for {device}",
            "Use strategy 'lora', or an instance with GPUs.",
        )
    if instance_type.startswith("ml.trn1"):
        raise TrainingRefusedError(
            f"{instance_type} is driven by optimum-neuron's own trainer, which this script has not got",
            "Use ml.trn2.48xlarge, or GPUs.",
        )
    if instance_type.startswith("ml.inf"):
        raise TrainingRefusedError(f"{instance_type} serves models and trains none", "Use ml.trn2, or GPUs.")
    if settings.attention == "flash_attention_2" and device != "cuda":
        raise TrainingRefusedError(f"FlashAttention has no kernels for {device}", "Set attention to 'auto'.")
    if settings.precision == "fp16" and device != "cuda":
        raise TrainingRefusedError(f"fp16 needs loss scaling, which {device} lacks", "Set precision to 'auto'.")


def _check_tensor_parallel(settings: TrainingSettings, device: str, processes: int) -> None:
    if device == "cpu":
        raise TrainingRefusedError(
            f"tp_size={settings.tp_size} needs accelerators: accelerate 1.15 shares no layers between CPUs",
            "Set tp_size to 1, and distributed to 'fsdp' to share the weights.",
        )
    if processes % settings.tp_size:
        raise TrainingRefusedError(
            f"{processes} processes cannot be divided into groups of tp_size={settings.tp_size}",
            "Set processes_per_instance to a multiple of tp_size.",
        )
    if settings.strategy != "full":
        raise TrainingRefusedError(
            f"Tensor parallel trains 'full' only, not {settings.strategy!r}", "Set tp_size to 1 and distributed 'fsdp'."
        )
