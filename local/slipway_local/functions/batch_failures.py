"""What a function says of a batch with ReportBatchItemFailures.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
"""

import json
from typing import Any

from slipway_local.functions.invocation import Invocation


def failed_items(mapping: Any, done: Invocation, everything: list[str]) -> set[str]:
    """Return the ids that failed; an answer that names an unknown id, or is malformed, fails the whole batch."""
    if done.failed:
        return set(everything)
    if "ReportBatchItemFailures" not in (mapping.function_response_types or []):
        return set()
    try:
        answer = json.loads(done.payload)
        failed = {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures") or []}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set(everything)
    return failed if failed <= set(everything) else set(everything)
