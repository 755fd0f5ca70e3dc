"""Errors in OpenAI's shape.

Source: OpenAI API reference, "Error codes". The Python client picks the exception class by the HTTP status, and retries
408, 409, 429 and 5xx.
"""


class ApiError(Exception):
    """An answer other than 200: the HTTP status, and what the body says."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        retry_after_seconds: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.retry_after_seconds = retry_after_seconds
        self.headers = headers or {}

    @property
    def type(self) -> str:
        """Return OpenAI's type of error for the status."""
        if self.status == 429:
            return "rate_limit_error"
        return "invalid_request_error" if self.status < 500 else "server_error"

    @property
    def body(self) -> dict[str, str | None]:
        """Return OpenAI's error object."""
        return {"message": self.message, "type": self.type, "param": self.param, "code": self.code}


def invalid(message: str, param: str | None, code: str = "invalid_value") -> ApiError:
    """Return a 400 that names the parameter."""
    return ApiError(400, message, code=code, param=param)


def unknown_model(alias: str, known: list[str]) -> ApiError:
    """Return the 404 for a model that is not configured."""
    message = f"The model '{alias[:100]}' does not exist. Configured models: {', '.join(sorted(known))}."
    return ApiError(404, message, code="model_not_found", param="model")
