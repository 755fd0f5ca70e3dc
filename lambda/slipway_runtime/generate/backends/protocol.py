"""What a backend is, and how it fails."""

from collections.abc import Iterator
from typing import Protocol

from slipway_runtime.generate.conversation import ModelRequest
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.events import Event

BUSY_RETRY_SECONDS = 2


class Backend(Protocol):
    """A model at one place."""

    def stream(self, request: ModelRequest) -> Iterator[Event]:
        """Yield the answer's events, `Finish` among them. Raises: BackendError, also in the middle."""
        ...

    def refuses(self, request: ModelRequest) -> ApiError | None:
        """Return why this backend can never serve the request, None if it can."""
        ...


class BackendError(ApiError):
    """A backend that did not answer.

    `transient`: the same call may work soon. `elsewhere`: another backend may answer; false where the request is wrong.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        retry_after_seconds: int | None = None,
        transient: bool = False,
        elsewhere: bool = True,
    ) -> None:
        super().__init__(status, message, code=code, param=param, retry_after_seconds=retry_after_seconds)
        self.transient = transient
        self.elsewhere = elsewhere


def throttled() -> BackendError:
    """Return the 429 of a model at its rate limit."""
    message = "The model is at its rate limit; try again later."
    seconds = BUSY_RETRY_SECONDS
    return BackendError(429, message, code="rate_limit_exceeded", retry_after_seconds=seconds, transient=True)


def unavailable(*, transient: bool = True) -> BackendError:
    """Return the 503 of a model that is down."""
    message = "The model is not available at the moment; try again later."
    seconds = BUSY_RETRY_SECONDS
    return BackendError(503, message, code="model_unavailable", retry_after_seconds=seconds, transient=transient)


def too_slow() -> BackendError:
    """Return the 504 of a model that does not answer in time."""
    message = "The model did not answer in time; try again later, or ask for fewer tokens."
    return BackendError(504, message, code="model_timeout", retry_after_seconds=BUSY_RETRY_SECONDS)


def malformed(what: str) -> BackendError:
    """Return the 502 of an answer that is not of its protocol; `what` quotes nothing of it."""
    return BackendError(502, f"The model's answer could not be read: {what}.", code="model_malformed", transient=True)


def cut() -> BackendError:
    """Return the 502 of a stream that ended before the answer did."""
    return BackendError(502, "The model broke off its answer.", code="model_stream_cut", transient=True)


def too_long() -> BackendError:
    """Return the 400 of messages beyond the model's context."""
    message = "The messages are longer than the model's context; send fewer or shorter ones."
    return BackendError(400, message, code="context_length_exceeded", param="messages")


def denied() -> BackendError:
    """Return the 500 of a model that the gateway may not use."""
    message = "The gateway may not use this model; enable it for this account and region, or correct its key."
    return BackendError(500, message, code="model_access_denied")


def unknown(model: str) -> BackendError:
    """Return the 404 of a model that its service does not know."""
    message = f"The model id '{model}' of this alias does not exist there; correct the settings."
    return BackendError(404, message, code="model_not_found", param="model")


def failed(code: str) -> BackendError:
    """Return the 500 of any other failure, by the service's code for it."""
    return BackendError(500, f"The model did not answer: {code}.", code="model_error")


def named_user(request: ModelRequest) -> ApiError | None:
    """Return the 400 for users that have names, which a place without a field for them would mix up."""
    named = any(message.name and message.role == "user" for message in request.messages)
    return (
        unsupported("the 'name' of a user's message; say who speaks in its content", "messages.name") if named else None
    )


def unsupported(what: str, param: str) -> ApiError:
    """Return the 400 for what a backend has no means for."""
    return ApiError(400, f"The model of this alias cannot serve {what}.", code="unsupported_parameter", param=param)
