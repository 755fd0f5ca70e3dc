"""The image of a training job: by device and region from a vendored table, which tools/training_images.py writes.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("training_images.json")


@functools.cache
def table() -> dict[str, Any]:
    """Return repository, tag and accounts by region of the image for GPUs."""
    found: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))["gpu"]
    return found


def suffix() -> str:
    """Return `repository:tag`."""
    return f"{table()['repository']}:{table()['tag']}"


def accounts() -> dict[str, str]:
    """Return the account that holds the image, by region."""
    return dict(table()["accounts"])
