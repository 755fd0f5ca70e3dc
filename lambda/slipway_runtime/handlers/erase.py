"""One step of a run of erasure: takes where the run stands, {} at first, and returns where it stands then."""

from datetime import datetime
from typing import Any

import msgspec

from slipway_runtime import parts_of_meters, settings
from slipway_runtime.labelling.forget import Forget
from slipway_runtime.labelling.table import Table
from slipway_runtime.operate.change import now
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.curated import Curated
from slipway_runtime.operate.erasing import Erasing, Place, Step
from slipway_runtime.operate.erasure_requests import Request, Requests
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.observability import count, logger, observed
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.parts_of_said import unsay

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


def _by_document(request: Request, later: frozenset[str], deadline: Deadline) -> dict[str, int]:
    """Take away curated text that was published beside the deletion, and answers made from the document."""
    record = _lineage().current(request.document_id)
    if record is None:
        return {}
    curated = Curated(client=client("s3"), bucket=settings.required("CURATED_BUCKET"))
    if record.status == "deleted":
        removed = curated.forget(record.tenant, record.document_id, record.sequencer)
    else:
        removed = curated.keep_only(record.tenant, record.document_id, later, record.sequencer)
    until = int(datetime.fromisoformat(request.requested_at).timestamp()) if later else None
    return {"curated": removed} | unsay(record.tenant, record.document_id, deadline, until=until)


def _lineage() -> Lineage:
    table, rejects = settings.required("DOCUMENTS_TABLE"), settings.required("REJECTS_TABLE")
    return Lineage(client=client("dynamodb"), documents_table=table, rejects_table=rejects)


def _erasing() -> Erasing:
    table = settings.required("DOCUMENTS_TABLE")
    return Erasing(
        s3=client("s3"),
        lineage=_lineage(),
        requests=Requests(client=client("dynamodb"), table=table),
        places=[Place(*place) for place in settings.places()],
        by_document=_by_document,
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
