"""Makes the examples of one shard of a dataset."""

from typing import Any

import msgspec

from slipway_runtime.datasets import parts
from slipway_runtime.datasets.collect import Collector
from slipway_runtime.datasets.work import Shard
from slipway_runtime.operate.curated import Curated
from slipway_runtime.operate.observability import count, logger, observed


class Order(msgspec.Struct):
    """The run, and what a Map state hands to its child."""

    run_id: str
    shard: Shard


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Return how many lines became examples; doing a shard again replaces what it wrote."""
    order = msgspec.convert(event, Order)
    work, curated = parts.work(order.run_id), parts.curated()
    artifacts = work.bucket
    collector = Collector(
        recipe=work.plan().recipe,
        index=work.index(),
        lineage=parts.lineage(),
        curated=Curated(client=curated.client, bucket=curated.name),
        lines_of={"corpus": curated, "examples": artifacts, "feedback": artifacts},
    )
    books = collector.collect(order.shard, work)
    count("ExamplesCollected", books.kept)
    count("ExamplesContaminated", sum(books.contaminated.values()))
    logger.info("shard collected", extra={"run_id": order.run_id, "shard": order.shard.number, "kept": books.kept})
    return {"kept": books.kept}
