"""Freezes a run's data: its own copy, checked as the job will check it, hashed, and free of evaluation items."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from slipway_runtime.datasets.bucket import Bucket
from slipway_runtime.datasets.contamination import ContaminationIndex
from slipway_runtime.datasets.evaluation_set import Item, read_items
from slipway_runtime.train import dataset
from slipway_runtime.train.pipeline import items
from slipway_runtime.train.pipeline.request import Request
from slipway_runtime.train.pipeline.run import Run
from slipway_runtime.train.refused import TrainingRefusedError
from slipway_runtime.train.settings import TrainingSettings

FILES = {"train": "data/train/train.jsonl", "validation": "data/validation/validation.jsonl"}
# Of a file without a split every tenth example, by its hash, is kept for validation.
VALIDATION_SHARE, MOST_VALIDATION = 10, 2000


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """The data of a run: examples and SHA-256 of each part and of the items, and of the sets that were kept out."""

    kind: str
    examples: dict[str, int]
    bytes: dict[str, int]
    sha256: dict[str, str]
    evaluation_sets: dict[str, str]


def freeze(run: Run, request: Request, settings: TrainingSettings, least_items: int) -> Frozen:
    """Copy the data and the items to the run's folder and return what they are; the second time what they were.

    Raises: TrainingRefusedError for data that cannot be learnt from, that holds evaluation items, or has too few.
    """
    if before := run.kept("frozen.json", Frozen):
        return before
    parts = _parts(run.bucket, request.dataset)
    sets = {name: _checked(name, data, settings) for name, data in parts.items()}
    if sets["train"].kind != sets["validation"].kind:
        raise TrainingRefusedError("Training and validation hold examples of different kinds", "Build them alike.")
    hashes = _check_contamination(run.bucket, request, sets["train"])
    asked = items.lines_of(run.bucket, request, sets["validation"], least_items)
    parts["items"] = _joined(asked)
    for name, data in parts.items():
        run.bucket.write(run.key(FILES.get(name, items.FILE)), data)
    hash_of_items = hashlib.sha256(parts["items"]).hexdigest()
    frozen = Frozen(
        kind=sets["train"].kind,
        examples={name: len(each.records) for name, each in sets.items()} | {"items": len(asked)},
        bytes={name: len(data) for name, data in parts.items()},
        sha256={name: each.sha256 for name, each in sets.items()} | {"items": hash_of_items},
        evaluation_sets=hashes,
    )
    run.write("frozen.json", frozen)
    return frozen


def _parts(bucket: Bucket, place: str) -> dict[str, bytes]:
    if place.endswith(".jsonl"):
        if not bucket.has(place):
            raise TrainingRefusedError(f"There is no dataset {place}", "Upload it, or name another one.")
        return _split(place, bucket.read(place))
    keys = {name: f"{place.rstrip('/')}/{name}.jsonl" for name in FILES}
    if missing := [key for key in keys.values() if not bucket.has(key)]:
        raise TrainingRefusedError(
            f"There is no {missing[0]}", "A dataset has train.jsonl and validation.jsonl: `slipway dataset list`."
        )
    return {name: bucket.read(key) for name, key in keys.items()}


def _split(name: str, data: bytes) -> dict[str, bytes]:
    lines = [line for line in dict.fromkeys(data.split(b"\n")) if line.strip()]
    count = min(max(1, len(lines) // VALIDATION_SHARE), MOST_VALIDATION)
    if len(lines) <= count:
        raise TrainingRefusedError(f"{name} holds {len(lines)} examples", "Give at least two different ones.")
    chosen = set(sorted(lines, key=lambda line: hashlib.sha256(line).digest())[:count])
    train = [line for line in data.split(b"\n") if line.strip() and line not in chosen]
    validation = [line for line in lines if line in chosen]
    return {"train": _joined(train), "validation": _joined(validation)}


def _joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _checked(name: str, data: bytes, settings: TrainingSettings) -> dataset.TrainingSet:
    """Check a part as the job does. Raises: TrainingRefusedError naming file and line."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{name}.jsonl").write_bytes(data)
        share = settings.max_duplicate_share if name == "train" else 1.0
        return dataset.read(Path(folder), max_duplicate_share=share, judge_answers=name == "train")


def _check_contamination(bucket: Bucket, request: Request, train: dataset.TrainingSet) -> dict[str, str]:
    """Return the hashes of the evaluation sets. Raises: TrainingRefusedError if an example holds one of their items."""
    kept_out: list[Item] = []
    hashes: dict[str, str] = {}
    for prefix in dict.fromkeys([*request.evaluation_sets, *filter(None, [request.items])]):
        for file in bucket.files(prefix):
            data = bucket.read(file.key)
            hashes[file.key] = hashlib.sha256(data).hexdigest()
            kept_out += read_items(file.key, data.split(b"\n"))
    if not kept_out:
        return hashes
    index, _ = ContaminationIndex.build(kept_out)
    found = index.overlaps([list(_texts(record.columns)) for record in train.records])
    hits = [(record.place, overlap) for record, overlap in zip(train.records, found, strict=True) if overlap]
    if hits:
        place, first = hits[0]
        raise TrainingRefusedError(
            f"{len(hits)} of {len(found)} examples hold evaluation items, the first {place} line {first.line} of "
            f"{first.evaluation_set}",
            "Build the dataset with `slipway dataset build --evaluation`, which leaves them out.",
        )
    return hashes


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts(value.get("content", "") if "role" in value else list(value.values()))
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
