"""The guard's two steps as one, where nothing that keeps anything stands between them."""

from typing import Any

from slipway_runtime.generate.exchange import Step, within
from slipway_runtime.generate.guard.step import Guard


def guard(**parts: Any) -> Step:
    """Return the steps of a guard that has these parts."""
    made = Guard(**parts)
    return within(made.request, made.answer)
