"""When a message that failed for the moment is delivered again.

Source: Amazon SQS developer guide, "Amazon SQS visibility timeout" (changed for one message while it is in flight).
"""

import random
from typing import Any

BASE_SECONDS = 5
MAX_SECONDS = 900
MAX_DOUBLINGS = 8


def wait_seconds(receive_count: int) -> int:
    """Return how long to wait after the n-th delivery: 5 s * 2**n up to 15 min, the upper half of it at random."""
    ceiling = min(MAX_SECONDS, BASE_SECONDS * 2 ** min(max(receive_count, 1), MAX_DOUBLINGS))
    return round(random.uniform(ceiling / 2, ceiling))  # noqa: S311 - jitter is no secret


def shorten(client: Any, queue_url: str, receipt_handle: str, receive_count: int) -> None:
    """Make a message visible after a short wait instead of the queue's own visibility time-out, which is much longer.

    Raises: the errors of SQS.
    """
    client.change_message_visibility(
        QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=wait_seconds(receive_count)
    )
