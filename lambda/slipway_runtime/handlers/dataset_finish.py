"""Finishes a dataset: groups, splits, files, card."""

from typing import Any

import msgspec

from slipway_runtime.datasets import parts
from slipway_runtime.datasets.finish import Finisher
from slipway_runtime.operate.observability import count, logger, observed


class Order(msgspec.Struct):
    """The run."""

    run_id: str


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return name and version with the counts of the card. Raises: RecipeError, UnbalancedError."""
    run_id = msgspec.convert(event, Order).run_id
    card = Finisher(artifacts=parts.artifacts(), work=parts.work(run_id)).finish()
    count("DatasetsBuilt")
    logger.info("dataset built", extra={"run_id": run_id, "version": card.version, "splits": card.splits})
    return {
        "name": card.recipe.name,
        "version": card.version,
        "seen": card.seen,
        "splits": card.splits,
        "rejects": card.rejects,
        "warnings": card.warnings,
    }
