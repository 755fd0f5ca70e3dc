"""No failure of the guard is silent: each is counted as GuardrailFailures, which an alarm watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.operate.observability import count, logger
from slipway_runtime.operate.retry import error_code


@contextmanager
def visible(what: str) -> Iterator[None]:
    """Count and log what fails inside, and raise it. An ApiError is an answer of the guard, not a failure."""
    try:
        yield
    except ApiError:
        raise
    except Exception as error:
        failed(what, error)
        raise


def failed(what: str, error: Exception) -> None:
    """Count and log a failure of the guard; never the text that it was about."""
    count("GuardrailFailures")
    logger.error(what, extra={"error_type": type(error).__name__, "reason": error_code(error)})
