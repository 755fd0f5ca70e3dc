"""One step of a run of erasure: takes where the run stands, {} at first, and returns where it stands then."""

from typing import Any

import msgspec

from slipway_runtime import parts_of_meters, settings
from slipway_runtime.labelling.forget import Forget
from slipway_runtime.labelling.table import Table
from slipway_runtime.operate.change import now
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.erasing import Erasing, Place, Step
from slipway_runtime.operate.erasure_requests import Requests
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.observability import count, logger, observed
from slipway_runtime.operate.retry import Deadline

# No shard is begun with less time left than one of some 10 GB takes.
MARGIN_SECONDS = 300.0


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do one step. Raises: ErasureIncomplete, and the errors of DynamoDB."""
    before = msgspec.convert(event, Step)
    lines = before.lines
    step = _erasing().step(before, Deadline.of(context, MARGIN_SECONDS))
    count("LinesErased", step.lines - lines)
    logger.info("step done", extra={"documents": step.documents, "objects": step.objects, "lines": step.lines})
    found: dict[str, Any] = msgspec.to_builtins(step)
    return found


def _erasing() -> Erasing:
    table = settings.required("DOCUMENTS_TABLE")
    return Erasing(
        s3=client("s3"),
        lineage=Lineage(
            client=client("dynamodb"), documents_table=table, rejects_table=settings.required("REJECTS_TABLE")
        ),
        requests=Requests(client=client("dynamodb"), table=table),
        places=[Place(*place) for place in settings.places()],
        now=now,
        forget=_forget,
        unsay=_unsay,
    )


def _unsay(tenant: str, document_id: str) -> int:
    """Delete answers that rest on a document, where the environment keeps them for feedback."""
    feedbacks = parts_of_meters.feedbacks(tenant)
    return feedbacks.erase_document(document_id) if feedbacks else 0


def _forget(key: str, numbers: list[int]) -> None:
    """Take away what people said of items whose document was deleted, where the environment has labelling."""
    if name := settings.optional("LABELLING_TABLE"):
        table = Table(client=client("dynamodb"), name=name)
        Forget(table=table, s3=client("s3"), bucket=settings.required("ARTIFACTS_BUCKET"))(key, numbers)
