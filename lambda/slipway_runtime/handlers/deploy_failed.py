"""Tells people of deployments that failed, and writes it down. A notice that fails goes to the dead-letter queue."""

import json
from typing import Any

from slipway_runtime import settings
from slipway_runtime.operate import audit
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import observed

CAUSE_CHARACTERS = 1000


@observed
def handler(event: dict[str, Any], _context: Any) -> None:
    """Take messages with events "Step Functions Execution Status Change"."""
    for record in event["Records"]:
        message = json.loads(record["body"])
        detail = message["detail"]
        asked = json.loads(detail.get("input") or "{}")
        error = detail.get("error") or detail["status"]
        why = f"{error}: {_said(detail.get('cause') or '')}"[:CAUSE_CHARACTERS]
        endpoint, action = str(asked.get("endpoint", "")), str(asked.get("action", "deploy"))
        audit.record(
            settings.required("AUDIT_TABLE"),
            f"endpoint/{endpoint}",
            f"{action}:{detail['status'].lower()}",
            str(asked.get("by", "")),
            "",
            str(asked.get("package", "")),
            {"execution": detail["executionArn"], "reason": why},
            at=message["time"],
            entry_id=detail["name"],
        )
        remedy = (
            f"`slipway models resume {detail['name']}` goes on from the step that failed, once the cause is mended."
        )
        client("sns").publish(
            TopicArn=settings.required("TOPIC_ARN"),
            Subject=f"Deployment to {endpoint} {detail['status'].lower()}"[:100],
            Message=f"{detail['name']}: {why}\n{remedy}",
        )


def _said(cause: str) -> str:
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause
