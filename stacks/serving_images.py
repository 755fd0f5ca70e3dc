"""The images of model servers: by container and region from a vendored table, which tools/serving_tables.py writes.

Source: https://github.com/aws/deep-learning-containers (available images)
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("serving_images.json")
# What the drivers of SageMaker's default image are too old for. Source: SageMaker API, ProductionVariant.
AMI = {"lmi-vllm": "al2023-ami-sagemaker-inference-gpu-4-1"}


@functools.cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return found


def suffix(container: str) -> str:
    """Return `repository:tag`."""
    return f"{_table()[container]['repository']}:{_table()[container]['tag']}"


def accounts(container: str) -> dict[str, str]:
    """Return the account that holds the image, by region."""
    return dict(_table()[container]["accounts"])
