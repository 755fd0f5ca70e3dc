"""Plans the build of a dataset: reads recipe and evaluation sets, divides the sources."""

from typing import Any

import msgspec

from slipway_runtime.datasets import parts
from slipway_runtime.datasets.plan import Planner
from slipway_runtime.datasets.recipe import read_recipe
from slipway_runtime.operate.observability import logger, observed


class Order(msgspec.Struct):
    """The name of the execution, and the input that it was started with."""

    run_id: str
    recipe: Any


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the run, and where its shards are listed. Raises: RecipeError that names the field."""
    order = msgspec.convert(event, Order)
    work = parts.work(order.run_id)
    planner = Planner(lineage=parts.lineage(), curated=parts.curated(), artifacts=parts.artifacts())
    plan = planner.plan(read_recipe(order.recipe), work)
    logger.info("dataset planned", extra={"run_id": order.run_id, "shards": plan.shards})
    return {"run_id": order.run_id, "shards_key": work.key("shards.json"), "shards": plan.shards}
