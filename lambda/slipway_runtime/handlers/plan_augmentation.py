"""The first step of a run of augmentation: list the objects, divide the budget, write the plan."""

from typing import Any

import msgspec

from slipway_runtime import settings, settings_augmentation
from slipway_runtime.handlers.augmentation_events import RunEvent
from slipway_runtime.operate.augmentation_runs import Run, keys_under
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.prepare.augment.plan import plan


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return where the plan is, and how many objects it has. Raises: ValueError for a prefix without a tenant."""
    asked = msgspec.convert(event, RunEvent)
    s3 = client("s3")
    run = Run(client=s3, bucket=settings.required("ARTIFACTS_BUCKET"), prefix=asked.prefix, run_id=asked.run_id)
    keys = keys_under(s3, settings.required("RAW_BUCKET"), asked.prefix)
    planned = plan(keys, settings_augmentation.wishes(), int(settings.required("CHUNK_MAX_CHARACTERS")))
    run.write_plan(planned)
    facts = {
        "planned": len(planned.items),
        "over_budget": planned.over_budget,
        "over_limit": planned.over_limit,
    }
    logger.info("run planned", extra={"run_id": asked.run_id, **facts})
    return {"run_id": asked.run_id, "prefix": asked.prefix, "plan_key": run.plan_key, **facts}
