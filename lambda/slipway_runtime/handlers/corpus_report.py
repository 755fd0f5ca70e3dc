"""Adds up the books of a run over the corpus; fails the run if a document was lost or counted twice."""

from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.corpus.run import Run
from slipway_runtime.corpus.storage import Bucket
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import observed


@observed
def handler(event: dict[str, Any], _context: Any) -> Any:
    """Return the report of a run, and remove what was staged for it. Raises: UnbalancedError."""
    run = msgspec.convert(event, Run)
    return msgspec.to_builtins(run.close(Bucket(client=client("s3"), name=settings.required("CURATED_BUCKET"))))
