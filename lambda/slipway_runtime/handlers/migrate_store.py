"""Custom::VectorStoreMigration: makes or completes the schema of the vector store."""

from typing import Any

from slipway_runtime import parts, parts_of_stores, settings
from slipway_runtime.handlers.custom_resource import answer
from slipway_runtime.handlers.events import CustomResourceEvent
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.reindex.generations import Generation, Generations, Registry

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
    registry = parts.registry()
    if registry is None:
        parts_of_stores.store().migrate(int(given), deadline)
    else:
        _migrate_all(registry, deadline)
    logger.info("migrated", extra={"dimensions": int(given)})
    return {"Dimensions": given}


def _migrate_all(registry: Registry, deadline: Deadline) -> None:
    """Bring every generation up to date, the first one where none is noted yet.

    Raises: MissingSetting if the settings leave out the model of one that is there: its readers would lose it.
    """
    chosen = settings.embedding()
    first = Generation(
        number=1,
        model_id=chosen.model_id,
        dimensions=chosen.dimensions,
        chunks=settings.chunking(chosen).version,
        is_built=True,
    )
    noted = registry.read()
    for each in (noted or Generations(active=first)).kept:
        settings.embedding_of(each.model_id, each.dimensions)
        parts_of_stores.generation_store(each.number).migrate(each.dimensions, deadline)
    if noted is None:
        registry.write(Generations(active=first, revision=1))
