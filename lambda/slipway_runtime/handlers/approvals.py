"""Approvals as people see and decide them: list, show, approve, reject. Called directly, by who may invoke it."""

from typing import Any, Literal

import msgspec

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.train.pipeline.approvals import Approvals, Word

WORDS: dict[str, Word] = {"approve": "approved", "reject": "rejected"}


class Asked(msgspec.Struct):
    """What is asked. `by`: who decides."""

    action: Literal["list", "show", "approve", "reject"]
    run_id: str = ""
    by: str = ""
    comment: str = ""


@observed
def handler(event: dict[str, Any], _context: Any) -> Any:
    """Return what was asked for. Raises: ApprovalRefused."""
    asked = msgspec.convert(event, Asked)
    approvals = Approvals(
        client=client("dynamodb"),
        table=settings.required("APPROVALS_TABLE"),
        four_eyes=settings.required("FOUR_EYES") == "true",
    )
    if asked.action == "list":
        return approvals.list()
    if asked.action == "show":
        return approvals.show(asked.run_id)
    word = WORDS[asked.action]
    found = approvals.decide(client("stepfunctions"), asked.run_id, word, by=asked.by, comment=asked.comment)
    logger.info("approval", extra={"run_id": asked.run_id, "decision": word})
    return found
