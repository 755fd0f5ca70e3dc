#!/usr/bin/env python3
"""Fine-tunes a language model, in a SageMaker training job or by hand.

    SM_BASE_DIR=work python jobs/fine_tune/train.py --strategy lora --max_length 512

Reads the channels `train` (a dataset's train.jsonl), `validation` if there is one, and `model` (an unpacked Hugging
Face model; else --model names one of the Hub) below input/data/; writes model/ with manifest.json, checkpoints/, from
which a second start goes on, and output/data/metrics.json. On SIGTERM it saves a checkpoint and exits with 0.
A job that cannot work ends with 1, cause and remedy in output/failure. Needs `slipway_runtime` on its path, and torch:
`make torch`. Starts torchrun by itself where there are several accelerators or instances.
"""

import argparse
import os
import sys
import traceback
from dataclasses import replace
from pathlib import Path

from fine_tune import failure, inputs, launch
from fine_tune.places import Places
from slipway_runtime.train import hyperparameters
from slipway_runtime.train.settings import TrainingSettings, described


def given(places: Places, arguments: list[str] | None = None) -> TrainingSettings:
    """Return the settings: arguments go before SM_HPS, and these before hyperparameters.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    for name, about in described().items():
        parser.add_argument(f"--{name}", help=about.replace("%", "%%"), metavar="VALUE")
    known, rest = parser.parse_known_args(arguments)
    named = {name: value for name, value in vars(known).items() if value is not None}
    unknown = {word.lstrip("-").split("=")[0]: "" for word in rest if word.startswith("--")}
    return hyperparameters.read({**places.hyperparameters(), **unknown, **named})


def processes_here(settings: TrainingSettings) -> int:
    """Return how many processes train on this instance."""
    import torch

    return settings.processes_per_instance or max(1, torch.accelerator.device_count())


def main() -> None:
    """Train as asked, or say why not."""
    places = Places()
    try:
        settings = given(places)
        if not launch.is_rank(os.environ):
            inputs.read(places, settings)  # before torch is imported, a bad dataset is told at once
            count = processes_here(settings)
            if count * len(places.hosts) > 1:
                launch.become(places, str(Path(__file__).resolve()), sys.argv[1:], count)
        elif settings.distributed == "auto":
            settings = replace(settings, distributed="ddp")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from fine_tune import job

        job.run(places, settings)
    except BaseException as error:
        if isinstance(error, SystemExit) and error.code in {0, None}:
            raise
        failure.write(places, error)
        traceback.print_exc()
        sys.stderr.write(failure.reason(error) + "\n")
        sys.stderr.flush()
        # Other processes may wait for this one for ever: its exit must not wait for them.
        os._exit(1)


if __name__ == "__main__":
    main()
