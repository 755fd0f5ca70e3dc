"""What the parts raise, as the client is to see it."""

from typing import Any

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.operate.observability import count, logger
from slipway_runtime.operate.retry import PASSING, error_code
from slipway_runtime.retrieve.embed import DEADLINE_EXCEEDED, EmbeddingError
from slipway_runtime.retrieve.stores.contract import StoreUnavailable

RESUME_SECONDS = 10
BUSY_SECONDS = 2
CANCELLED = "TransactionCanceledException"


def as_api_error(error: Exception) -> ApiError:
    """Return the API error for an error of the library, after logging it without its text, which may quote content."""
    if isinstance(error, StoreUnavailable):
        logger.warning("store unavailable", extra={"reason": str(error)})
        message = "The document store is starting; try again in a few seconds."
        return ApiError(503, message, code="store_unavailable", retry_after_seconds=RESUME_SECONDS)
    if isinstance(error, EmbeddingError):
        logger.error("embedding failed", extra={"code": error.code})
        if error.code == DEADLINE_EXCEEDED:
            message = "The embedding model did not answer in time; try again later."
            return ApiError(504, message, code="embedding_timeout", retry_after_seconds=BUSY_SECONDS)
        if error.transient:
            message = "The embedding model is at its limit; try again later."
            return ApiError(429, message, code="rate_limit_exceeded", retry_after_seconds=BUSY_SECONDS)
        return ApiError(500, "The embedding model did not answer as configured.", code="embedding_failed")
    if told := _passing(error):
        return told
    facts = {"error_type": type(error).__name__, "place": _place(error), "code": error_code(error)}
    logger.error("unexpected error", extra=facts | {"operation": _operation(error)})
    return ApiError(500, "The gateway failed to handle the request; its log has the details.", code="internal_error")


def _passing(error: Exception) -> ApiError | None:
    """Return what a client is told of an AWS service that is at its limit or out of reach, None for any other error."""
    code = error_code(error)
    cancelled = {each.get("Code") for each in _response(error).get("CancellationReasons", [])}
    conflicts = code == CANCELLED and bool(cancelled & {"TransactionConflict", "ThrottlingError"})
    status = _response(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    is_late = isinstance(error, TimeoutError)
    if not (code in PASSING or conflicts or status >= 500 or is_late):
        return None
    count("ServicesUnavailable")
    facts = {"code": code, "operation": _operation(error), "status": status, "place": _place(error)}
    logger.warning("service unavailable", extra=facts)
    message = "A service behind the gateway is at its limit; try again in a few seconds."
    return ApiError(503, message, code="service_unavailable", retry_after_seconds=BUSY_SECONDS)


def _operation(error: Exception) -> str:
    """Return which operation of AWS it was, "" for an error of another kind."""
    return str(getattr(error, "operation_name", ""))


def _response(error: Exception) -> dict[str, Any]:
    found = getattr(error, "response", None)
    return found if isinstance(found, dict) else {}


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
