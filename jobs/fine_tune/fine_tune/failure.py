"""Tells SageMaker why a job failed.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-signals.html
"""

import contextlib
import traceback

from fine_tune.places import Places
from slipway_runtime.train.refused import TrainingRefusedError

REASON_CHARACTERS = 1024
OUT_OF_MEMORY = (
    "Halve batch_size and double gradient_accumulation_steps, set gradient_checkpointing, or shorten max_length."
)


def reason(error: BaseException) -> str:
    """Return cause and remedy, at most 1,024 characters."""
    if isinstance(error, TrainingRefusedError):
        return str(error)[:REASON_CHARACTERS]
    where = traceback.extract_tb(error.__traceback__)
    place = f" ({where[-1].filename.rsplit('/', 1)[-1]}:{where[-1].lineno})" if where else ""
    remedy = OUT_OF_MEMORY if "out of memory" in str(error).lower() else "The log holds the whole trace."
    said = f"{type(error).__name__}: {error}"[: REASON_CHARACTERS - len(place) - len(remedy) - 3]
    return f"{said}{place}. {remedy}"


def write(places: Places, error: BaseException) -> None:
    """Write the failure file. Of several processes the first to fail is heard: what follows is its consequence."""
    places.failure.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), places.failure.open("x", encoding="utf-8") as file:
        file.write(reason(error))
