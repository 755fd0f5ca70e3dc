"""One training from its data to its model."""

import hashlib
import json
import os
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from fine_tune import base, checkpoints, ranks, result, trainers
from fine_tune.packing import efficiency
from fine_tune.places import Places
from fine_tune.rows import Row, rows_of
from fine_tune.tokens import tokenise
from fine_tune.tracking import Tracker
from slipway_runtime.train import dataset, metrics, rules
from slipway_runtime.train.dataset import TrainingSet
from slipway_runtime.train.refused import TrainingRefusedError
from slipway_runtime.train.settings import TrainingSettings

# These may differ between a run and its resumption.
FREE = {"logging_steps", "save_steps", "keep_checkpoints", "merge_adapter"}


def read_data(places: Places, settings: TrainingSettings) -> tuple[TrainingSet, TrainingSet | None]:
    """Return what is learnt from and what it is measured on. Raises: TrainingRefusedError."""
    folder = places.channel("train", "training")
    if folder is None:
        raise TrainingRefusedError("There is no channel 'train'", "Give the job one, with a dataset's train.jsonl.")
    data = dataset.read(folder, max_duplicate_share=settings.max_duplicate_share)
    held_folder = places.channel("validation", "eval")
    held = dataset.read(held_folder, judge_answers=False) if held_folder else None
    preferences = settings.objective == "dpo"
    for each in (data, held):
        if each and (each.kind == "preference") != preferences:
            raise TrainingRefusedError(
                f"Objective {settings.objective!r} does not learn from a dataset of kind {each.kind!r}",
                "Preferences (prompt, chosen, rejected) are learnt by objective 'dpo', all else by 'sft'.",
            )
    return data, held


def run(places: Places, settings: TrainingSettings) -> None:
    """Train, or go on where a checkpoint ended, and write the model; of an interrupted training only the checkpoint."""
    data, held = read_data(places, settings)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    device = ranks.device()
    rules.check(settings, device=device.type, processes=processes, instance_type=places.instance_type)
    where = base.source(places, settings)
    tokenizer = base.load_tokenizer(where, settings)
    figures: dict[str, float] = {"examples": len(data.records)}
    rows, held_rows = _rows(data, held, tokenizer, settings, figures)
    _same_everywhere(settings.seed)
    options = trainers.arguments(settings, places, device, processes=processes, validated=held is not None)
    model = base.load_model(where, settings, device)
    if settings.objective == "dpo":
        trainer = trainers.preferring(model, tokenizer, settings, options, data, held)
    else:
        trainer = trainers.supervised(model, tokenizer, settings, options, rows, held_rows)
    print_once = trainer.is_world_process_zero()
    facts = _facts(where, data, held, settings, processes)
    tracker = Tracker(dict(places.env) if print_once else {}, asdict(settings), name=_name(places))
    watch = _watch(facts, places, tracker, settings, figures, processes)
    trainer.add_callback(watch)
    found = checkpoints.newest(places.checkpoints, facts["fingerprint"]) if print_once else None
    last = ranks.first_says(found)
    began = time.monotonic()
    outcome = trainer.train(resume_from_checkpoint=str(last) if last else None)
    figures |= {"seconds": time.monotonic() - began, "steps": trainer.state.global_step}
    if watch.interrupted:
        _say(print_once, f"interrupted at step {trainer.state.global_step}; the checkpoint is kept")
        return
    figures["train_loss"] = outcome.training_loss
    figures |= _losses(trainer, held is not None)
    facts["checksum"] = ranks.agreed_checksum(trainer.model, settings)
    facts["format"] = result.write_model(trainer, tokenizer, where, settings, places)
    if print_once:
        facts |= {
            "resumed_from": last.name if last else None,
            "tracking_problems": tracker.problems,
            "metrics": figures,
        }
        result.write_manifest(facts, places)
        tracker.finish(facts)
        _say(True, metrics.line(trainer.state.global_step, figures))


def _same_everywhere(seed: int) -> None:
    from transformers import set_seed

    set_seed(seed)


def _rows(
    data: TrainingSet, held: TrainingSet | None, tokenizer: Any, settings: TrainingSettings, figures: dict[str, float]
) -> tuple[list[Row], list[Row]]:
    if settings.objective == "dpo":
        return [], []
    sequences = tokenise(data, tokenizer, settings)
    rows = rows_of(sequences, max_length=settings.max_length, packed=settings.packed)
    lengths = [len(row["input_ids"]) for row in rows]
    figures |= {"rows": len(rows), "tokens": sum(lengths), "learnt_tokens": _learnt(rows)}
    if settings.packed:
        figures["packing_efficiency"] = efficiency(lengths, rows_lists(rows), settings.max_length)
    held_sequences = tokenise(held, tokenizer, replace(settings, too_long="truncate")) if held else []
    return rows, rows_of(held_sequences, max_length=settings.max_length, packed=settings.packed)


def rows_lists(rows: list[Row]) -> list[list[int]]:
    """Return each row's tokens."""
    return [row["input_ids"] for row in rows]


def _learnt(rows: list[Row]) -> int:
    return sum(label >= 0 for row in rows for label in row["labels"])


def _facts(
    where: str, data: TrainingSet, held: TrainingSet | None, settings: TrainingSettings, processes: int
) -> dict[str, Any]:
    import torch
    import transformers

    facts: dict[str, Any] = {
        "base_model": settings.model or "channel:model",
        "base_revision": settings.model_revision,
        "base_sha256": _sha256_of_weights(Path(where)),
        "strategy": settings.strategy,
        "objective": settings.objective,
        "train_sha256": data.sha256,
        "validation_sha256": held.sha256 if held else None,
        "hyperparameters": asdict(settings),
        "processes": processes,
    }
    fixed = {name: value for name, value in asdict(settings).items() if name not in FREE}
    told = json.dumps([fixed, {name: facts[name] for name in sorted(facts) if name != "hyperparameters"}])
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    return facts | {
        "fingerprint": hashlib.sha256(told.encode()).hexdigest(),
        "versions": versions,
        "code_version": result.code_version(),
    }


def _sha256_of_weights(folder: Path) -> str | None:
    if not folder.is_dir():
        return None
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _watch(
    facts: dict[str, Any],
    places: Places,
    tracker: Tracker,
    settings: TrainingSettings,
    figures: dict[str, float],
    processes: int,
) -> Any:
    from fine_tune.watch import Watch

    per_row = figures.get("tokens", 0) / max(figures.get("rows", 1), 1)
    replicas = processes // settings.tp_size
    per_step = per_row * settings.batch_size * settings.gradient_accumulation_steps * replicas
    return Watch(fingerprint=facts["fingerprint"], nodes=len(places.hosts), tracker=tracker, tokens_per_step=per_step)


def _losses(trainer: Any, validated: bool) -> dict[str, float]:
    if not validated:
        return {}
    before = next(entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry)
    return {"validation_loss_before": before, "validation_loss": trainer.evaluate()["eval_loss"]}


def _name(places: Places) -> str:
    return json.loads(places.env.get("SM_TRAINING_ENV", "{}")).get("job_name") or "fine-tune"


def _say(aloud: bool, text: str) -> None:
    if aloud:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
