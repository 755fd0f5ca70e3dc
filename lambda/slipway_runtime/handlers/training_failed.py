"""Tells people of fine-tuning runs that failed: cause and remedy. A notice that fails goes to the dead-letter queue."""

import json
from typing import Any

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import observed
from slipway_runtime.train.pipeline import notice


@observed
def handler(event: dict[str, Any], _context: Any) -> None:
    """Take messages with events "Step Functions Execution Status Change"."""
    for record in event["Records"]:
        detail = json.loads(record["body"])["detail"]
        error = detail.get("error") or detail["status"]
        text = notice.failure(detail["name"], error, detail.get("cause") or "")
        subject = f"Fine-tuning {detail['name']} {detail['status'].lower()}"
        notice.send(client("sns"), settings.required("TOPIC_ARN"), subject, text)
