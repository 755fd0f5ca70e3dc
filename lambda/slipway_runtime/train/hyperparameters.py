"""Reads hyperparameters as SageMaker hands them over: strings, often with quotes of JSON around them.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

import difflib
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args

from slipway_runtime.train.refused import TrainingRefusedError
from slipway_runtime.train.settings import TYPES, TrainingSettings

FIELDS = {each.name: each for each in fields(TrainingSettings)}
TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def read(given: Mapping[str, Any]) -> TrainingSettings:
    """Return the settings. What begins with `sagemaker_` is the platform's own and not read.

    Raises: TrainingRefusedError for an unknown name, with the nearest known one, and for a value that is not possible.
    """
    values = {}
    for key, value in given.items():
        name = key.replace("-", "_")
        if name.startswith("sagemaker_"):
            continue
        if name not in FIELDS:
            raise TrainingRefusedError(f"There is no hyperparameter {key!r}", _nearest(name))
        values[name] = _value(name, value)
    settings = TrainingSettings(**values)
    _check_combination(settings)
    return settings


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, FIELDS, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(FIELDS)}."


def _value(name: str, given: Any) -> Any:
    text = _unquoted(given)
    kind = TYPES[name]
    try:
        if choices := get_args(kind):
            return {str(choice): choice for choice in choices}[text]
        if kind is bool:
            return TRUTH[text.lower()]
        return _in_range(name, kind(text))
    except (KeyError, ValueError) as error:
        wanted = " or ".join(map(str, get_args(kind))) or {"bool": "true or false"}.get(kind.__name__, kind.__name__)
        raise TrainingRefusedError(
            f"Hyperparameter {name!r} is {text!r}", f"It must be {wanted}{_range(name)}."
        ) from error


def _unquoted(given: Any) -> str:
    if isinstance(given, str):
        try:
            inner = json.loads(given)
        except ValueError:
            return given.strip()
        return inner.strip() if isinstance(inner, str) else given.strip()
    return str(given)


def _in_range(name: str, value: Any) -> Any:
    limits = FIELDS[name].metadata
    if "low" in limits and not limits["low"] <= value <= limits["high"]:
        raise ValueError(name)
    return value


def _range(name: str) -> str:
    limits = FIELDS[name].metadata
    return f" between {limits['low']} and {limits['high']}" if "low" in limits else ""


def _check_combination(settings: TrainingSettings) -> None:
    if settings.objective == "dpo" and settings.strategy not in {"full", "lora", "qlora"}:
        raise TrainingRefusedError(
            f"Preferences cannot be learnt by strategy {settings.strategy!r}",
            "Use objective 'dpo' with strategy 'lora', 'qlora' or 'full'.",
        )
    if settings.packing == "on" and settings.objective == "dpo":
        raise TrainingRefusedError("Pairs of preferences cannot be packed", "Set packing to 'auto' or 'off'.")
    if settings.packing == "on" and settings.strategy in {"prompt", "prefix", "llama_adapter"}:
        raise TrainingRefusedError(
            f"Strategy {settings.strategy!r} puts its own tokens before each row, so a row can hold one example only",
            "Set packing to 'auto' or 'off'.",
        )
