"""Compares the documents of a run over the corpus, before anything of it is published."""

from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.corpus.compare import Compare
from slipway_runtime.corpus.run import Run
from slipway_runtime.corpus.storage import Bucket
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import logger, observed


class Request(msgspec.Struct):
    """A run, and the acknowledgements of people, separated by commas."""

    run_id: str
    date: str
    acknowledged: str = ""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Return how many documents were compared, and how many sources are held until a person agrees.

    Raises: LostError if what was staged is not what was listed.
    """
    request = msgspec.convert(event, Request)
    run = Run(run_id=request.run_id, date=request.date)
    compare = Compare(
        settings=settings.near_duplicates(),
        acknowledged=frozenset(request.acknowledged.split(",")),
    )
    curated = Bucket(client=client("s3"), name=settings.required("CURATED_BUCKET"))
    found = compare.run(run.staged(curated))
    logger.info("corpus compared", extra={"run_id": run.run_id, "held": len(found.held)})
    return {"documents": sum(found.documents.values()), "held": len(found.held)}
