"""What a training leaves: the model, where it came from, and its figures."""

import json
import shutil
from pathlib import Path
from typing import Any

from fine_tune import ranks
from fine_tune.places import Places
from slipway_runtime.train.settings import TrainingSettings


def write_model(trainer: Any, tokenizer: Any, base: str, settings: TrainingSettings, places: Places) -> str:
    """Write the model and return its format: `model`, or `base+adapter` with the base in `base/`.

    A merged model loads like any other. A prompt, a prefix, an adapter in the attention and one on quantised weights
    cannot be merged. Every process must call it.
    """
    places.model.mkdir(parents=True, exist_ok=True)
    whole = settings.strategy == "full"
    merged = settings.strategy == "lora" and settings.merge_adapter and settings.distributed != "fsdp"
    if merged:
        if trainer.is_world_process_zero():
            trainer.accelerator.unwrap_model(trainer.model).merge_and_unload().save_pretrained(places.model)
    else:
        trainer.save_model(str(places.model if whole else places.model / "adapter"))
    if trainer.is_world_process_zero():
        if not (whole or merged) and Path(base).is_dir():
            shutil.copytree(base, places.model / "base", dirs_exist_ok=True)
        tokenizer.save_pretrained(places.model)
        (places.model / "training_args.bin").unlink(missing_ok=True)
    ranks.wait_for_all()
    return "model" if whole or merged else "base+adapter"


def write_manifest(manifest: dict[str, Any], places: Places) -> list[Path]:
    """Write manifest.json beside the model and, for the pipeline, beside metrics.json: the model may be large.

    Returns the two files of the output.
    """
    places.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(manifest, indent=1, sort_keys=True)
    for folder in (places.model, places.output):
        (folder / "manifest.json").write_text(text, encoding="utf-8")
    (places.output / "metrics.json").write_text(json.dumps(manifest["metrics"], indent=1), encoding="utf-8")
    return [places.output / "manifest.json", places.output / "metrics.json"]
