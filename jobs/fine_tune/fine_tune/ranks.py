"""The processes that train together: what they tell each other, and whether they hold the same weights."""

import hashlib
from typing import Any

from slipway_runtime.train.settings import TrainingSettings


class DivergedError(RuntimeError):
    """Processes that should hold the same weights hold different ones."""


def device() -> Any:
    """Return this machine's accelerator (cuda, neuron, xpu, mps), or the CPU."""
    import torch

    return torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")


def several() -> bool:
    """Return whether more than one process trains."""
    import torch.distributed as dist

    return bool(dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1)


def anyone(said: bool, on: Any) -> bool:
    """Return whether any process says so; all of them have to ask."""
    import torch
    import torch.distributed as dist

    if not several():
        return said
    flag = torch.tensor([int(said)], device=on)
    dist.all_reduce(flag, op=dist.ReduceOp.MAX)
    return bool(flag.item())


def first_says(value: Any) -> Any:
    """Return what the first process passes, in all of them."""
    import torch.distributed as dist

    if not several():
        return value
    held = [value]
    dist.broadcast_object_list(held, src=0)
    return held[0]


def wait_for_all() -> None:
    """Return when every process has come here."""
    import torch.distributed as dist

    if several():
        dist.barrier()


def checksum(model: Any) -> str:
    """Return a SHA-256 of the weights that are learnt, gathered if they are sharded. Every process must call it."""
    import torch

    digest = hashlib.sha256()
    for name, weight in sorted(model.named_parameters()):
        if not weight.requires_grad:
            continue
        whole = weight.detach()
        whole = whole.full_tensor() if hasattr(whole, "full_tensor") else whole
        digest.update(name.encode())
        digest.update(whole.cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def agreed_checksum(model: Any, settings: TrainingSettings) -> str:
    """Return the checksum on which all processes agree. Raises: DivergedError if they do not."""
    import torch.distributed as dist

    own = checksum(model)
    if not several():
        return own
    found: list[str | None] = [None] * dist.get_world_size()
    dist.all_gather_object(found, own)
    if len(set(found)) > 1:
        held = ", ".join(f"{rank}: {str(each)[:12]}" for rank, each in enumerate(found))
        raise DivergedError(
            f"the processes ended with different weights ({held}); distributed={settings.distributed}. "
            "The model was not written; train again from the newest checkpoint"
        )
    return own
