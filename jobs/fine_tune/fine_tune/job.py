"""One training from its data to its model."""

import os
import sys
import time
from dataclasses import asdict
from typing import Any

from fine_tune import base, checkpoints, inputs, ranks, result, trainers
from fine_tune.facts import facts
from fine_tune.places import Places
from fine_tune.tracking import Tracker
from slipway_runtime.train import metrics, rules
from slipway_runtime.train.settings import TrainingSettings


def run(places: Places, settings: TrainingSettings) -> None:
    """Train, or go on where a checkpoint ended, and write the model; of an interrupted training only the checkpoint.

    Raises: TrainingRefusedError for what cannot work, DivergedError if the processes end with different weights.
    """
    from transformers import set_seed

    from fine_tune.watch import Watch

    processes = int(os.environ.get("WORLD_SIZE", "1"))
    given, device = inputs.read(places, settings), ranks.device()
    rules.check(settings, device=device.type, processes=processes, instance_type=places.instance_type)
    where = base.source(places, settings)
    tokenizer = base.load_tokenizer(where, settings)
    rows = inputs.table(given, tokenizer, settings)
    validated = given.validation is not None
    options = trainers.arguments(settings, places, device, processes=processes, validated=validated)
    set_seed(settings.seed)  # new weights of an adapter are the same in every process
    model = base.load_model(where, settings, device)
    trainer = trainers.trainer(model, tokenizer, settings, options, given, rows)
    first = trainer.is_world_process_zero()
    known = facts(where, given.train, given.validation, settings, processes)
    env = places.env if first else {}
    tracker = Tracker(env, asdict(settings), known, name=places.job_name, folder=places.output)
    watch = Watch(
        fingerprint=known["fingerprint"],
        nodes=len(places.hosts),
        tracker=tracker,
        tokens_per_step=_tokens_per_step(rows.figures, settings, processes),
    )
    trainer.add_callback(watch)
    last = ranks.first_says(checkpoints.newest(places.checkpoints, known["fingerprint"]) if first else None)
    began = time.monotonic()
    with tracker:
        outcome = trainer.train(resume_from_checkpoint=str(last) if last else None)
        if watch.interrupted:
            _say(f"interrupted at step {trainer.state.global_step}; its checkpoint is kept", aloud=first)
            return
        figures = {**rows.figures, "steps": trainer.state.global_step, "train_loss": outcome.training_loss}
        figures |= {"seconds": time.monotonic() - began, **_losses(trainer, validated=validated)}
        known["checksum"] = ranks.agreed_checksum(trainer.model, settings)
        _say(f"checksum {known['checksum']}", aloud=True)
        known["format"] = result.write_model(trainer, tokenizer, where, settings, places)
    if first:
        known |= {"resumed_from": last.name if last else None, "metrics": figures, "tracked": tracker.runs}
        files = result.write_manifest(known | {"tracking_problems": tracker.problems}, places)
        tracker.finish(known, files)
        if tracker.problems:
            result.write_manifest(known | {"tracking_problems": tracker.problems}, places)
        _say(metrics.line(trainer.state.global_step, figures), aloud=True)


def _tokens_per_step(figures: dict[str, float], settings: TrainingSettings, processes: int) -> float:
    in_a_row = figures.get("tokens", 0) / max(figures.get("rows", 1), 1)
    rows = settings.batch_size * settings.gradient_accumulation_steps * processes // settings.tp_size
    return in_a_row * rows


def _losses(trainer: Any, *, validated: bool) -> dict[str, float]:
    if not validated:
        return {}
    before = next(entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry)
    return {"validation_loss_before": before, "validation_loss": trainer.evaluate()["eval_loss"]}


def _say(text: str, *, aloud: bool) -> None:
    if aloud:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
