"""Checkpoints that are whole or are not used, and the end of a spot instance.

SageMaker copies the folder to S3 file by file and in no order, so a checkpoint counts once each instance has left a
list of its files in it, and every file on a list is there in full size.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from slipway_runtime.train.refused import TrainingRefusedError

MARK = "whole-{node}.json"


def seal(checkpoint: Path, *, node: int, nodes: int, fingerprint: str) -> None:
    """Leave the list of this instance's files, last of all, and in one step."""
    files = {
        str(path.relative_to(checkpoint)): path.stat().st_size
        for path in sorted(checkpoint.rglob("*"))
        if path.is_file() and not path.name.startswith("whole-")
    }
    mark = checkpoint / MARK.format(node=node)
    partial = mark.with_suffix(".partial")
    partial.write_text(json.dumps({"files": files, "nodes": nodes, "fingerprint": fingerprint}), encoding="utf-8")
    os.replace(partial, mark)  # noqa: PTH105 - the atomic one


def newest(folder: Path, fingerprint: str) -> Path | None:
    """Return the newest whole checkpoint, None where there is none, and remove what is half-written.

    Raises: TrainingRefusedError if it was made with other settings or other data.
    """
    for checkpoint in sorted(folder.glob("checkpoint-*"), key=_step, reverse=True):
        made_by = _fingerprint_if_whole(checkpoint)
        if made_by is None:
            shutil.rmtree(checkpoint, ignore_errors=True)  # of several ranks one is first
        elif made_by != fingerprint:
            raise TrainingRefusedError(
                f"{checkpoint.name} was made with other settings, data or base model",
                "Give the job a checkpoint folder of its own, or the settings that it began with.",
            )
        else:
            return checkpoint
    return None


def _step(checkpoint: Path) -> int:
    number = checkpoint.name.rsplit("-", 1)[1]
    return int(number) if number.isdigit() else -1


def _fingerprint_if_whole(checkpoint: Path) -> str | None:
    marks = [_read(path) for path in checkpoint.glob(MARK.format(node="*"))]
    if not marks or None in marks:
        return None
    found = [mark for mark in marks if mark is not None]
    if len(found) != found[0]["nodes"]:
        return None
    for mark in found:
        for name, size in mark["files"].items():
            path = checkpoint / name
            if not path.is_file() or path.stat().st_size != size:
                return None
    return str(found[0]["fingerprint"])


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError:
        return None
