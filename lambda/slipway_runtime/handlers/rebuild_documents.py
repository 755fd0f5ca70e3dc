"""A batch of a re-index: curated documents into the generation that is being built."""

from typing import Any

import msgspec

from slipway_runtime import parts, settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.curated import Curated, named
from slipway_runtime.operate.observability import count, logger, observed
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.reindex.generations import Generation, Refused
from slipway_runtime.reindex.rebuild import Rebuilding

# As much as the largest document needs: one that is begun is finished.
MARGIN_SECONDS = 15.0
BEGIN_SECONDS = 330.0


class Item(msgspec.Struct):
    """An object of the curated bucket as ListObjectsV2 names it."""

    key: str = msgspec.field(name="Key")


class Build(msgspec.Struct):
    """Which generation is built."""

    generation: int


class Batch(msgspec.Struct):
    """What a Map state with an ItemBatcher hands to its child."""

    build: Build = msgspec.field(name="BatchInput")
    items: list[Item] = msgspec.field(name="Items")


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return the batch without the documents that are done: `left` says whether there are any, for another turn.

    Raises: Refused if the generation is not being built any more, EmbeddingError, StoreUnavailable.
    """
    batch = msgspec.convert(event, Batch)
    deadline = Deadline.of(context, MARGIN_SECONDS)
    rebuilding = Rebuilding(
        curated=Curated(client=client("s3"), bucket=settings.required("CURATED_BUCKET")),
        index=parts.index(_building(batch.build.generation)),
    )
    done = 0
    for item in batch.items:
        if done and deadline.remaining_seconds < BEGIN_SECONDS:
            break
        _rebuild(rebuilding, item.key, deadline)
        done += 1
    left = [{"Key": item.key} for item in batch.items[done:]]
    return {"BatchInput": {"generation": batch.build.generation}, "Items": left, "left": bool(left)}


def _building(number: int) -> Generation:
    found = parts.generations()
    if found is None or found.building is None or found.building.number != number:
        raise Refused(f"generation {number} is not being built any more")
    return found.building


def _rebuild(rebuilding: Rebuilding, key: str, deadline: Deadline) -> None:
    place = named(key)
    if place is None:
        logger.warning("no curated document", extra={"reason": "its key is none that ingestion writes"})
        return
    chunks = rebuilding.rebuild(*place, deadline)
    if chunks is None:
        # It is missing when the generations are compared, by its name.
        count("DocumentsUnreadable")
        logger.error("curated document cannot be read", extra={"document_id": place[1]})
        return
    count("DocumentsRebuilt")
    count("ChunksRebuilt", chunks)
