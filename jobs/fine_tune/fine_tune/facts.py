"""Where a model comes from: what its manifest says, and what must be equal for a training to go on."""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from slipway_runtime.train.dataset import TrainingSet
from slipway_runtime.train.settings import TrainingSettings

VERSION_VARIABLE = "SLIPWAY_CODE_VERSION"
# These may differ between a training and its resumption.
FREE = {"logging_steps", "save_steps", "keep_checkpoints", "merge_adapter"}


def facts(
    base: str, data: TrainingSet, held: TrainingSet | None, settings: TrainingSettings, processes: int
) -> dict[str, Any]:
    """Return the lineage; its `fingerprint` is the hash of all that determines the weights."""
    import torch
    import transformers

    determines: dict[str, Any] = {
        "base_model": settings.model or "channel:model",
        "base_revision": settings.model_revision,
        "base_sha256": _sha256_of_weights(Path(base)),
        "strategy": settings.strategy,
        "objective": settings.objective,
        "train_sha256": data.sha256,
        "validation_sha256": held.sha256 if held else None,
        "processes": processes,
    }
    fixed = {name: value for name, value in asdict(settings).items() if name not in FREE}
    return determines | {
        "fingerprint": hashlib.sha256(json.dumps([fixed, determines], sort_keys=True).encode()).hexdigest(),
        "hyperparameters": asdict(settings),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "code_version": os.environ.get(VERSION_VARIABLE, "unknown"),
    }


def _sha256_of_weights(folder: Path) -> str | None:
    if not folder.is_dir():
        return None
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
