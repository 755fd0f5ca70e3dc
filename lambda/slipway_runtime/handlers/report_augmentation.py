"""The last step of a run of augmentation: duplicates go, results are written, the books are added up."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.handlers.augmentation_events import RunEvent
from slipway_runtime.operate.augmentation_runs import Run
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.prepare.augment.report import finish
from slipway_runtime.prepare.keys import document_id

READERS = 16


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the report, with where the examples are. Raises: RuntimeError if the books do not add up."""
    asked = msgspec.convert(event, RunEvent)
    run = Run(
        client=client("s3"),
        bucket=settings.required("ARTIFACTS_BUCKET"),
        prefix=asked.prefix,
        run_id=asked.run_id,
    )
    planned = run.read_plan()
    with ThreadPoolExecutor(READERS) as pool:
        found = pool.map(lambda item: run.outcome(document_id(item.key)), planned.items)
        results = finish(asked.run_id, asked.prefix, planned, [outcome for outcome in found if outcome])
    if not results.report.balanced:
        raise RuntimeError(f"the books of run {asked.run_id} do not add up; nothing was written")
    run.write_results(results)
    logger.info("run finished", extra={"run_id": asked.run_id, "done": results.report.done})
    return results.report.shown() | {"examples": f"s3://{run.bucket}/{run.examples_key()}"}
