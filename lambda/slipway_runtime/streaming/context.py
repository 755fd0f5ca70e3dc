"""What a handler is told beside its event, with the names of AWS's own client.

Source: Lambda developer guide, "Using the Lambda context object to retrieve Python function information".
"""

import time
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Context:
    """Units: `memory_limit_in_mb` in MiB, a text; `deadline_ms` in milliseconds since the epoch."""

    function_name: str
    function_version: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    deadline_ms: int

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation, at least 0."""
        return max(0, int(self.deadline_ms - time.time() * 1000))
