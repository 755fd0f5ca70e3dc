"""Custom::VectorStoreMigration: makes or completes the schema of the vector store."""

from typing import Any

from slipway_runtime import parts
from slipway_runtime.handlers.custom_resource import answer
from slipway_runtime.handlers.events import CustomResourceEvent
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.operate.retry import Deadline

# Left for the answer to CloudFormation, which must arrive whatever happens.
MARGIN_SECONDS = 15.0


@observed
def handler(event: dict[str, Any], context: Any) -> None:
    """Migrate on Create and Update; on Delete do nothing, since the data goes or stays with its cluster."""
    deadline = Deadline.of(context, MARGIN_SECONDS)
    answer(event, "vector-store", lambda request: _migrate(request, deadline))


def _migrate(request: CustomResourceEvent, deadline: Deadline) -> dict[str, str]:
    if request.request_type == "Delete":
        return {}
    given = str(request.resource_properties.get("Dimensions", ""))
    if not (given.isascii() and given.isdigit()):
        raise ValueError(f"the property Dimensions is {given!r}, expected a whole number")
    parts.store().migrate(int(given), deadline)
    logger.info("migrated", extra={"dimensions": int(given)})
    return {"Dimensions": given}
