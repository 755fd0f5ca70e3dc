"""The items of a run's evaluation: a file of the request's, else the validation set's examples with their answers.

Source: https://huggingface.co/docs/trl/dataset_formats
"""

from typing import Any

import msgspec

from slipway_runtime.datasets.bucket import Bucket
from slipway_runtime.train.dataset import Kind, Record, TrainingSet
from slipway_runtime.train.pipeline.request import Request
from slipway_runtime.train.refused import TrainingRefusedError

FILE = "items/items.jsonl"
ANSWER: dict[Kind, str] = {"prompt-completion": "completion", "preference": "chosen"}


def lines_of(bucket: Bucket, request: Request, validation: TrainingSet, least: int) -> list[bytes]:
    """Return the items as lines. Raises: TrainingRefusedError if there are none, or fewer than the gate needs."""
    if request.items:
        if not request.items.endswith(".jsonl") or not bucket.has(request.items):
            raise TrainingRefusedError(f"There is no file of items {request.items}", "Upload it, as .jsonl.")
        found = [line for line in bucket.read(request.items).split(b"\n") if line.strip()]
    else:
        found = [_item(number, validation.kind, each) for number, each in enumerate(validation.records, 1)]
    if len(found) < least:
        raise TrainingRefusedError(
            f"{len(found)} items are too few: under {least} nothing can be shown",
            "Give a larger validation set, or a file of items; training.gate.minimum_items is the limit.",
        )
    return found


def _item(number: int, kind: Kind, record: Record) -> bytes:
    columns = record.columns
    if kind == "text":
        raise TrainingRefusedError("Plain text asks nothing that could be evaluated", "Name a file of `items`.")
    asked: Any = columns["messages" if kind == "messages" else "prompt"]
    if kind == "messages":
        last = max(place for place, each in enumerate(asked) if each["role"] == "assistant")
        asked, answer = asked[:last], asked[last]["content"]
    else:
        given = columns[ANSWER[kind]]
        answer = given if isinstance(given, str) else given[-1]["content"]
    turns = {"prompt": asked} if isinstance(asked, str) else {"messages": asked}
    return msgspec.json.encode({"id": str(number), **turns, "references": [answer]})
