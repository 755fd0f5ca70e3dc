"""Publishes parts of a run over the corpus: their lines without the duplicates, their rejects and their books."""

from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.corpus.run import Run
from slipway_runtime.corpus.storage import Bucket
from slipway_runtime.handlers.curate_batch import Batch
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import count, observed


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Return how many documents were published; publishing a part again replaces what it wrote."""
    batch = msgspec.convert(event, Batch)
    run: Run = batch.run
    curated = Bucket(client=client("s3"), name=settings.required("CURATED_BUCKET"))
    published = duplicates = 0
    for item in batch.items:
        books = run.publish(curated, item.key.rpartition("/")[2])
        published += sum(each.kept for each in books.of.values())
        duplicates += sum(each.duplicates for each in books.of.values())
    count("CorpusDocumentsPublished", published)
    count("CorpusDuplicates", duplicates)
    return {"documents": published}
