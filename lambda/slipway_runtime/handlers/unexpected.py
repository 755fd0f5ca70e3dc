"""What the parts raise, as the client is to see it."""

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.operate.observability import logger
from slipway_runtime.retrieve.embed import DEADLINE_EXCEEDED, EmbeddingError
from slipway_runtime.retrieve.stores.contract import StoreUnavailable

RESUME_SECONDS = 10
BUSY_SECONDS = 2


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
    logger.error("unexpected error", extra={"error_type": type(error).__name__, "place": _place(error)})
    return ApiError(500, "The gateway failed to handle the request; its log has the details.", code="internal_error")


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
