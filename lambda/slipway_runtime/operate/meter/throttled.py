"""Errors of DynamoDB that pass, and how long they are waited out beyond the SDK's own attempts.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from slipway_runtime.operate.retry import CONNECTION_ERRORS, Backoff

PASSING = CONNECTION_ERRORS | {
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
}
PATIENT = Backoff(base_seconds=0.05, cap_seconds=1.0, max_attempts=20)


def is_passing(code: str) -> bool:
    """Return whether the same request may work a moment later."""
    return code in PASSING
