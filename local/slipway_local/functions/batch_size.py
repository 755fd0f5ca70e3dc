"""How many records one event of an event source mapping holds.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching
"""

import json
from collections.abc import Sequence
from typing import Any

PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024


def fitting(records: Sequence[dict[str, Any]]) -> int:
    """Return how many of the first records fit into one event; one always does."""
    size = len(json.dumps({"Records": []}))
    for count, record in enumerate(records):
        size += len(json.dumps(record)) + 2  # and the comma after it
        if size > PAYLOAD_LIMIT_BYTES:
            return max(1, count)
    return len(records)
