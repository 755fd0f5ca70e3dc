"""What a training reads: examples, and the rows that a model sees of them."""

from dataclasses import dataclass, replace
from typing import Any

from fine_tune.packing import efficiency
from fine_tune.places import Places
from fine_tune.rows import Row, rows_of
from fine_tune.tokens import IGNORED, tokenise
from slipway_runtime.train import dataset
from slipway_runtime.train.dataset import TrainingSet
from slipway_runtime.train.refused import TrainingRefusedError
from slipway_runtime.train.settings import TrainingSettings


@dataclass(frozen=True)
class Inputs:
    """What is learnt from, and what it is measured on if there is a channel for it."""

    train: TrainingSet
    validation: TrainingSet | None


@dataclass(frozen=True)
class Table:
    """The rows of both, none for preferences; `figures` are counts of what is learnt from."""

    train: list[Row]
    validation: list[Row]
    figures: dict[str, float]


def read(places: Places, settings: TrainingSettings) -> Inputs:
    """Return the examples of the channels. Raises: TrainingRefusedError."""
    folder = places.channel("train", "training")
    if folder is None:
        raise TrainingRefusedError("There is no channel 'train'", "Give the job one, with a dataset's train.jsonl.")
    held = places.channel("validation", "eval")
    inputs = Inputs(
        dataset.read(folder, max_duplicate_share=settings.max_duplicate_share),
        dataset.read(held, judge_answers=False) if held else None,
    )
    for each in (inputs.train, inputs.validation):
        if each and (each.kind == "preference") != (settings.objective == "dpo"):
            raise TrainingRefusedError(
                f"Objective {settings.objective!r} does not learn from a dataset of kind {each.kind!r}",
                "Preferences (prompt, chosen, rejected) are learnt by objective 'dpo', all else by 'sft'.",
            )
    return inputs


def table(inputs: Inputs, tokenizer: Any, settings: TrainingSettings) -> Table:
    """Return the rows. Raises: TrainingRefusedError for examples that are too long."""
    figures: dict[str, float] = {"examples": len(inputs.train.records)}
    if settings.objective == "dpo":
        return Table([], [], figures)
    options: dict[str, Any] = {"max_length": settings.max_length, "packed": settings.packed}
    rows = rows_of(tokenise(inputs.train, tokenizer, settings), **options)
    tokens = [row["input_ids"] for row in rows]
    lengths = [len(each) for each in tokens]
    learnt = sum(label != IGNORED for row in rows for label in row["labels"])
    figures |= {"rows": len(rows), "tokens": sum(lengths), "learnt_tokens": learnt}
    if settings.packed:
        figures["packing_efficiency"] = efficiency(lengths, tokens, settings.max_length)
    if inputs.validation is None:
        return Table(rows, [], figures)
    cut = replace(settings, too_long="truncate")
    return Table(rows, rows_of(tokenise(inputs.validation, tokenizer, cut), **options), figures)
